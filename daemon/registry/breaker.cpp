#include "registry/breaker.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr int most_failures = 5;
constexpr Milliseconds first_wait{30'000};
constexpr Milliseconds longest_wait{300'000};

}  // namespace

std::optional<Monotonic> Breaker::open_until(Monotonic now) const {
    if (!open_ || (now >= until_ && !probing_)) return std::nullopt;
    // While the probe is out its answer is awaited, which takes no longer than its timeout.
    return std::max(until_, now + std::chrono::seconds(1));
}

bool Breaker::admit(Monotonic now) {
    if (!open_) return true;
    if (now < until_ || probing_) return false;
    probing_ = true;
    return true;
}

bool Breaker::answered() {
    bool was_open = open_;
    *this = Breaker();
    return was_open;
}

bool Breaker::failed(Monotonic now) {
    ++failures_;
    // Those that were under way when it opened say nothing new.
    if (open_ && !probing_) return false;
    if (failures_ < most_failures) return false;
    bool opens = !open_;
    open_ = true;
    probing_ = false;
    until_ = now + std::min<Milliseconds>(first_wait * (1 << std::min(openings_, 10)), longest_wait);
    ++openings_;
    return opens;
}

}  // namespace basewatch::registry
