#pragma once
// Outside::wait_for, which every verb instantiates for its own answer.

#include "app/parts.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace basewatch::app {

template <class T>
T Outside::wait_for(Async<T> task) {
    std::optional<T> answer;
    std::exception_ptr failure;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, T value) {
        failure = thrown;
        if (!thrown) answer.emplace(std::move(value));
        loop.stop();
    });
    loop.restart();
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*answer);
}

}  // namespace basewatch::app
