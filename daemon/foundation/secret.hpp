#pragma once
// A value that is never printed: it has no stream operator, no conversion to a string, and must be asked for
// by name. Making one registers the value, and redact() strikes every registered value out of a text (the log
// does so for each line). Values shorter than 6 characters are not registered: striking them out would mangle
// everything and hide nothing. What was lent for some hours is registered for as long as it is among the
// latest of its kind: a daemon that renews it for years must not remember every one.

#include <set>
#include <string>
#include <string_view>

namespace basewatch {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value);
    // One that ends by itself.
    static Secret passing(std::string value);
    const std::string& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }
    bool operator==(const Secret& other) const;  // in constant time

private:
    std::string value_;
};

// Registers a value that is secret though no Secret holds it: the path of a webhook address, a derived
// header.
void register_secret(std::string_view value);
// As above, for what ends by itself: the latest 512 are known.
void register_passing_secret(std::string_view value);

// `value` as a receiver may repeat it: as it is, percent-encoded, in a form, in base64, and inside a JSON
// string with and without its slashes escaped.
std::set<std::string> spellings(std::string_view value);

// `text` with every registered value, in any of its spellings, replaced by `[redacted]`.
std::string redact(std::string_view text);

}  // namespace basewatch
