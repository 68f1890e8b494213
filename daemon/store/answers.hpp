#pragma once
// The way back from the store thread to the loop. An operation carries its caller's completion handler, which
// is only ever touched on the loop thread: the store thread says that a batch is answered, the loop calls the
// handlers. When the loop is destroyed while operations are under way, their handlers go with it; the
// operations still run to their end and their answers are dropped.

#include "foundation/async.hpp"
#include "foundation/error.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

namespace basewatch::store {

class Connection;

class Operation {
public:
    // What is left of it when the machine loses its power: what is `passing` may be undone then, because the
    // next start undoes it anyway, and costs no flush of the disk.
    enum class Effect { none, passing, lasting };
    explicit Operation(Effect effect) : effect_(effect) {}
    virtual ~Operation() = default;
    bool writes() const { return effect_ != Effect::none; }
    bool lasts() const { return effect_ == Effect::lasting; }
    bool passes() const { return effect_ == Effect::passing; }

    // Store thread. Does the work and keeps its answer; says whether it went well. May be asked again when
    // what it saw was undone.
    virtual bool perform(Connection& connection) = 0;
    // Store thread. The answer is this error, whatever it was.
    virtual void fail(const Error& error) = 0;

    // Loop thread. Hands the answer to the caller.
    virtual void answer() = 0;
    // Loop thread. There will be no answer.
    virtual void abandon() = 0;

private:
    const Effect effect_;
};

using Batch = std::vector<std::shared_ptr<Operation>>;

class Answers : public std::enable_shared_from_this<Answers> {
public:
    static std::shared_ptr<Answers> to(const asio::any_io_executor& loop);

    const asio::any_io_executor& loop() const { return loop_; }
    // Loop thread: somebody waits for this one.
    void expect(std::shared_ptr<Operation> operation);
    // Store thread: these are answered.
    void give(Batch batch);
    // Loop thread, or whoever destroys the loop: nothing is given from here on.
    void close();

private:
    explicit Answers(asio::any_io_executor loop) : loop_(std::move(loop)) {}

    asio::any_io_executor loop_;
    std::unordered_set<std::shared_ptr<Operation>> expected_;  // loop thread
    std::mutex mutex_;
    bool open_ = true;  // under the mutex
};

}  // namespace basewatch::store
