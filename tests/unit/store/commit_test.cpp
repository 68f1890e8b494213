// Group commit and the way in and out of the store thread.

#include "fixture.hpp"
#include "foundation/task_group.hpp"
#include "store/invariants.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>

namespace basewatch::store {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string tag(int n) {
    return "shop/base:" + std::to_string(n);
}

struct Commits : StoreTest {
    std::vector<Result<void>> record_all(std::vector<Finding> findings) {
        std::vector<Async<Result<void>>> tasks;
        for (auto& finding : findings) tasks.push_back(store->record(std::move(finding)));
        return run_all(loop, std::move(tasks));
    }
};

TEST_F(Commits, ManyOperationsShareFewCommitsAndEachIsDurableWhenItAnswers) {
    constexpr int many = 500;
    std::vector<Finding> findings;
    for (int i = 0; i < many; ++i) findings.push_back(make.baseline(tag(i), i));
    auto before = store->commits();
    for (const auto& done : record_all(std::move(findings))) EXPECT_TRUE(done);
    EXPECT_LT(store->commits() - before, many / 5);
    // As after a crash: the files as they are on the disk now, without a farewell.
    std::filesystem::create_directory(folder / "copy");
    std::filesystem::copy(path, folder / "copy/state.db");
    std::filesystem::copy(path + "-wal", folder / "copy/state.db-wal");
    auto copy = Store::open(folder / "copy/state.db", loop.get_executor());
    ASSERT_TRUE(copy);
    EXPECT_THAT(read((*copy)->bases()), SizeIs(many));
    reopen();
    EXPECT_THAT(read(store->bases()), SizeIs(many));
}

// By this process.
std::uintmax_t bytes_written() {
    std::ifstream counters("/proc/self/io");
    std::string name;
    for (std::uintmax_t value = 0; counters >> name >> value;)
        if (name == "wchar:") return value;
    throw std::runtime_error("the system does not count what is written");
}

TEST_F(Commits, AChangeWithThousandsOfDeliveriesIsWrittenOnce) {
    auto finding = make.baseline(tag(0), 0);
    for (int i = 0; i < 3000; ++i) {
        finding.events.push_back(make.event(""));
        finding.deliveries.push_back(make.delivery(finding.events.back().id, "ci"));
    }
    auto before = bytes_written();
    put(std::move(finding));
    EXPECT_LT(bytes_written() - before, 3 * std::filesystem::file_size(path + "-wal"));
}

TEST_F(Commits, OneThatFailsAmongOthersUndoesItselfAlone) {
    std::vector<Finding> findings;
    for (int i = 0; i < 50; ++i) {
        auto finding = make.baseline(tag(i), i);
        finding.events.push_back(make.event(""));
        finding.deliveries.push_back(make.delivery(finding.events[0].id, "ci"));
        // Every tenth fails at its last row.
        if (i % 10 == 3) finding.deliveries.push_back(make.delivery(finding.events[0].id, "ci"));
        findings.push_back(std::move(finding));
    }
    auto results = record_all(std::move(findings));
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(results[static_cast<std::size_t>(i)].has_value(), i % 10 != 3) << i;
    auto counts = read(store->counts());
    EXPECT_EQ(counts.bases, 45);
    EXPECT_EQ(counts.events, 45);
    EXPECT_EQ(counts.deliveries["pending"], 45);
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Commits, NothingDependsOnHowOperationsAreBatched) {
    // Moves of three bases, some of which come too late, marks, claims, forgetting.
    auto story = [](Store& in) {
        Maker make;
        std::vector<Async<Result<void>>> tasks;
        for (int i = 0; i < 3; ++i) tasks.push_back(in.record(make.baseline(tag(i), 0)));
        for (int i = 0; i < 60; ++i) {
            tasks.push_back(in.record(make.move(tag(i % 3), i / 4, i / 4 + 1, {"ci"})));
            if (i % 7 == 0) tasks.push_back(in.release_claims(noon));
            if (i % 11 == 0)
                tasks.push_back(in.forget_bases_but({reference(tag(0)), reference(tag(1))}, noon));
            if (i % 13 == 0) tasks.push_back(in.finish_attempt(model::Attempt{}));
        }
        return tasks;
    };
    std::vector<int> alone, together;
    for (auto& task : story(*store)) {
        auto done = run(std::move(task));
        alone.push_back(done ? -1 : static_cast<int>(done.error().kind()));
    }
    auto first = read(store->counts());
    store.reset();
    path = folder / "other.db";
    open();
    for (const auto& done : run_all(loop, story(*store)))
        together.push_back(done ? -1 : static_cast<int>(done.error().kind()));
    EXPECT_EQ(alone, together);
    EXPECT_EQ(first.changes, read(store->counts()).changes);
    EXPECT_EQ(first.deliveries, read(store->counts()).deliveries);
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Commits, ReadsMakeNone) {
    put(make.baseline(tag(1), 1));
    auto before = store->commits();
    read(store->bases());
    read(store->counts());
    read(store->next_due("ci"));
    read(store->events({10, ""}));
    EXPECT_EQ(store->commits(), before);
}

TEST_F(Commits, WritesThatChangeNothingMakeNone) {
    auto before = store->commits();
    read(store->claim_due("ci", noon, 10));
    ASSERT_TRUE(run(store->release_claims(noon)));
    ASSERT_TRUE(run(store->bury_deliveries_but({}, noon)));
    ASSERT_TRUE(run(store->mark_checked({})));
    EXPECT_EQ(kind_of(store->record(make.move(tag(1), 1, 2))), ErrorKind::conflict);
    EXPECT_EQ(store->commits(), before);
}

// A claim ends with the process, so nobody waits for the disk because of one.
TEST_F(Commits, ClaimsAreNotFlushedAndWhatFollowsThemIs) {
    auto news = make.news({"ci"}, noon);
    auto id = news.deliveries[0].id;
    put(std::move(news));
    auto commits = store->commits(), flushed = store->flushed_commits();
    EXPECT_THAT(read(store->claim_due("ci", noon, 10)), SizeIs(1));
    EXPECT_EQ(store->commits(), commits + 1);
    EXPECT_EQ(store->flushed_commits(), flushed);
    model::Attempt attempt;
    attempt.delivery_id = id;
    attempt.started_at = noon;
    attempt.next = model::DeliveryState::delivered;
    ASSERT_TRUE(run(store->finish_attempt(attempt)));
    EXPECT_EQ(store->flushed_commits(), flushed + 1);
    reopen();
    EXPECT_EQ(read(store->delivery(id)).state, model::DeliveryState::delivered);
}

TEST_F(Commits, AClaimWaitsForNobodysFlush) {
    put(make.news({"ci"}, noon));
    auto commits = store->commits(), flushed = store->flushed_commits();
    auto claim = [this]() -> Async<Result<void>> {
        auto claimed = co_await store->claim_due("ci", noon, 10);
        EXPECT_TRUE(claimed && claimed->size() == 1);
        co_return Result<void>();
    };
    std::vector<Async<Result<void>>> tasks;
    tasks.push_back(store->record(make.baseline(tag(1), 1)));
    tasks.push_back(claim());
    for (const auto& done : run_all(loop, std::move(tasks))) EXPECT_TRUE(done);
    EXPECT_EQ(store->commits(), commits + 2) << "each in its own, whether they came together or not";
    EXPECT_EQ(store->flushed_commits(), flushed + 1);
}

// A page of the file holds some forty rows; with each row on its own, the log would hold a page for each.
TEST_F(Commits, MarksOfThousandsInAnyOrderWriteEachPageOnce) {
    constexpr int many = 20'000;
    std::vector<CheckMark> marks(many);
    for (int i = 0; i < many; ++i) {
        marks[static_cast<std::size_t>(i)].base = reference(tag(i)).text();
        marks[static_cast<std::size_t>(i)].checked_at = noon;
    }
    ASSERT_TRUE(run(store->mark_checked(marks)));
    reopen();
    // 7,919 is prime, so every row comes once, and neighbours come far apart.
    std::vector<CheckMark> scattered;
    for (int i = 0; i < many; ++i)
        scattered.push_back(marks[static_cast<std::size_t>(static_cast<long>(i) * 7'919 % many)]);
    for (auto& mark : scattered) mark.checked_at = noon + Milliseconds(1);
    ASSERT_TRUE(run(store->mark_checked(std::move(scattered))));
    EXPECT_LT(std::filesystem::file_size(path + "-wal"), 4096u * many / 10);
    for (const auto& base : read(store->bases())) ASSERT_EQ(base.checked_at, noon + Milliseconds(1));
}

// No file may grow beyond a size while one of these is there: a full disk, as far as SQLite can tell.
class FullDisk {
public:
    explicit FullDisk(std::uintmax_t size) {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        auto limit = before_;
        limit.rlim_cur = size;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

TEST_F(Commits, AFullDiskFailsTheBatchAndTheStoreGoesOnAfterwards) {
    put(make.baseline(tag(1), 1));
    put(make.baseline(tag(2), 1));
    {
        FullDisk full(std::filesystem::file_size(path + "-wal"));
        std::vector<Finding> findings;
        for (int i = 0; i < 5; ++i) findings.push_back(make.baseline(tag(10 + i), 1));
        for (const auto& done : record_all(std::move(findings))) {
            ASSERT_FALSE(done);
            EXPECT_EQ(done.error().kind(), ErrorKind::storage);
            EXPECT_THAT(done.error().message(), ::testing::HasSubstr(path));
        }
        EXPECT_THAT(read(store->bases()), SizeIs(2));
    }
    put(make.move(tag(1), 1, 2));
    put(make.baseline(tag(10), 1));
    reopen();
    EXPECT_THAT(read(store->bases()), SizeIs(3));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Commits, AReadAmongWritesThatFailSeesTheStateAsItIs) {
    put(make.baseline(tag(1), 1));
    FullDisk full(std::filesystem::file_size(path + "-wal"));
    std::optional<Result<void>> written;
    std::optional<Result<Counts>> counted;
    asio::co_spawn(loop, store->record(make.baseline(tag(2), 1)),
                   [&](std::exception_ptr, Result<void> done) { written = std::move(done); });
    asio::co_spawn(loop, store->counts(),
                   [&](std::exception_ptr, Result<Counts> counts) { counted = std::move(counts); });
    loop.restart();
    loop.run_for(std::chrono::seconds(20));
    ASSERT_TRUE(written && counted);
    EXPECT_FALSE(*written);
    ASSERT_TRUE(*counted);
    EXPECT_EQ((*counted)->bases, 1);
}

TEST_F(Commits, ACancelledCallerStillGetsItsAnswer) {
    TaskGroup group(loop.get_executor());
    std::optional<Result<void>> answer;
    auto ask = [](Store& in, Finding finding, std::optional<Result<void>>& out) -> Async<void> {
        auto done = co_await in.record(std::move(finding));
        out = std::move(done);
    };
    group.start("record", ask(*store, make.baseline(tag(1), 1), answer));
    loop.restart();
    loop.poll_one();  // until it is queued
    group.cancel();
    auto wait = [](TaskGroup& tasks) -> Async<bool> {
        co_await tasks.wait();
        co_return true;
    };
    run(wait(group));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(*answer);
    EXPECT_THAT(read(store->bases()), SizeIs(1));
}

TEST_F(Commits, WhatIsQueuedIsDoneAndAnsweredWhenTheStoreIsClosed) {
    int answered = 0;
    for (int i = 0; i < 20; ++i)
        asio::co_spawn(loop, store->record(make.baseline(tag(i), 1)),
                       [&](std::exception_ptr fault, Result<void> done) {
                           EXPECT_FALSE(fault);
                           answered += done ? 1 : 0;
                       });
    loop.restart();
    // Each spawned coroutine queues its operation at its first turn.
    for (int i = 0; i < 20; ++i) loop.poll_one();
    store.reset();
    EXPECT_TRUE(!std::filesystem::exists(path + "-wal") || std::filesystem::file_size(path + "-wal") == 0);
    loop.run();
    EXPECT_EQ(answered, 20);
    open();
    EXPECT_THAT(read(store->bases()), SizeIs(20));
}

TEST_F(Commits, WhatIsQueuedIsDoneWhenTheLoopIsGone) {
    store.reset();
    auto short_lived = std::make_unique<asio::io_context>();
    auto opened = Store::open(path, short_lived->get_executor());
    ASSERT_TRUE(opened);
    auto alive = std::make_shared<int>(0);
    std::weak_ptr<int> caller = alive;
    auto ask = [](Store& in, Finding finding, std::shared_ptr<int>) -> Async<void> {
        auto done = co_await in.record(std::move(finding));
        static_cast<void>(done);
    };
    for (int i = 0; i < 20; ++i)
        asio::co_spawn(*short_lived, ask(**opened, make.baseline(tag(i), 1), alive),
                       [](std::exception_ptr) { FAIL() << "answered by a loop that is gone"; });
    alive.reset();
    for (int i = 0; i < 20; ++i) short_lived->poll_one();
    short_lived.reset();
    EXPECT_TRUE(caller.expired());
    opened->reset();
    open();
    EXPECT_GE(read(store->bases()).size(), 1u);
}

TEST(CommitsInMemory, CountAsWell) {
    asio::io_context loop;
    auto store = Store::open(":memory:", loop.get_executor());
    ASSERT_TRUE(store);
    Maker make;
    ASSERT_TRUE(test::run_async(loop, (*store)->record(make.baseline(tag(1), 1))));
    EXPECT_EQ((*store)->commits(), 1u);
    EXPECT_EQ((*store)->path(), ":memory:");
    EXPECT_THAT(*test::run_async(loop, (*store)->bases()), SizeIs(1));
    EXPECT_FALSE(std::filesystem::exists(":memory:.lock"));
}

}  // namespace
}  // namespace basewatch::store
