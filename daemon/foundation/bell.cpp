#include "foundation/bell.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace basewatch {

Bell::Bell(const asio::any_io_executor& executor) : sleeper_(executor, Monotonic::max()) {}

void Bell::ring() {
    rung_ = true;
    sleeper_.cancel();
}

Async<bool> Bell::wait() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!rung_) {
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop) co_return false;
        co_await sleeper_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    rung_ = false;
    co_return true;
}

Async<bool> Bell::wait_until(Clock& clock, Monotonic when) {
    auto timer = clock.call_at(when, [this] { ring(); });
    bool rung = co_await wait();
    co_return rung;
}

}  // namespace basewatch
