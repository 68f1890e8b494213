#include "dispatch/breaker.hpp"

#include <gtest/gtest.h>

namespace basewatch::dispatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using State = Breaker::State;

class BreakerTest : public ::testing::Test {
protected:
    void fail(int times) {
        for (int i = 0; i < times; ++i) breaker.failed(now);
    }
    Breaker breaker;
    Monotonic now{hours(5)};
};

TEST_F(BreakerTest, LetsEverythingThroughToATargetThatAnswers) {
    EXPECT_EQ(breaker.free(now, 3, 64), 64u);
    fail(4);
    EXPECT_EQ(breaker.free(now, 0, 64), 64u);
    breaker.answered();
    fail(4);
    EXPECT_EQ(breaker.state(now), State::closed);
    EXPECT_EQ(breaker.next(now), now);
}

TEST_F(BreakerTest, OpensAtTheFifthFailureInARow) {
    fail(4);
    EXPECT_TRUE(breaker.failed(now));
    EXPECT_EQ(breaker.state(now), State::open);
    EXPECT_EQ(breaker.free(now, 0, 64), 0u);
    EXPECT_EQ(breaker.next(now), now + seconds(30));
}

TEST_F(BreakerTest, LetsOneTryForAllWhenItsTimeIsOver) {
    fail(5);
    now += seconds(30);
    EXPECT_EQ(breaker.state(now), State::half_open);
    EXPECT_EQ(breaker.free(now, 0, 64), 1u);
    EXPECT_EQ(breaker.free(now, 1, 64), 0u);
    EXPECT_EQ(breaker.free(now, 0, 0), 0u);
    EXPECT_TRUE(breaker.answered());
    EXPECT_EQ(breaker.free(now, 0, 64), 64u);
    EXPECT_FALSE(breaker.answered());
}

TEST_F(BreakerTest, WaitsTwiceAsLongEachTimeUpToAQuarterOfAnHour) {
    fail(5);
    for (auto pause : {seconds(60), seconds(120), seconds(240), seconds(480), seconds(900), seconds(900)}) {
        now = breaker.next(now);
        EXPECT_FALSE(breaker.failed(now)) << "it was open already";
        EXPECT_EQ(breaker.next(now) - now, pause);
    }
    now = breaker.next(now);
    breaker.answered();
    fail(5);
    EXPECT_EQ(breaker.next(now) - now, seconds(30)) << "after an answer it begins anew";
}

TEST_F(BreakerTest, DoesNotCountWhatWasSentBeforeItOpened) {
    fail(5);
    auto tries_at = breaker.next(now);
    now += seconds(10);
    fail(60);
    EXPECT_EQ(breaker.next(now), tries_at);
}

TEST_F(BreakerTest, LeavesATargetAloneForAsLongAsItAsks) {
    breaker.hold(now, minutes(2));
    EXPECT_EQ(breaker.free(now, 0, 4), 0u);
    EXPECT_EQ(breaker.next(now), now + minutes(2));
    breaker.hold(now, seconds(1));
    EXPECT_EQ(breaker.next(now), now + minutes(2)) << "the longest wait counts";
    now += minutes(2);
    EXPECT_EQ(breaker.free(now, 0, 4), 4u) << "waiting is no failure";
}

TEST_F(BreakerTest, IsHeldForADayAtMost) {
    breaker.hold(now, hours(24 * 365));
    EXPECT_EQ(breaker.next(now), now + hours(24));
    breaker.reset();
    breaker.hold(now, Milliseconds(-5));
    EXPECT_EQ(breaker.free(now, 0, 4), 4u);
}

}  // namespace
}  // namespace basewatch::dispatch
