#include "dispatch/pace.hpp"

#include <algorithm>
#include <cmath>

namespace basewatch::dispatch {

using std::chrono::nanoseconds;

void Pace::set_rate(std::optional<double> per_second) {
    interval_ = allowance_ = nanoseconds::zero();
    if (!per_second || !(*per_second > 0)) return;
    // A day between two is as slow as it gets; it also keeps the sums far from their limits.
    auto between = std::clamp(1e9 / *per_second, 1.0, 86'400e9);
    interval_ = nanoseconds(static_cast<std::int64_t>(between));
    auto burst = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(*per_second)));
    allowance_ = interval_ * (std::min<std::int64_t>(burst, 1'000'000) - 1);
}

std::size_t Pace::free(Monotonic now, std::size_t most) const {
    if (interval_ == nanoseconds::zero()) return most;
    auto room = now + allowance_ - std::max(full_at_, now);
    if (room < nanoseconds::zero()) return 0;
    return std::min(most, static_cast<std::size_t>(room / interval_) + 1);
}

void Pace::take(Monotonic now, std::size_t count) {
    full_at_ = std::max(full_at_, now) + interval_ * static_cast<std::int64_t>(count);
}

Monotonic Pace::next(Monotonic now) const {
    return std::max(now, full_at_ - allowance_);
}

}  // namespace basewatch::dispatch
