#include "registry/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace basewatch::registry {

namespace {

using Nanoseconds = std::chrono::nanoseconds;
constexpr double least_rate = 1.0 / 3600;
constexpr double least_share = 1.0 / 16;
constexpr double recovery_per_minute = 0.05;
constexpr int most_refusals = 20;
constexpr Milliseconds first_pause{2'000};
constexpr auto longest_pause = std::chrono::duration_cast<Milliseconds>(std::chrono::minutes(15));

Nanoseconds seconds(double value) {
    return Nanoseconds(static_cast<std::int64_t>(std::ceil(value * 1e9)));
}

}  // namespace

RateLimit::RateLimit(double per_second) : rate_(std::max(per_second, least_rate)) {}

void RateLimit::change(double per_second) {
    rate_ = std::max(per_second, least_rate);
}

double RateLimit::share(Monotonic now) const {
    double minutes = std::chrono::duration<double, std::ratio<60>>(now - slowed_).count();
    return std::min(1.0, share_ + recovery_per_minute * std::max(0.0, minutes));
}

double RateLimit::per_second(Monotonic now) const {
    return rate_ * (share_ < 1 ? share(now) : 1);
}

Nanoseconds RateLimit::gap(Monotonic now) const {
    return seconds(1 / per_second(now));
}

// How far ahead turns may be taken: one second's worth, the one of now included.
Nanoseconds RateLimit::burst(Monotonic now) const {
    double rate = per_second(now);
    return rate <= 1 ? Nanoseconds(0) : seconds(1) - gap(now);
}

Monotonic RateLimit::next(Monotonic now) const {
    auto earliest = due_ - std::chrono::duration_cast<Monotonic::duration>(burst(now));
    return std::max(now, earliest);
}

Monotonic RateLimit::take(Monotonic now) {
    auto turn = next(now);
    charge(now);
    return turn;
}

void RateLimit::charge(Monotonic now) {
    due_ = std::max(due_, now) + std::chrono::duration_cast<Monotonic::duration>(gap(now));
}

void RateLimit::slow_down(Monotonic now) {
    share_ = std::max(least_share, (share_ < 1 ? share(now) : 1) / 2);
    slowed_ = now;
}

std::optional<RateLimit::Slowed> RateLimit::slowed(Monotonic now) const {
    if (share_ >= 1 || share(now) >= 1) return std::nullopt;
    return Slowed{share_, slowed_};
}

void RateLimit::restore(Slowed slowed, Monotonic now) {
    if (!(slowed.share < 1)) return;
    share_ = std::max(least_share, slowed.share);
    slowed_ = std::min(slowed.at, now);
}

void Pause::restore(Monotonic until, int refusals, Monotonic now) {
    // No longer than anybody may ask for, whatever the clock was when it was written.
    until_ = std::min(until, now + std::chrono::hours(24));
    refusals_ = std::clamp(refusals, 0, most_refusals);
}

void Pause::refused(Monotonic now, std::optional<Milliseconds> asked) {
    // Several requests under way are refused together: they are one refusal.
    bool paused = until(now).has_value();
    if (!paused) refusals_ = std::min(refusals_ + 1, most_refusals);
    auto own =
        std::min<Milliseconds>(first_pause * (std::int64_t{1} << std::min(refusals_ - 1, 10)), longest_pause);
    if (paused && !asked) return;
    until_ = std::max(until_, now + asked.value_or(own));
}

std::optional<Monotonic> Pause::until(Monotonic now) const {
    if (until_ <= now) return std::nullopt;
    return until_;
}

}  // namespace basewatch::registry
