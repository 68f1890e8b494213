#pragma once
// A bell that one coroutine waits for and others ring: "there is something to do". Ringing before the wait is
// not lost, ringing twice counts once. One waiter at a time. Loop thread only.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"

#include <boost/asio/steady_timer.hpp>

namespace basewatch {

class Bell {
public:
    explicit Bell(const asio::any_io_executor& executor);
    void ring();
    // True when rung, false when the waiting coroutine was cancelled.
    Async<bool> wait();
    // As wait(), and returns true as well once `when` has come.
    Async<bool> wait_until(Clock& clock, Monotonic when);

private:
    asio::steady_timer sleeper_;
    bool rung_ = false;
};

}  // namespace basewatch
