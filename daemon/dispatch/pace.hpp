#pragma once
// How fast a target may be sent to: a token bucket with room for one second's worth, kept as the hour at
// which it is full again (the generic cell rate algorithm, ITU-T I.371), in whole nanoseconds. Pure.

#include "foundation/clock.hpp"

#include <cstddef>
#include <optional>

namespace basewatch::dispatch {

class Pace {
public:
    // Without a rate there is no limit. What was taken already keeps counting.
    void set_rate(std::optional<double> per_second);
    // How many may go now, at most `most`.
    std::size_t free(Monotonic now, std::size_t most) const;
    void take(Monotonic now, std::size_t count);
    // When the next one may go, `now` or later.
    Monotonic next(Monotonic now) const;

private:
    std::chrono::nanoseconds interval_{};   // between two; zero: no limit
    std::chrono::nanoseconds allowance_{};  // how far ahead of its time one may go
    Monotonic full_at_{};
};

}  // namespace basewatch::dispatch
