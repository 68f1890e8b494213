#include "foundation/secret.hpp"

#include "foundation/bytes.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <set>

namespace basewatch {

namespace {

constexpr std::size_t shortest_registered = 6;
constexpr std::size_t most_passing = 512;

// Longest first, so that a secret that contains another is struck out whole.
struct LongestFirst {
    bool operator()(const std::string& a, const std::string& b) const {
        return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
};

std::mutex registry_mutex;

struct Registered {
    std::map<std::string, int, LongestFirst> forms;  // how many values look like this
    std::set<std::string, std::less<>> lasting, passing;
    std::deque<std::string> in_order;  // the passing ones
};

Registered& registered() {
    static Registered values;
    return values;
}

void add(std::string_view value) {
    for (const auto& form : spellings(value)) ++registered().forms[form];
}

void remove(std::string_view value) {
    auto& forms = registered().forms;
    for (const auto& form : spellings(value)) {
        auto found = forms.find(form);
        if (--found->second == 0) forms.erase(found);
    }
}

}  // namespace

std::set<std::string> spellings(std::string_view value) {
    std::string in_json, with_slashes;  // RFC 8259 §7: a slash may be escaped, and PHP does it
    for (char letter : value) {
        bool must = letter == '"' || letter == '\\';
        if (must) in_json += '\\';
        if (must || letter == '/') with_slashes += '\\';
        in_json += letter;
        with_slashes += letter;
    }
    return {std::string(value), percent_encode(value), form_encode(value), base64(value), in_json,
            with_slashes};
}

void register_secret(std::string_view value) {
    if (value.size() < shortest_registered) return;
    std::lock_guard lock(registry_mutex);
    if (registered().lasting.emplace(value).second) add(value);
}

void register_passing_secret(std::string_view value) {
    if (value.size() < shortest_registered) return;
    std::lock_guard lock(registry_mutex);
    auto& [forms, lasting, passing, in_order] = registered();
    if (!passing.emplace(value).second) return;
    add(value);
    in_order.emplace_back(value);
    if (in_order.size() <= most_passing) return;
    remove(in_order.front());
    passing.erase(in_order.front());
    in_order.pop_front();
}

std::string redact(std::string_view text) {
    std::string out(text);
    std::lock_guard lock(registry_mutex);
    for (const auto& [value, count] : registered().forms) {
        for (std::size_t at = out.find(value); at != std::string::npos; at = out.find(value, at)) {
            static constexpr std::string_view mark = "[redacted]";
            out.replace(at, value.size(), mark);
            at += mark.size();
        }
    }
    return out;
}

Secret::Secret(std::string value) : value_(std::move(value)) {
    register_secret(value_);
}

Secret Secret::passing(std::string value) {
    register_passing_secret(value);
    Secret secret;
    secret.value_ = std::move(value);
    return secret;
}

bool Secret::operator==(const Secret& other) const {
    return equal_in_constant_time(value_, other.value_);
}

}  // namespace basewatch
