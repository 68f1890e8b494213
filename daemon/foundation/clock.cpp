#include "foundation/clock.hpp"

#include "foundation/bell.hpp"

#include <boost/asio/steady_timer.hpp>

namespace basewatch {

namespace {

class SystemTimer final : public Clock::Timer {
public:
    SystemTimer(const asio::any_io_executor& executor, Monotonic when, std::function<void()> callback)
        : timer_(executor, when), alive_(std::make_shared<bool>(true)) {
        timer_.async_wait([alive = std::weak_ptr<bool>(alive_),
                           callback = std::move(callback)](boost::system::error_code error) {
            // The flag, not the error code: a timer that has expired can no longer be cancelled.
            if (!error && !alive.expired()) callback();
        });
    }

private:
    asio::steady_timer timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace

Time SystemClock::now() const {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

Monotonic SystemClock::monotonic() const {
    return std::chrono::steady_clock::now();
}

std::unique_ptr<Clock::Timer> SystemClock::call_at(Monotonic when, std::function<void()> callback) {
    return std::make_unique<SystemTimer>(executor_, when, std::move(callback));
}

Async<bool> sleep_until(Clock& clock, Monotonic when) {
    auto executor = co_await asio::this_coro::executor;
    Bell bell(executor);
    // wait_until() says true for the hour and for a ring; nobody else can ring this bell.
    bool passed = co_await bell.wait_until(clock, when);
    co_return passed;
}

Async<bool> sleep_for(Clock& clock, Milliseconds duration) {
    auto when = clock.monotonic() + duration;
    bool passed = co_await sleep_until(clock, when);
    co_return passed;
}

}  // namespace basewatch
