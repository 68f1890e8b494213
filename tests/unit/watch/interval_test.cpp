// How often a base is asked, as tables.

#include "watch/interval.hpp"

#include <gtest/gtest.h>

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
const Time now{490'000h};
constexpr auto day = 24h;

struct TurnsRow {
    Milliseconds still;
    bool exact;
    int unreachable_after;
    int every;
};

class Turns : public testing::TestWithParam<TurnsRow> {};

TEST_P(Turns, AreFewerForWhatNeverMoves) {
    const auto& row = GetParam();
    EXPECT_EQ(turns_between({row.exact, row.unreachable_after, now - row.still}, now), row.every);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Turns,
    testing::Values(TurnsRow{0min, false, 4, 1}, TurnsRow{7 * day - 1min, false, 4, 1},
                    TurnsRow{7 * day, false, 4, 2}, TurnsRow{30 * day - 1min, false, 4, 2},
                    TurnsRow{30 * day, false, 4, 4}, TurnsRow{4000 * day, false, 4, 4},
                    TurnsRow{4000 * day, false, 100, 4},
                    // An interval of its own is kept.
                    TurnsRow{4000 * day, true, 4, 1},
                    // What is unreachable after one interval, or two, is not asked more rarely than that.
                    TurnsRow{4000 * day, false, 1, 1}, TurnsRow{4000 * day, false, 2, 2},
                    TurnsRow{4000 * day, false, 3, 2}, TurnsRow{7 * day, false, 1, 1},
                    // The clock was set back.
                    TurnsRow{-5 * day, false, 4, 1}));

TEST(SiblingDue, IsNowOrHalfAnIntervalAfterItsLastLook) {
    EXPECT_EQ(sibling_due(now - 40min, 15min, now), now);
    EXPECT_EQ(sibling_due(now - 7min - 30s, 15min, now), now);
    EXPECT_EQ(sibling_due(now - 1min, 15min, now), now + 6min + 30s);
    EXPECT_EQ(sibling_due(now, 15min, now), now + 7min + 30s);
}

struct PaceRow {
    std::size_t bases;
    Milliseconds interval;
    double rate;
    Milliseconds pause;
    Milliseconds effective;
};

class Pace : public testing::TestWithParam<PaceRow> {};

TEST_P(Pace, ComesOfWhatIsWantedAndWhatThereIs) {
    const auto& row = GetParam();
    Demand demand;
    for (std::size_t i = 0; i < row.bases; ++i) demand.add(row.interval);
    auto found = effective_interval(row.interval, demand, {row.rate, row.pause});
    EXPECT_NEAR(static_cast<double>(found.count()), static_cast<double>(row.effective.count()), 1.0);
}

INSTANTIATE_TEST_SUITE_P(Rows, Pace,
                         testing::Values(PaceRow{1, 15min, 10, 0s, 15min},
                                         PaceRow{9000, 15min, 10, 0s, 15min},
                                         // 100,000 tags at 10 a second are a sweep of 10,000 s.
                                         PaceRow{100'000, 15min, 10, 0s, 10'000s},
                                         PaceRow{100'000, 15min, 5, 0s, 20'000s},
                                         PaceRow{1, 15min, 10, 1h, 1h}, PaceRow{1, 2h, 10, 1h, 2h},
                                         PaceRow{1, 15min, 0, 0s, 24h * 365}));

TEST(Pace, OfDifferentIntervalsAllAreMadeToWaitAlike) {
    Demand demand;
    for (int i = 0; i < 600; ++i) demand.add(1min);
    for (int i = 0; i < 36'000; ++i) demand.add(1h);
    EXPECT_EQ(demand.bases, 36'600u);
    EXPECT_EQ(demand.shortest, 1min);
    EXPECT_NEAR(demand.checks_per_second, 20, 0.01);
    EXPECT_NEAR(static_cast<double>(effective_interval(1min, demand, {10, 0s}).count()), 120'000, 10);
    EXPECT_NEAR(static_cast<double>(effective_interval(1h, demand, {10, 0s}).count()), 7'200'000, 100);
}

TEST(Pace, IsBehindWhenAPersonWouldNotice) {
    Demand demand;
    for (int i = 0; i < 900; ++i) demand.add(1min);
    EXPECT_FALSE(falls_behind(demand, {15, 0s}));
    EXPECT_FALSE(falls_behind(demand, {14.5, 0s}));
    EXPECT_TRUE(falls_behind(demand, {14, 0s}));
    EXPECT_TRUE(falls_behind(demand, {0, 0s}));
}

}  // namespace
}  // namespace basewatch::watch
