#pragma once
// A loop with a thread of its own, for servers that a test runs beside another process. Everything that
// touches what lives on the loop goes through run().

#include "foundation/clock.hpp"
#include "foundation/task_group.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>

namespace basewatch::test {

class LoopThread {
public:
    LoopThread()
        : clock_(loop_.get_executor()),
          tasks_(loop_.get_executor()),
          work_(loop_.get_executor()),
          thread_([this] { loop_.run(); }) {}
    ~LoopThread() { stop(); }
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    asio::io_context& loop() { return loop_; }
    SystemClock& clock() { return clock_; }

    // Runs `work` on the loop and gives back what it returns.
    template <class Work>
    auto run(Work work) {
        std::packaged_task<decltype(work())()> task(std::move(work));
        auto answer = task.get_future();
        asio::post(loop_, [&task] { task(); });
        return answer.get();
    }
    // Starts a coroutine that ends when it is cancelled, such as a server's.
    void start(const std::string& name, Async<void> task) {
        run([&] {
            tasks_.start(name, std::move(task));
            return true;
        });
    }
    // Cancels what was started, waits for it and ends the thread. What lives on the loop goes after this.
    void stop() {
        if (!thread_.joinable()) return;
        asio::post(loop_, [this] { tasks_.cancel(); });
        work_.reset();
        thread_.join();
    }

private:
    asio::io_context loop_{1};
    SystemClock clock_;
    TaskGroup tasks_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

}  // namespace basewatch::test
