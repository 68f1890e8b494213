// Somebody who does not answer: left alone, tried with one request, asked again.

#include "foundation/breaker.hpp"

#include <gtest/gtest.h>

namespace basewatch {
namespace {

using std::chrono::seconds;
using State = Breaker::State;
const Monotonic start{std::chrono::hours(1000)};

Breaker closed() {
    return {seconds(30), seconds(300)};
}

Breaker opened(Monotonic now) {
    auto breaker = closed();
    for (int i = 0; i < 5; ++i) breaker.failed(now);
    return breaker;
}

TEST(Breaker, OpensAtTheFifthFailureInARow) {
    auto breaker = closed();
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(breaker.failed(start));
    EXPECT_FALSE(breaker.answered());
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(breaker.failed(start));
    EXPECT_TRUE(breaker.admit(start));
    EXPECT_EQ(breaker.state(start), State::closed);
    EXPECT_TRUE(breaker.failed(start)) << "told once";
    EXPECT_FALSE(breaker.failed(start + seconds(20))) << "those under way say nothing new";
    EXPECT_FALSE(breaker.admit(start + seconds(29)));
    EXPECT_EQ(breaker.state(start + seconds(29)), State::open);
    EXPECT_EQ(breaker.open_until(start), start + seconds(30));
}

TEST(Breaker, OneRequestIsTheProbe) {
    auto breaker = opened(start);
    auto later = start + seconds(30);
    EXPECT_EQ(breaker.state(later), State::half_open);
    EXPECT_FALSE(breaker.open_until(later));
    EXPECT_TRUE(breaker.admit(later));
    EXPECT_FALSE(breaker.admit(later));
    EXPECT_TRUE(breaker.open_until(later));
    EXPECT_TRUE(breaker.answered());
    EXPECT_FALSE(breaker.answered()) << "told once";
    EXPECT_TRUE(breaker.admit(later));
    EXPECT_TRUE(breaker.admit(later));
}

TEST(Breaker, AProbeThatFailsWaitsTwiceAsLongUpToTheLongestPause) {
    auto breaker = opened(start);
    auto now = start + seconds(30);
    for (int wait : {60, 120, 240, 300, 300}) {
        ASSERT_TRUE(breaker.admit(now));
        EXPECT_FALSE(breaker.failed(now)) << "it was open before";
        EXPECT_EQ(breaker.open_until(now), now + seconds(wait));
        now += seconds(wait);
    }
    ASSERT_TRUE(breaker.admit(now));
    breaker.answered();
    for (int i = 0; i < 5; ++i) breaker.failed(now);
    EXPECT_EQ(breaker.open_until(now), now + seconds(30)) << "after an answer it begins anew";
}

TEST(Breaker, AProbeThatWasCancelledLeavesRoomForAnother) {
    auto breaker = opened(start);
    ASSERT_TRUE(breaker.admit(start + seconds(30)));
    breaker.abandoned();
    EXPECT_TRUE(breaker.admit(start + seconds(30)));
}

TEST(Breaker, GoesOnInAnotherProcessWhereItWas) {
    auto breaker = opened(start);
    auto now = start + seconds(30);
    ASSERT_TRUE(breaker.admit(now));
    breaker.failed(now);
    auto kept = breaker.kept(now);
    ASSERT_TRUE(kept);
    auto next = closed();
    next.restore(*kept, now + seconds(10));
    EXPECT_EQ(next.open_until(now + seconds(10)), now + seconds(60));
    ASSERT_TRUE(next.admit(now + seconds(60)));
    EXPECT_FALSE(next.admit(now + seconds(60))) << "one request is the probe";
    next.failed(now + seconds(60));
    EXPECT_EQ(next.open_until(now + seconds(60)), now + seconds(180)) << "twice as long as before";
}

TEST(Breaker, KeepsNothingWhereNothingIsHeldBack) {
    EXPECT_FALSE(closed().kept(start));
    EXPECT_FALSE(opened(start).kept(start + seconds(30)));
    for (auto until : {start - seconds(1), start, start + seconds(301)}) {
        auto next = closed();
        next.restore({until, 1}, start);
        EXPECT_EQ(next.state(start), State::closed);
    }
    auto next = closed();
    next.restore({start + seconds(30), -1}, start);
    EXPECT_EQ(next.state(start), State::closed);
}

}  // namespace
}  // namespace basewatch
