#include "foundation/secret.hpp"

#include "foundation/bytes.hpp"

#include <algorithm>
#include <mutex>
#include <set>

namespace basewatch {

namespace {

constexpr std::size_t shortest_registered = 6;

// Longest first, so that a secret that contains another is struck out whole.
struct LongestFirst {
    bool operator()(const std::string& a, const std::string& b) const {
        return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
};

std::mutex registry_mutex;

std::set<std::string, LongestFirst>& registered() {
    static std::set<std::string, LongestFirst> values;
    return values;
}

}  // namespace

void register_secret(std::string_view value) {
    if (value.size() < shortest_registered) return;
    std::lock_guard lock(registry_mutex);
    registered().insert(std::string(value));
    registered().insert(percent_encode(value));
    registered().insert(form_encode(value));
    registered().insert(base64(value));
}

std::string redact(std::string_view text) {
    std::string out(text);
    std::lock_guard lock(registry_mutex);
    for (const auto& value : registered()) {
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

bool Secret::operator==(const Secret& other) const {
    return equal_in_constant_time(value_, other.value_);
}

}  // namespace basewatch
