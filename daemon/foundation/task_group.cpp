#include "foundation/task_group.hpp"

#include "foundation/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cassert>
#include <exception>

namespace basewatch {

namespace {

// By default a cancelled coroutine throws at its next await; ours end by value.
Async<void> without_throwing(Async<void> child) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await std::move(child);
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : executor_(std::move(executor)), ended_(executor_, Monotonic::max()) {}

TaskGroup::~TaskGroup() {
    assert(children_.empty());
}

void TaskGroup::start(std::string name, Async<void> child) {
    if (cancelled_) return;
    auto entry = children_.insert(children_.end(), std::make_shared<Child>());
    auto slot = (*entry)->signal.slot();
    auto done = [this, entry, name = std::move(name)](const std::exception_ptr& failure) {
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& fault) {
                log::error("a task ended by a fault of ours", {{"task", name}, {"fault", fault.what()}});
            }
        }
        // The list may be the last owner of the signal whose slot this handler still sits in.
        auto keep = std::move(*entry);
        children_.erase(entry);
        if (children_.empty()) ended_.cancel();
    };
    asio::co_spawn(executor_, without_throwing(std::move(child)),
                   asio::bind_cancellation_slot(slot, std::move(done)));
}

void TaskGroup::cancel() {
    cancelled_ = true;
    auto children = children_;  // a child may end, and leave the list, inside emit()
    for (auto& child : children) child->signal.emit(asio::cancellation_type::all);
}

Async<void> TaskGroup::wait() {
    co_await asio::this_coro::throw_if_cancelled(false);
    // A waiting parent that is cancelled passes it on and goes on waiting: its children still use what it
    // owns.
    while (!children_.empty()) {
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop && !cancelled_) cancel();
        if (children_.empty()) break;
        co_await ended_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

}  // namespace basewatch
