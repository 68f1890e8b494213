#pragma once
// The store thread: it owns the connection, takes what is queued, and commits it together. It knows nothing
// of what the operations do.
//
// A batch with a write in it is one IMMEDIATE transaction, each write in a savepoint of its own: one that
// fails undoes itself alone. When the transaction itself fails, every write of the batch answers with that
// error and every read is asked again, of the state as it is then. A batch of reads opens no transaction.

#include "store/answers.hpp"
#include "store/connection.hpp"
#include "store/lock.hpp"
#include "store/store.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace basewatch::store {

// What an operation does, on the store thread. It may be called twice and must not care.
template <class T>
using Work = std::function<Result<T>(Connection&)>;

template <class T, class Handler>
class Request final : public Operation {
public:
    Request(Effect effect, Work<T> work, Handler handler, const asio::any_io_executor& loop)
        : Operation(effect),
          work_(std::move(work)),
          handler_(std::move(handler)),
          loop_(asio::make_work_guard(loop)) {}

    bool perform(Connection& connection) override {
        answer_.emplace(work_(connection));
        return answer_->has_value();
    }
    void fail(const Error& error) override { answer_.emplace(error); }
    void answer() override {
        auto executor = asio::get_associated_executor(*handler_, loop_.get_executor());
        asio::post(executor, [handler = std::move(*handler_), answer = std::move(*answer_)]() mutable {
            std::move(handler)(std::move(answer));
        });
        abandon();
    }
    void abandon() override {
        auto handler = std::move(handler_);
        handler_.reset();
        loop_.reset();
    }

private:
    Work<T> work_;
    std::optional<Result<T>> answer_;
    std::optional<Handler> handler_;
    asio::executor_work_guard<asio::any_io_executor> loop_;  // keeps the loop running until it is answered
};

struct Store::Worker {
public:
    Worker(StateLock lock, std::unique_ptr<Connection> connection, const asio::any_io_executor& loop);
    ~Worker();

    template <class T>
    Async<Result<T>> read(Work<T> work) {
        return ask(Operation::Effect::none, std::move(work));
    }
    template <class T>
    Async<Result<T>> write(Work<T> work) {
        return ask(Operation::Effect::lasting, std::move(work));
    }
    // For what ends with the process.
    template <class T>
    Async<Result<T>> write_passing(Work<T> work) {
        return ask(Operation::Effect::passing, std::move(work));
    }

    const std::string& path() const { return connection_->path(); }
    std::uint64_t commits() const { return commits_; }
    std::uint64_t flushed_commits() const { return flushed_commits_; }
    std::optional<Error> trouble() const;

private:
    template <class T>
    Async<Result<T>> ask(Operation::Effect effect, Work<T> work) {
        // A caller that is asked to stop still gets its answer: what was queued is done.
        co_await asio::this_coro::throw_if_cancelled(false);
        auto start = [this, effect](auto handler, Work<T> todo) {
            using Handler = decltype(handler);
            auto request = std::make_shared<Request<T, Handler>>(effect, std::move(todo), std::move(handler),
                                                                 answers_->loop());
            answers_->expect(request);
            queue(std::move(request));
        };
        auto answer = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
            start, asio::use_awaitable, std::move(work));
        co_return answer;
    }

    void queue(std::shared_ptr<Operation> operation);
    void serve();
    // Takes those out of a batch of several kinds, and answers them.
    void answer_what_passes(Batch& batch);
    void perform(const Batch& batch);
    // Whether commits from here on flush the disk.
    void set_flushing(bool wanted);
    // Runs the batch in one transaction; says what happened to it when it failed.
    std::optional<Error> transact(const Batch& batch);
    // Runs one write so that its failure undoes it alone; says whether it changed anything.
    bool perform_alone(Operation& operation);
    void note(std::optional<Error> trouble);
    // Turns what SQLite throws into the operation's answer.
    bool perform_safely(Operation& operation);

    StateLock lock_;  // given up last
    std::unique_ptr<Connection> connection_;
    std::shared_ptr<Answers> answers_;
    std::atomic<std::uint64_t> commits_ = 0;
    std::atomic<std::uint64_t> flushed_commits_ = 0;
    std::optional<Error> refused_;  // what a write of this batch met
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Batch queue_;                   // under the mutex
    bool stopping_ = false;         // under the mutex
    std::optional<Error> trouble_;  // under the mutex
    bool flushing_ = true;          // as the state is opened
    std::thread thread_;
};

}  // namespace basewatch::store
