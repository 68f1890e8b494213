#include "watch/hastening.hpp"

#include <algorithm>

namespace basewatch::watch {

namespace {
constexpr Milliseconds pause{10'000};
}

bool Hastening::moved(const std::string& repository, Monotonic now) {
    auto& its = pauses_[repository];
    if (now < its.until) {
        its.owed = true;
        return false;
    }
    its = {now + pause, false};
    return true;
}

std::vector<std::string> Hastening::due(Monotonic now) {
    std::vector<std::string> repositories;
    for (auto& [repository, its] : pauses_) {
        if (!its.owed || now < its.until) continue;
        repositories.push_back(repository);
        its = {now + pause, false};
    }
    std::erase_if(pauses_, [&](const auto& entry) { return entry.second.until <= now; });
    return repositories;
}

std::optional<Monotonic> Hastening::next() const {
    std::optional<Monotonic> next;
    for (const auto& [repository, its] : pauses_)
        if (its.owed) next = std::min(next.value_or(its.until), its.until);
    return next;
}

}  // namespace basewatch::watch
