#pragma once
// Runs one coroutine to its end on a loop of its own, and gives back what it returned. A test that hangs ends
// after `limit` with an exception.

#include "foundation/async.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace basewatch::test {

template <class T>
T run_async(asio::io_context& loop, Async<T> task, std::chrono::seconds limit = std::chrono::seconds(60)) {
    std::optional<T> value;
    std::exception_ptr failure;
    bool ended = false;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, T result) {
        failure = thrown;
        if (!thrown) value.emplace(std::move(result));
        ended = true;
    });
    auto until = std::chrono::steady_clock::now() + limit;
    loop.restart();
    while (!ended && std::chrono::steady_clock::now() < until) {
        if (loop.run_one_until(until) == 0) loop.restart();
    }
    if (failure) std::rethrow_exception(failure);
    if (!ended) throw std::runtime_error("the coroutine did not end in time");
    return std::move(*value);
}

inline void run_async(asio::io_context& loop, Async<void> task,
                      std::chrono::seconds limit = std::chrono::seconds(60)) {
    run_async(
        loop,
        [](Async<void> inner) -> Async<bool> {
            co_await std::move(inner);
            co_return true;
        }(std::move(task)),
        limit);
}

}  // namespace basewatch::test
