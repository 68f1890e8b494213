// How many manifests may still be read: what the host says, what is estimated, and whose the rest is.

#include "registry/pull_budget.hpp"

#include <gtest/gtest.h>

namespace basewatch::registry {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
const Monotonic start{hours(1000)};

struct HeaderRow {
    std::string limit, remaining;
    std::optional<std::int64_t> left;  // of an estimate of 100
};

class BudgetHeaders : public testing::TestWithParam<HeaderRow> {};

TEST_P(BudgetHeaders, AreReadLeniently) {
    PullBudget budget(100);
    budget.heard({{"ratelimit-limit", GetParam().limit}, {"RATELIMIT-REMAINING", GetParam().remaining}},
                 start);
    EXPECT_EQ(budget.remaining(start), GetParam().left);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BudgetHeaders,
    testing::Values(HeaderRow{"100;w=21600", "76;w=21600", 76}, HeaderRow{"200; w=21600", " 7", 7},
                    HeaderRow{"100;w=21600", "900;w=21600", 100}, HeaderRow{";w=21600", ";w=21600", 100},
                    HeaderRow{"100;w=21600", "", 100}, HeaderRow{"0;w=21600", "0", 100},
                    HeaderRow{"-5;w=21600", "3", 100}, HeaderRow{"100;w=60", "1;w=60", 100},
                    HeaderRow{"100", "1", 100}, HeaderRow{"99999999999999999999;w=21600", "1", 100}));

TEST(PullBudget, WhoCountsNothingLetsEverythingBeRead) {
    PullBudget budget;
    EXPECT_FALSE(budget.limit());
    EXPECT_FALSE(budget.remaining(start));
    EXPECT_TRUE(budget.claim(PullNeed::details, 1000, start));
}

TEST(PullBudget, TheLastFifthIsTheOwnersAndDetailsLeaveHalf) {
    PullBudget budget(100);
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(budget.claim(PullNeed::details, 1, start)) << i;
        budget.pulled(start);
    }
    EXPECT_FALSE(budget.claim(PullNeed::details, 1, start));
    for (int i = 0; i < 30; ++i) {
        EXPECT_TRUE(budget.claim(PullNeed::change, 1, start)) << i;
        budget.pulled(start);
    }
    EXPECT_FALSE(budget.claim(PullNeed::change, 1, start));
    EXPECT_EQ(budget.remaining(start), 20);
    EXPECT_EQ(budget.remaining(start + hours(6)), 100) << "the window has passed";
}

TEST(PullBudget, WhoReadAtOnceDoNotShareTheSameRoom) {
    PullBudget budget(100);
    auto one = budget.claim(PullNeed::change, 60, start);
    ASSERT_TRUE(one);
    EXPECT_FALSE(budget.claim(PullNeed::change, 60, start));
    auto moved = std::move(one);
    EXPECT_FALSE(budget.claim(PullNeed::change, 60, start));
    moved = {};
    EXPECT_TRUE(budget.claim(PullNeed::change, 60, start));
    EXPECT_TRUE(budget.claim(PullNeed::change, 1000, start)) << "more than there is would never be read";
}

TEST(PullBudget, WhatTheOwnerPullsCountsAsWell) {
    PullBudget budget(100);
    budget.heard({{"RateLimit-Limit", "100;w=21600"},
                  {"RateLimit-Remaining", "21;w=21600"},
                  {"docker-ratelimit-source", "192.0.2.7"}},
                 start);
    EXPECT_EQ(budget.source(), "192.0.2.7");
    EXPECT_TRUE(budget.claim(PullNeed::change, 1, start));
    budget.pulled(start + seconds(1));
    EXPECT_EQ(budget.remaining(start + seconds(1)), 20);
    EXPECT_FALSE(budget.claim(PullNeed::change, 1, start + seconds(1)));
}

}  // namespace
}  // namespace basewatch::registry
