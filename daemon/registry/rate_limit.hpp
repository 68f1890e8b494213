#pragma once
// How fast one host is asked, and when it is not asked at all. A token bucket that gives out turns in order,
// one second's worth at once (generic cell rate algorithm, so it is one number), made slower by half at each
// 429 and recovering by 5 % a minute; and the pause that a 429 starts: what the host asked for, else 2 s
// doubling up to 15 min. Pure: time goes in.

#include "foundation/clock.hpp"

#include <algorithm>
#include <optional>

namespace basewatch::registry {

class RateLimit {
public:
    explicit RateLimit(double per_second);
    // Another rate, keeping the turns that were given out.
    void change(double per_second);

    // Takes the next turn and says when it is.
    Monotonic take(Monotonic now);
    // Counts a request that does not wait (the second half of one that had its turn); later turns move back.
    void charge(Monotonic now);
    // When take() would put the next one.
    Monotonic next(Monotonic now) const;
    // Half the rate from here on.
    void slow_down(Monotonic now);
    double per_second(Monotonic now) const;
    double configured() const { return rate_; }

    // What is left of the rate after refusals, and since when it recovers.
    struct Slowed {
        double share;
        Monotonic at;
    };
    std::optional<Slowed> slowed(Monotonic now) const;
    void restore(Slowed slowed, Monotonic now);

private:
    double share(Monotonic now) const;
    std::chrono::nanoseconds gap(Monotonic now) const;
    std::chrono::nanoseconds burst(Monotonic now) const;

    double rate_;
    Monotonic due_{};   // when the bucket is full again
    double share_ = 1;  // of the rate, at `slowed_`
    Monotonic slowed_{};
};

class Pause {
public:
    // Starts or lengthens the pause. `asked` is the host's own wait.
    void refused(Monotonic now, std::optional<Milliseconds> asked);
    // A good answer: the next refusal starts from 2 s again.
    void answered() { refusals_ = 0; }
    // Nobody refused, but what it lets us ask is nearly used up.
    void hold(Monotonic until) { until_ = std::max(until_, until); }
    int refusals() const { return refusals_; }  // in a row
    void restore(Monotonic until, int refusals, Monotonic now);
    // Nothing when requests may go out.
    std::optional<Monotonic> until(Monotonic now) const;

private:
    Monotonic until_{};
    int refusals_ = 0;
};

}  // namespace basewatch::registry
