#pragma once
// What was refused is left alone for a while, each time for twice as long: repeated wrong passwords lock
// accounts, and a repository that we may not read does not become readable by asking. Pure.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <map>
#include <optional>
#include <string>

namespace basewatch::registry {

class Quarantine {
public:
    Quarantine(Milliseconds first, Milliseconds most) : first_(first), most_(most) {}

    // Shuts `key` out, for longer each time in a row.
    void refuse(const std::string& key, const Error& error, Monotonic now);
    // The error of then, while it lasts, with the time that is left.
    std::optional<Error> refusal(const std::string& key, Monotonic now) const;
    void pardon(const std::string& key) { entries_.erase(key); }
    void clear() { entries_.clear(); }
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        Error error;
        Monotonic until{};
        int times = 0;
    };
    Milliseconds first_, most_;
    std::map<std::string, Entry> entries_;
};

}  // namespace basewatch::registry
