#pragma once
// The one coroutine type of the program. An awaited function takes what it needs by value or by a reference
// that outlives it, returns Result<T>, and never throws.

#include <boost/asio/awaitable.hpp>

namespace basewatch {

namespace asio = boost::asio;

template <class T>
using Async = asio::awaitable<T>;

// Whether the awaiting coroutine was asked to stop (TaskGroup::cancel). The signal reaches only the wait that
// is under way at that moment, so whoever starts a wait, or a loop's next round, asks here first.
Async<bool> stop_requested();

}  // namespace basewatch
