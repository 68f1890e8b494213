#include "store/worker.hpp"

#include "foundation/failpoint.hpp"

#include <algorithm>

namespace basewatch::store {

Store::Worker::Worker(StateLock lock, std::unique_ptr<Connection> connection,
                      const asio::any_io_executor& loop)
    : lock_(std::move(lock)),
      connection_(std::move(connection)),
      answers_(Answers::to(loop)),
      thread_([this] { serve(); }) {}

Store::Worker::~Worker() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    // So that a copy of the one file is whole. When somebody reads it right now, the next start does it.
    connection_->database().tryExec("PRAGMA wal_checkpoint(TRUNCATE)");
}

void Store::Worker::queue(std::shared_ptr<Operation> operation) {
    {
        std::lock_guard lock(mutex_);
        queue_.push_back(std::move(operation));
    }
    wake_.notify_one();
}

void Store::Worker::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        Batch batch;
        batch.swap(queue_);
        lock.unlock();
        answer_what_passes(batch);
        perform(batch);
        answers_->give(std::move(batch));
        lock.lock();
    }
}

// Who claims waits for no flush, not even for that of somebody else.
void Store::Worker::answer_what_passes(Batch& batch) {
    Batch passing, rest;
    for (auto& operation : batch) (operation->passes() ? passing : rest).push_back(std::move(operation));
    batch = std::move(rest);
    if (passing.empty()) return;
    perform(passing);
    answers_->give(std::move(passing));
}

std::optional<Error> Store::Worker::trouble() const {
    std::lock_guard lock(mutex_);
    return trouble_;
}

void Store::Worker::note(std::optional<Error> trouble) {
    std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
}

void Store::Worker::perform(const Batch& batch) {
    bool writes = std::any_of(batch.begin(), batch.end(), [](const auto& one) { return one->writes(); });
    std::optional<Error> lost;
    if (writes) {
        lost = transact(batch);
        if (!lost) return;
        note(lost);
    }
    for (const auto& operation : batch) {
        if (operation->writes())
            operation->fail(*lost);
        else
            perform_safely(*operation);
    }
}

void Store::Worker::set_flushing(bool wanted) {
    if (wanted == flushing_) return;
    connection_->run(wanted ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    flushing_ = wanted;
}

std::optional<Error> Store::Worker::transact(const Batch& batch) {
    try {
        refused_.reset();
        set_flushing(std::any_of(batch.begin(), batch.end(), [](const auto& one) { return one->lasts(); }));
        connection_->run("BEGIN IMMEDIATE");
        failpoint("transaction-begun");
        bool changed = false;
        for (const auto& operation : batch) {
            if (operation->writes())
                changed |= perform_alone(*operation);
            else
                perform_safely(*operation);
            // On a full disk or a read error SQLite may undo the whole transaction by itself.
            if (!connection_->in_transaction())
                return Error(ErrorKind::storage,
                             "the disk that holds the state " + connection_->path() + " is full or fails");
        }
        if (refused_) note(refused_);
        if (!changed) {
            connection_->run("ROLLBACK");  // nothing to flush
            return std::nullopt;
        }
        failpoint("commit-begins");
        connection_->run("COMMIT");
        failpoint("committed");
        ++commits_;
        if (flushing_) ++flushed_commits_;
        if (!refused_) note(std::nullopt);
        return std::nullopt;
    } catch (const SQLite::Exception& fault) {
        auto error = error_of(*connection_, fault);
        if (connection_->in_transaction()) connection_->database().tryExec("ROLLBACK");
        return error;
    }
}

bool Store::Worker::perform_alone(Operation& operation) {
    connection_->run("SAVEPOINT operation");
    auto before = connection_->rows_written();
    bool done = perform_safely(operation);
    bool changed = connection_->rows_written() != before;
    if (!connection_->in_transaction()) return false;
    if (!done) connection_->run("ROLLBACK TO operation");
    connection_->run("RELEASE operation");
    failpoint("operation-performed");
    return done && changed;
}

bool Store::Worker::perform_safely(Operation& operation) {
    try {
        return operation.perform(*connection_);
    } catch (const SQLite::Exception& fault) {
        auto error = error_of(*connection_, fault);
        if (operation.writes() && error.kind() == ErrorKind::storage) refused_ = error;
        operation.fail(error);
    } catch (const std::exception& fault) {
        operation.fail(Error(ErrorKind::storage,
                             "the state " + connection_->path() + " cannot be used: " + fault.what()));
    }
    return false;
}

}  // namespace basewatch::store
