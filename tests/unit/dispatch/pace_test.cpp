#include "dispatch/pace.hpp"

#include <gtest/gtest.h>

namespace basewatch::dispatch {
namespace {

using namespace std::chrono_literals;

const Monotonic start{1000h};

TEST(Pace, WithoutARateThereIsNoLimit) {
    Pace pace;
    pace.set_rate(std::nullopt);
    EXPECT_EQ(pace.free(start, 1000), 1000u);
    pace.take(start, 1000);
    EXPECT_EQ(pace.free(start, 1000), 1000u);
    EXPECT_EQ(pace.next(start), start);
}

TEST(Pace, OnePerSecondIsOnePerSecond) {
    Pace pace;
    pace.set_rate(1.0);
    EXPECT_EQ(pace.free(start, 4), 1u);
    pace.take(start, 1);
    EXPECT_EQ(pace.free(start, 4), 0u);
    EXPECT_EQ(pace.next(start), start + 1s);
    EXPECT_EQ(pace.free(start + 999ms, 4), 0u);
    EXPECT_EQ(pace.free(start + 1s, 4), 1u);
    EXPECT_EQ(pace.free(start + 1h, 4), 1u) << "what was not used is not saved up";
}

TEST(Pace, ASecondsWorthMayGoAtOnce) {
    Pace pace;
    pace.set_rate(20.0);
    EXPECT_EQ(pace.free(start, 100), 20u);
    pace.take(start, 20);
    EXPECT_EQ(pace.free(start, 100), 0u);
    EXPECT_EQ(pace.next(start), start + 50ms);
    EXPECT_EQ(pace.free(start + 500ms, 100), 10u);
}

TEST(Pace, SlowRatesAndChangedOnes) {
    Pace pace;
    pace.set_rate(1.0 / 60);
    pace.take(start, 1);
    EXPECT_EQ(pace.free(start + 59s, 1), 0u);
    EXPECT_EQ(pace.free(start + 61s, 1), 1u);
    pace.set_rate(10.0);
    EXPECT_EQ(pace.free(start + 60s, 20), 10u);
    for (double nonsense : {0.0, -1.0}) {
        pace.set_rate(nonsense);
        EXPECT_EQ(pace.free(start, 7), 7u);
    }
}

}  // namespace
}  // namespace basewatch::dispatch
