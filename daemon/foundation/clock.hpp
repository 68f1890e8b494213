#pragma once
// Time, as the program sees it, so that a test can turn the hands. Wall time is for what people read and what
// is stored; monotonic time is for waiting. Everything that waits does so through a Clock.

#include "foundation/async.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace basewatch {

using Milliseconds = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Milliseconds>;
using Monotonic = std::chrono::steady_clock::time_point;

class Clock {
public:
    // Destroying a Timer cancels it; a callback that has started is not interrupted.
    class Timer {
    public:
        virtual ~Timer() = default;
    };

    virtual ~Clock() = default;
    virtual Time now() const = 0;
    virtual Monotonic monotonic() const = 0;
    // Calls `callback` once on the loop thread, at `when` or as soon after as the loop gets to it.
    virtual std::unique_ptr<Timer> call_at(Monotonic when, std::function<void()> callback) = 0;
};

// The clock on the wall. Runs on the executor that it was given.
class SystemClock final : public Clock {
public:
    explicit SystemClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    Time now() const override;
    Monotonic monotonic() const override;
    std::unique_ptr<Timer> call_at(Monotonic when, std::function<void()> callback) override;

private:
    asio::any_io_executor executor_;
};

// Waits until `when`; false when the waiting coroutine was cancelled first.
Async<bool> sleep_until(Clock& clock, Monotonic when);
Async<bool> sleep_for(Clock& clock, Milliseconds duration);

}  // namespace basewatch
