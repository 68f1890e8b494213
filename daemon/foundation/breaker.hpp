#pragma once
// Whether somebody who does not answer is asked at all. After five failures in a row nothing is sent for a
// while, twice as long each time; then one request is the probe that decides for all. A dead host with
// thousands of things to ask so costs one timeout at a time. Pure: time goes in.

#include "foundation/clock.hpp"

#include <optional>

namespace basewatch {

class Breaker {
public:
    enum class State { closed, open, half_open };

    Breaker(Milliseconds first_pause, Milliseconds longest_pause)
        : first_pause_(first_pause), longest_pause_(longest_pause) {}

    // half_open: the pause is over and one may try.
    State state(Monotonic now) const;
    // Until when nothing may be sent; nothing when a request may try its luck.
    std::optional<Monotonic> open_until(Monotonic now) const;

    // Whether this request may go out now. After the pause only one at a time may; it has to end in one of
    // the three below. (Who counts what is under way himself looks at state() instead.)
    bool admit(Monotonic now);
    // Both say whether that was a change of state, which is worth one line in the log.
    bool answered();
    bool failed(Monotonic now);
    // Ended without telling anything of the other side: cancelled.
    void abandoned() { probing_ = false; }

    // What outlives a restart, while it is open.
    struct Kept {
        Monotonic until{};
        int openings = 0;  // in a row
    };
    std::optional<Kept> kept(Monotonic now) const;
    // Into one that nobody failed yet. What is over, or longer than it can be, is left out.
    void restore(const Kept& kept, Monotonic now);

private:
    Milliseconds first_pause_, longest_pause_;
    int failures_ = 0;  // in a row
    int openings_ = 0;  // in a row
    bool open_ = false;
    bool probing_ = false;
    Monotonic until_{};
};

}  // namespace basewatch
