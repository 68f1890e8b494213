// Lookups: given up at the deadline whatever the system does, shared between askers, and safe to leave
// behind.
#include "foundation/task_group.hpp"
#include "net/system_resolver.hpp"
#include "support/run_async.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace basewatch::net {
namespace {

using testing::ElementsAre;
using Addresses = Result<std::vector<std::string>>;

// Lookups that take as long as the test likes. Shared with threads that may outlive the test's own things.
class Gate {
public:
    Addresses pass(const std::string& host) {
        std::unique_lock lock(mutex_);
        ++entered_;
        changed_.notify_all();
        if (host.starts_with("slow")) changed_.wait(lock, [this] { return open_; });
        ++left_;
        changed_.notify_all();
        if (host.ends_with("missing")) return Error(ErrorKind::name_lookup, "no such name");
        return std::vector<std::string>{"192.0.2.1", host};
    }
    void open() {
        std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void wait_entered(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return entered_ >= count; });
    }
    void wait_left(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return left_ >= count; });
    }
    int entered() {
        std::lock_guard lock(mutex_);
        return entered_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int entered_ = 0, left_ = 0;
};

struct Lookups {
    std::shared_ptr<Gate> gate = std::make_shared<Gate>();
    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    std::optional<SystemResolver> resolver{
        std::in_place, loop.get_executor(), clock,
        [gate = gate](const std::string& host) { return gate->pass(host); }};
    ~Lookups() { gate->open(); }

    Addresses resolve(const std::string& host, int milliseconds = 10'000) {
        return test::run_async(loop, resolver->resolve(host, clock.monotonic() + Milliseconds(milliseconds)));
    }
};

TEST(SystemResolver, LooksUp) {
    Lookups lookups;
    EXPECT_THAT(*lookups.resolve("quick"), ElementsAre("192.0.2.1", "quick"));
    EXPECT_EQ(lookups.resolve("missing").error().kind(), ErrorKind::name_lookup);
}

TEST(SystemResolver, AnswersLiteralAddressesItself) {
    Lookups lookups;
    EXPECT_THAT(*lookups.resolve("127.0.0.1"), ElementsAre("127.0.0.1"));
    EXPECT_THAT(*lookups.resolve("2001:db8::1"), ElementsAre("2001:db8::1"));
    EXPECT_EQ(lookups.gate->entered(), 0);
}

TEST(SystemResolver, GivesUpASlowLookupAtTheDeadline) {
    Lookups lookups;
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(lookups.resolve("slow", 50).error().kind(), ErrorKind::timed_out);
    auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, Milliseconds(50));
    EXPECT_LT(took, Milliseconds(5'000));
    // and delays nobody else
    EXPECT_TRUE(lookups.resolve("quick", 5'000));
    EXPECT_EQ(lookups.resolve("quick", 0).error().kind(), ErrorKind::timed_out);
}

TEST(SystemResolver, SlowNamesOnEveryThreadHoldUpOthersUntilTheirDeadlineOnly) {
    Lookups lookups;
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(lookups.resolve("slow" + std::to_string(i), 20).error().kind(), ErrorKind::timed_out);
    EXPECT_EQ(lookups.resolve("quick", 50).error().kind(), ErrorKind::timed_out);
    lookups.gate->open();
    EXPECT_TRUE(lookups.resolve("quick"));
    // The lookup that nobody waited for any more was never begun: 4 slow ones and one quick.
    EXPECT_EQ(lookups.gate->entered(), 5);
}

TEST(SystemResolver, AskersOfOneNameShareALookup) {
    Lookups lookups;
    TaskGroup group(lookups.loop.get_executor());
    int answered = 0;
    auto ask = [&]() -> Async<void> {
        auto addresses =
            co_await lookups.resolver->resolve("slow", lookups.clock.monotonic() + Milliseconds(10'000));
        if (addresses) ++answered;
    };
    for (int i = 0; i < 10; ++i) group.start("asker", ask());
    lookups.loop.poll();
    lookups.gate->wait_entered(1);
    lookups.gate->open();
    test::run_async(lookups.loop, group.wait());
    EXPECT_EQ(answered, 10);
    EXPECT_EQ(lookups.gate->entered(), 1);
}

TEST(SystemResolver, CancelledAskersLeaveAtOnce) {
    Lookups lookups;
    TaskGroup group(lookups.loop.get_executor());
    std::string kind;
    auto ask = [&]() -> Async<void> {
        auto addresses =
            co_await lookups.resolver->resolve("slow", lookups.clock.monotonic() + Milliseconds(10'000));
        kind = to_string(addresses.error().kind());
    };
    group.start("asker", ask());
    lookups.loop.poll();
    lookups.gate->wait_entered(1);
    group.cancel();
    test::run_async(lookups.loop, group.wait());
    EXPECT_EQ(kind, "cancelled");
}

// A lookup ends after its asker, its resolver and its loop are gone.
TEST(SystemResolver, MayBeLeftBehind) {
    std::shared_ptr<Gate> gate;
    {
        Lookups lookups;
        gate = lookups.gate;
        EXPECT_EQ(lookups.resolve("slow", 20).error().kind(), ErrorKind::timed_out);
        lookups.resolver.reset();
    }
    gate->wait_left(1);
}

TEST(SystemResolver, TheSystemsOwnLookup) {
    auto literal = look_up("127.0.0.1");
    ASSERT_TRUE(literal);
    EXPECT_THAT(*literal, ElementsAre("127.0.0.1"));
    auto nothing = look_up("host name with spaces");
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().kind(), ErrorKind::name_lookup);
}

}  // namespace
}  // namespace basewatch::net
