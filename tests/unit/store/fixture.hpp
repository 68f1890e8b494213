#pragma once
// A store in a folder of the test's own, and short ways to make what goes into it.

#include "foundation/ulid.hpp"
#include "store/store.hpp"
#include "support/run_async.hpp"
#include "support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <numeric>

namespace basewatch::store {

inline const Time noon{Milliseconds(1'795'435'200'000)};  // 2026-11-23T12:00:00Z

inline model::Reference reference(const std::string& text) {
    return *model::Reference::parse(text);
}

// The n-th digest that anything has.
inline model::Digest digest(int n) {
    return model::Digest::of("digest " + std::to_string(n));
}

inline model::Observation observation(int n, Time at = noon) {
    model::Observation observation;
    observation.digest = digest(n);
    observation.media_type = "application/vnd.oci.image.index.v1+json";
    observation.observed_at = at;
    return observation;
}

inline model::Observation detailed(int n, Time at = noon) {
    auto observed = observation(n, at);
    observed.detailed = true;
    observed.platforms[*model::Platform::parse("linux/amd64")] = digest(1000 + n);
    observed.platforms[*model::Platform::parse("linux/arm/v7")] = digest(2000 + n);
    return observed;
}

inline model::BaseState state(const std::string& base, model::Observation current) {
    model::BaseState state;
    state.reference = reference(base);
    state.checked_at = current.observed_at;
    state.current = std::move(current);
    return state;
}

class Maker {
public:
    Finding baseline(const std::string& base, int n, Time at = noon) {
        Finding finding;
        finding.state = state(base, observation(n, at));
        return finding;
    }
    model::Change change(const std::string& base, int from, int to, Time at = noon) {
        model::Change change;
        change.id = ids_.next("chg_", at);
        change.base = reference(base);
        change.before = observation(from, at);
        change.after = observation(to, at);
        change.detected_at = at;
        return change;
    }
    model::Event event(const std::string& change_id, Time at = noon) {
        model::Event event;
        event.id = ids_.next("evt_", at);
        event.type = "dev.basewatch.base.changed";
        event.subject = "docker.io/library/ruby:3.3";
        event.time = at;
        event.change_id = change_id;
        event.json = R"({"id":")" + event.id + R"("})";
        return event;
    }
    model::Delivery delivery(const std::string& event_id, const std::string& target, Time due = noon) {
        model::Delivery delivery;
        delivery.id = ids_.next("dlv_", due);
        delivery.event_id = event_id;
        delivery.target = target;
        delivery.created_at = due;
        delivery.due_at = due;
        return delivery;
    }
    // A base that moved: change, event, and a delivery to each target.
    Finding move(const std::string& base, int from, int to, std::vector<std::string> targets = {},
                 Time at = noon) {
        Finding finding = baseline(base, to, at);
        finding.changes.push_back(change(base, from, to, at));
        finding.events.push_back(event(finding.changes[0].id, at));
        for (const auto& target : targets)
            finding.deliveries.push_back(delivery(finding.events[0].id, target, at));
        return finding;
    }
    // An event of its own with a delivery to each target.
    Finding news(std::vector<std::string> targets, Time at = noon) {
        Finding finding;
        finding.events.push_back(event("", at));
        for (const auto& target : targets)
            finding.deliveries.push_back(delivery(finding.events[0].id, target, at));
        return finding;
    }

private:
    UlidSource ids_;
};

// Runs them all at once; their results in the same order.
template <class T>
std::vector<T> run_all(asio::io_context& loop, std::vector<Async<T>> tasks) {
    std::vector<std::optional<T>> results(tasks.size());
    std::size_t ended = 0;
    for (std::size_t i = 0; i < tasks.size(); ++i)
        asio::co_spawn(loop, std::move(tasks[i]), [&results, &ended, i](std::exception_ptr fault, T result) {
            if (fault) std::rethrow_exception(fault);
            results[i].emplace(std::move(result));
            ++ended;
        });
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    loop.restart();
    while (ended < results.size() && std::chrono::steady_clock::now() < until)
        if (loop.run_one_until(until) == 0) loop.restart();
    if (ended < results.size()) throw std::runtime_error("not every operation was answered in time");
    std::vector<T> values;
    for (auto& result : results) values.push_back(std::move(*result));
    return values;
}

class StoreTest : public ::testing::Test {
protected:
    StoreTest() { open(); }

    void open() {
        auto opened = Store::open(path, loop.get_executor());
        if (!opened) throw std::runtime_error(opened.error().message());
        store = std::move(*opened);
    }
    void reopen() {
        store.reset();
        open();
    }
    template <class T>
    T run(Async<T> task) {
        return test::run_async(loop, std::move(task));
    }
    // What must go well.
    void put(Finding finding) {
        auto done = run(store->record(std::move(finding)));
        if (!done) throw std::runtime_error(done.error().message());
    }
    template <class T>
    T read(Async<Result<T>> task) {
        auto result = run(std::move(task));
        if (!result) throw std::runtime_error(result.error().message());
        return std::move(*result);
    }
    // One delivery to `target`; its id.
    std::string queued(const std::string& target, Time due = noon) {
        auto finding = make.news({target}, due);
        auto id = finding.deliveries[0].id;
        put(std::move(finding));
        return id;
    }
    // The ids of what is due.
    std::vector<std::string> claim(const std::string& target, Time now = noon, std::size_t limit = 10) {
        std::vector<std::string> ids;
        for (const auto& one : read(store->claim_due(target, now, limit))) ids.push_back(one.delivery.id);
        return ids;
    }
    ErrorKind kind_of(Async<Result<void>> task) {
        auto result = run(std::move(task));
        return result ? throw std::runtime_error("it went well") : result.error().kind();
    }
    // SQL by a connection of its own.
    std::int64_t ask(const std::string& question) {
        SQLite::Database other(path, SQLite::OPEN_READWRITE, 5000);
        return other.execAndGet(question).getInt64();
    }
    void change_by_hand(const std::string& sql) {
        SQLite::Database other(path, SQLite::OPEN_READWRITE, 5000);
        other.exec(sql);
    }

    test::TemporaryFolder folder;
    std::string path = folder / "state.db";
    asio::io_context loop;
    std::unique_ptr<Store> store;
    Maker make;
};

}  // namespace basewatch::store
