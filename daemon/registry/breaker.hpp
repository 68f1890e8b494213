#pragma once
// Whether a host that does not answer is asked at all. After five failures in a row (no connection, no answer
// in time, 5xx) nothing is sent for a while, 30 s at first and doubling up to 5 min; then one request is the
// probe that decides. A dead host with thousands of references so costs one connection's timeout at a time.
// Pure.

#include "foundation/clock.hpp"

#include <optional>

namespace basewatch::registry {

class Breaker {
public:
    // Until when nothing may be sent; nothing when a request may try its luck.
    std::optional<Monotonic> open_until(Monotonic now) const;
    // Whether this request may go out now. After the wait only one at a time may; it has to end in one of the
    // three below.
    bool admit(Monotonic now);
    // Both say whether that was a change of state, which is worth one line in the log.
    bool answered();
    bool failed(Monotonic now);
    // Ended without telling anything of the host: cancelled.
    void abandoned() { probing_ = false; }

private:
    int failures_ = 0;  // in a row
    int openings_ = 0;  // in a row
    bool open_ = false;
    bool probing_ = false;
    Monotonic until_{};
};

}  // namespace basewatch::registry
