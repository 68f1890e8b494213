#include "registry/quarantine.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {
constexpr std::size_t most_entries = 20'000;
}

void Quarantine::refuse(const std::string& key, const Error& error, Monotonic now) {
    if (entries_.size() >= most_entries && !entries_.contains(key))
        std::erase_if(entries_, [&](const auto& entry) { return entry.second.until <= now; });
    if (entries_.size() >= most_entries) entries_.clear();
    auto& entry = entries_[key];
    auto wait = std::min<Milliseconds>(first_ * (std::int64_t{1} << std::min(entry.times, 20)), most_);
    entry = Entry{error, now + wait, entry.times + 1};
}

std::optional<Error> Quarantine::refusal(const std::string& key, Monotonic now) const {
    auto found = entries_.find(key);
    if (found == entries_.end() || found->second.until <= now) return std::nullopt;
    Error error = found->second.error;
    auto rest = std::chrono::ceil<Milliseconds>(found->second.until - now);
    return std::move(error).with_retry_after(rest);
}

}  // namespace basewatch::registry
