#pragma once
// Structured concurrency: whoever starts coroutines owns them, can cancel them, and waits for them before it
// ends (the shape of Beast's flex server example). An exception that leaves a child is a fault of ours: it is
// logged with the child's name and ends that child only. Loop thread only.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <string>

namespace basewatch {

class TaskGroup {
public:
    explicit TaskGroup(asio::any_io_executor executor);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    // All children must have ended (await wait()) before the group goes.
    ~TaskGroup();

    // Starts a child. `name` is for the log; after cancel() nothing new is started.
    void start(std::string name, Async<void> child);
    // Asks every child to stop: their waits end with ErrorKind::cancelled (or false). Children that start
    // children of their own pass it on.
    void cancel();
    // Returns when the last child has ended.
    Async<void> wait();
    std::size_t size() const { return children_.size(); }

private:
    struct Child {
        asio::cancellation_signal signal;
    };
    asio::any_io_executor executor_;
    asio::steady_timer ended_;
    std::list<std::shared_ptr<Child>> children_;
    bool cancelled_ = false;
};

}  // namespace basewatch
