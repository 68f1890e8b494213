#pragma once
// Whether a target is sent to at all. A target that is not there is not asked once for each delivery that
// waits for it: after five failures in a row it is left alone, for 30 s at first and twice as long each time
// up to 15 min, and then one delivery tries it for all. A target that says Retry-After is left alone that
// long at once (CloudEvents webhook specification §2.2.3). What waits meanwhile uses up none of its attempts.
// Pure: time goes in.

#include "foundation/clock.hpp"

#include <cstddef>
#include <optional>

namespace basewatch::dispatch {

class Breaker {
public:
    enum class State { closed, open, half_open };

    State state(Monotonic now) const;
    // It asked to be left alone, and the time is not over.
    bool held(Monotonic now) const { return now < held_until_; }
    // How many of `most` may go now, with `under_way` sent and not answered.
    std::size_t free(Monotonic now, std::size_t under_way, std::size_t most) const;
    // When free() may say more without being told; `now` where it says what it can already.
    Monotonic next(Monotonic now) const;

    // It answered, whatever it said. True when that closed it.
    bool answered();
    // It did not answer, or said that it cannot. True when that opened it, from closed.
    bool failed(Monotonic now);
    // It asked to be left alone; at most 24 h.
    void hold(Monotonic now, Milliseconds wait);
    // The target is another one now: what was learnt does not hold.
    void reset() { *this = Breaker(); }

private:
    int failures_ = 0;  // in a row
    int openings_ = 0;  // in a row
    bool open_ = false;
    Monotonic until_{};  // when the next may try
    Monotonic held_until_{};
};

}  // namespace basewatch::dispatch
