#pragma once
// A call that blocks, of a library that knows nothing else, on a thread of its own.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

namespace basewatch::net {

// What `work` returns, once it has: no thread is left behind, however the waiting coroutine ends. `hurry`
// makes `work` return soon; it is called on the loop when we are asked to stop, maybe several times. Neither
// may throw. unreachable where there is no thread to be had.
template <class T>
Async<Result<T>> on_own_thread(asio::any_io_executor executor, std::function<Result<T>()> work,
                               std::function<void()> hurry) {
    struct Call {
        Call(const asio::any_io_executor& on, std::function<void()> soon)
            : ended(on, Monotonic::max()), hurry(std::move(soon)) {}
        ~Call() {
            if (!thread.joinable()) return;
            nobody_waits = true;
            hurry();
            thread.join();
        }
        asio::steady_timer ended;
        std::function<void()> hurry;
        std::optional<Result<T>> result;
        bool done = false;
        std::atomic<bool> nobody_waits = false;
        std::thread thread;
    };
    co_await asio::this_coro::throw_if_cancelled(false);
    auto call = std::make_shared<Call>(executor, std::move(hurry));
    std::weak_ptr<Call> weak = call;
    // It has a bare pointer: the call goes on the loop, and not before the thread has ended.
    auto body = [bare = call.get(), weak, executor, &work] {
        // What a library writes to a server that hung up must not end the process.
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        bare->result = work();
        if (bare->nobody_waits) return;
        asio::post(executor, [weak] {
            if (auto held = weak.lock()) {
                held->done = true;
                held->ended.cancel();
            }
        });
    };
    try {
        call->thread = std::thread(std::move(body));
    } catch (const std::system_error& fault) {
        co_return Error(ErrorKind::unreachable, std::string("no thread could be started: ") + fault.what());
    }
    while (!call->done) {
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop) call->hurry();
        co_await call->ended.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    call->thread.join();
    co_return std::move(*call->result);
}

}  // namespace basewatch::net
