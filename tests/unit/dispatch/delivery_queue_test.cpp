// When a target's queue asks the database: as a story of events and hours.

#include "dispatch/delivery_queue.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace basewatch::dispatch {
namespace {

using namespace std::chrono_literals;

struct DeliveryQueueTest : testing::Test {
    asio::io_context loop;
    DeliveryQueue queue{loop.get_executor(), "ci"};
    presets::Target target;
    Time now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)};
    Monotonic monotonic{1000h};

    void SetUp() override { queue.use(target); }
    std::size_t wanted() const { return queue.wanted(now, monotonic, false); }
    std::optional<Monotonic> next_look() const { return queue.next_look(now, monotonic); }
    void claim(std::size_t got) {
        auto asked = wanted();
        queue.begin_claim();
        queue.end_claim(asked, got, monotonic);
        queue.report.in_flight += got;
    }
    void pass(Milliseconds time) {
        now += time;
        monotonic += time;
    }
};

TEST_F(DeliveryQueueTest, AsksAtOnceForAsManyAsCanBeSent) {
    EXPECT_EQ(wanted(), 4u);
    claim(4);
    EXPECT_EQ(wanted(), 0u) << "no place is free";
    EXPECT_FALSE(next_look()) << "the end of an attempt rings";
    --queue.report.in_flight;
    EXPECT_EQ(wanted(), 1u) << "as many as asked for: there may be more";
    claim(0);
    EXPECT_EQ(wanted(), 0u);
    EXPECT_FALSE(next_look());
    EXPECT_FALSE(queue.drained(monotonic));
    queue.report.in_flight = 0;
    EXPECT_TRUE(queue.drained(monotonic));
}

TEST_F(DeliveryQueueTest, LetsSoManyLeaveTheirPlacesBeforeTheyAreRecorded) {
    EXPECT_TRUE(queue.may_record_later(monotonic));
    queue.unrecorded = 63;
    EXPECT_TRUE(queue.may_record_later(monotonic));
    queue.unrecorded = 64;
    EXPECT_FALSE(queue.may_record_later(monotonic)) << "after a crash they are all sent again";
}

TEST_F(DeliveryQueueTest, LetsNoneLeaveItsPlaceUnrecordedWhileTheBreakerWatches) {
    model::Attempt absent;
    absent.sign = model::Sign::absent;
    while (!queue.learn(absent, std::nullopt, monotonic)) {
    }
    EXPECT_FALSE(queue.may_record_later(monotonic));
    pass(Milliseconds(30'000));
    EXPECT_EQ(queue.breaker(monotonic), Breaker::State::half_open);
    EXPECT_FALSE(queue.may_record_later(monotonic)) << "the one trial is not over before it is recorded";
    model::Attempt delivered;
    delivered.sign = model::Sign::delivered;
    EXPECT_TRUE(queue.learn(delivered, std::nullopt, monotonic));
    EXPECT_TRUE(queue.may_record_later(monotonic));
}

TEST_F(DeliveryQueueTest, AsksAgainWhenToldOrWhenSomethingIsDue) {
    claim(0);
    queue.notify();
    EXPECT_EQ(wanted(), 4u);
    claim(0);
    queue.expect(now + 30s);
    queue.expect(now + 40s);
    EXPECT_EQ(wanted(), 0u);
    EXPECT_EQ(next_look(), monotonic + 30s);
    pass(30s);
    EXPECT_EQ(wanted(), 4u);
}

TEST_F(DeliveryQueueTest, NewsDuringAClaimIsNotLost) {
    queue.begin_claim();
    queue.notify();
    queue.end_claim(4, 0, monotonic);
    EXPECT_EQ(wanted(), 4u);

    queue.begin_claim();
    queue.expect(now + 5s);
    queue.end_claim(4, 0, monotonic);
    EXPECT_EQ(next_look(), monotonic + 5s);
}

TEST_F(DeliveryQueueTest, LooksAtTheWallAtLeastOnceAMinute) {
    claim(0);
    queue.expect(now + 12h);
    EXPECT_EQ(next_look(), monotonic + 1min);
    now += 12h;  // the clock was set
    EXPECT_EQ(wanted(), 4u);
}

TEST_F(DeliveryQueueTest, KeepsToTheTargetsRate) {
    target.fields.rate = settings::Rate{1.0};
    queue.use(target);
    EXPECT_EQ(wanted(), 1u);
    claim(1);
    EXPECT_EQ(wanted(), 0u);
    EXPECT_EQ(next_look(), monotonic + 1s);
    pass(1s);
    EXPECT_EQ(wanted(), 1u);
}

TEST_F(DeliveryQueueTest, AFailingStateIsAskedMoreAndMoreSeldom) {
    const Milliseconds waits[] = {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s};
    bool first = true;
    for (auto wait : waits) {
        queue.begin_claim();
        EXPECT_EQ(queue.fail_claim(monotonic), wait);
        EXPECT_EQ(queue.first_failure(), first);
        first = false;
        EXPECT_EQ(wanted(), 0u);
        EXPECT_EQ(next_look(), monotonic + wait);
        pass(wait);
        EXPECT_EQ(wanted(), 4u);
    }
    claim(0);
    queue.notify();
    queue.begin_claim();
    EXPECT_EQ(queue.fail_claim(monotonic), 1s) << "from the beginning once it has worked";
}

TEST_F(DeliveryQueueTest, IsHeldForAsLongAsTheTargetAsksButADayAtMost) {
    model::Attempt attempt;
    attempt.sign = model::Sign::absent;
    queue.learn(attempt, Milliseconds(2min), monotonic);
    queue.learn(attempt, Milliseconds(1s), monotonic);
    EXPECT_EQ(wanted(), 0u);
    EXPECT_EQ(next_look(), monotonic + 2min) << "the longest wait counts";
    EXPECT_EQ(queue.breaker(monotonic), Breaker::State::open);
    pass(2min);
    EXPECT_EQ(wanted(), 4u) << "having been held is no failure";
    queue.learn(attempt, Milliseconds(24h * 365), monotonic);
    EXPECT_EQ(next_look(), monotonic + 24h);
    queue.use(target);
    EXPECT_EQ(wanted(), 4u) << "a reload lets it try at once";
}

TEST_F(DeliveryQueueTest, LetsOneTryATargetThatFailed) {
    model::Attempt attempt;
    attempt.sign = model::Sign::absent;
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(queue.learn(attempt, std::nullopt, monotonic));
    EXPECT_TRUE(queue.learn(attempt, std::nullopt, monotonic));
    EXPECT_EQ(wanted(), 0u);
    EXPECT_EQ(queue.wanted(now, monotonic, true), 4u) << "draining asks all the same";
    pass(30s);
    EXPECT_EQ(wanted(), 1u);
    claim(1);
    EXPECT_EQ(wanted(), 0u);
    EXPECT_FALSE(next_look()) << "the end of the attempt rings";
}

}  // namespace
}  // namespace basewatch::dispatch
