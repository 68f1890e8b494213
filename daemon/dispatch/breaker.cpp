#include "dispatch/breaker.hpp"

#include <algorithm>

namespace basewatch::dispatch {

namespace {

constexpr int failures_to_open = 5;
constexpr Milliseconds first_pause{30'000};
constexpr Milliseconds longest_pause{15 * 60'000};
constexpr Milliseconds longest_hold{std::chrono::hours(24)};

}  // namespace

Breaker::State Breaker::state(Monotonic now) const {
    if (now < held_until_ || (open_ && now < until_)) return State::open;
    return open_ ? State::half_open : State::closed;
}

std::size_t Breaker::free(Monotonic now, std::size_t under_way, std::size_t most) const {
    switch (state(now)) {
        case State::closed:
            return most;
        case State::half_open:
            return under_way == 0 ? std::min<std::size_t>(most, 1) : 0;
        case State::open:
            return 0;
    }
    return 0;
}

Monotonic Breaker::next(Monotonic now) const {
    return std::max({now, held_until_, open_ ? until_ : now});
}

bool Breaker::answered() {
    bool was_open = open_;
    failures_ = 0;
    openings_ = 0;
    open_ = false;
    return was_open;
}

bool Breaker::failed(Monotonic now) {
    // What was sent before it opened says nothing new.
    if (open_ && now < until_) return false;
    ++failures_;
    if (!open_ && failures_ < failures_to_open) return false;
    bool opened = !open_;
    open_ = true;
    until_ = now + std::min(longest_pause, first_pause * (1 << std::min(openings_, 10)));
    ++openings_;
    return opened;
}

void Breaker::hold(Monotonic now, Milliseconds wait) {
    held_until_ = std::max(held_until_, now + std::clamp(wait, Milliseconds(0), longest_hold));
}

}  // namespace basewatch::dispatch
