#include "foundation/breaker.hpp"

#include <algorithm>

namespace basewatch {

namespace {

constexpr int failures_to_open = 5;

}  // namespace

Breaker::State Breaker::state(Monotonic now) const {
    if (!open_) return State::closed;
    return now < until_ ? State::open : State::half_open;
}

std::optional<Monotonic> Breaker::open_until(Monotonic now) const {
    if (state(now) == State::open) return until_;
    // While the probe is out its answer is awaited, which takes no longer than its timeout.
    if (probing_) return now + std::chrono::seconds(1);
    return std::nullopt;
}

bool Breaker::admit(Monotonic now) {
    if (!open_) return true;
    if (now < until_ || probing_) return false;
    probing_ = true;
    return true;
}

bool Breaker::answered() {
    bool was_open = open_;
    *this = Breaker(first_pause_, longest_pause_);
    return was_open;
}

std::optional<Breaker::Kept> Breaker::kept(Monotonic now) const {
    if (state(now) != State::open) return std::nullopt;
    return Kept{until_, openings_};
}

void Breaker::restore(const Kept& kept, Monotonic now) {
    if (kept.until <= now || kept.until > now + longest_pause_ || kept.openings < 1) return;
    open_ = true;
    failures_ = failures_to_open;
    openings_ = kept.openings;
    until_ = kept.until;
}

bool Breaker::failed(Monotonic now) {
    // Those that were under way when it opened say nothing new.
    if (state(now) == State::open) return false;
    if (++failures_ < failures_to_open) return false;
    bool opens = !open_;
    open_ = true;
    probing_ = false;
    until_ = now + std::min<Milliseconds>(first_pause_ * (1 << std::min(openings_, 10)), longest_pause_);
    ++openings_;
    return opens;
}

}  // namespace basewatch
