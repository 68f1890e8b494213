// What registries say of the requests that they still take, as they spell it.

#include "registry/quota.hpp"

#include <gtest/gtest.h>

namespace basewatch::registry {
namespace {

using std::chrono::seconds;
const Time now{seconds(1'795'435'200)};

struct Row {
    const char* name;
    net::Headers headers;
    std::optional<std::int64_t> limit, remaining;
    Milliseconds reset;
    std::optional<Milliseconds> wait;
};

class QuotaHeaders : public testing::TestWithParam<Row> {};

TEST_P(QuotaHeaders, AreRead) {
    const auto& row = GetParam();
    auto quota = quota_in(row.headers, now);
    ASSERT_EQ(quota.has_value(), row.remaining.has_value());
    if (!quota) return;
    EXPECT_EQ(quota->limit, row.limit);
    EXPECT_EQ(quota->remaining, row.remaining);
    EXPECT_EQ(quota->reset, row.reset);
    EXPECT_EQ(quota_wait(*quota), row.wait);
}

constexpr auto none = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    Rows, QuotaHeaders,
    testing::Values(
        Row{"Nothing", {}, none, none, {}, none},
        Row{"HubWebApi",
            {{"X-RateLimit-Limit", "180"},
             {"X-RateLimit-Remaining", "120"},
             {"X-RateLimit-Reset", "1795435230"}},
            180,
            120,
            seconds(30),
            none},
        Row{"ATenthLeft",
            {{"x-ratelimit-limit", "180"},
             {"x-ratelimit-remaining", "18"},
             {"x-ratelimit-reset", "1795435230"}},
            180,
            18,
            seconds(30),
            seconds(30)},
        Row{"Milliseconds",
            {{"X-RateLimit-Limit", "10"},
             {"X-RateLimit-Remaining", "0"},
             {"X-RateLimit-Reset", "1795435230500"}},
            10,
            0,
            seconds(30),
            seconds(30)},
        Row{"GitLab",
            {{"RateLimit-Limit", "600"}, {"RateLimit-Remaining", "599"}, {"RateLimit-Reset", "60"}},
            600,
            599,
            seconds(60),
            none},
        Row{"WindowInsteadOfReset",
            {{"RateLimit-Limit", "100, 100;w=60"}, {"RateLimit-Remaining", "3"}},
            100,
            3,
            seconds(60),
            seconds(60)},
        Row{"DockerHubCountsPulls",
            {{"RateLimit-Limit", "100;w=21600"}, {"RateLimit-Remaining", "0;w=21600"}},
            none,
            none,
            {},
            none},
        Row{"OneList", {{"RateLimit", "limit=100, remaining=5, reset=7"}}, 100, 5, seconds(7), seconds(7)},
        Row{"Items",
            {{"RateLimit", "\"default\";r=50;t=30"}, {"RateLimit-Policy", "\"default\";q=100;w=60"}},
            100,
            50,
            seconds(30),
            none},
        Row{"TheTightestItem",
            {{"RateLimit", "\"burst\";r=90;t=5, \"hour\";r=20;t=600"},
             {"RateLimit-Policy", "\"burst\";q=100;w=10, \"hour\";q=1000;w=3600"}},
            1000,
            20,
            seconds(600),
            seconds(600)},
        Row{"ItemWithoutPolicy", {{"RateLimit", "\"x\";r=0;t=9"}}, none, 0, seconds(9), seconds(9)},
        Row{"LongerThanAnHour", {{"RateLimit", "\"day\";r=0;t=80000"}}, none, none, {}, none},
        Row{"ResetIsOver",
            {{"X-RateLimit-Limit", "10"},
             {"X-RateLimit-Remaining", "0"},
             {"X-RateLimit-Reset", "1795435100"}},
            10,
            0,
            seconds(0),
            none},
        Row{"WithoutReset",
            {{"X-RateLimit-Limit", "10"}, {"X-RateLimit-Remaining", "0"}},
            none,
            none,
            {},
            none},
        Row{"MoreThanAll",
            {{"RateLimit-Limit", "10"}, {"RateLimit-Remaining", "11"}, {"RateLimit-Reset", "5"}},
            none,
            none,
            {},
            none},
        Row{"Nonsense",
            {{"RateLimit-Limit", "many"}, {"RateLimit-Remaining", "-1"}, {"RateLimit-Reset", "soon"}},
            none,
            none,
            {},
            none},
        Row{"Huge",
            {{"RateLimit", "\"a\";r=9223372036854775807;t=9, \"b\";r=9223372036854775806;t=9"},
             {"RateLimit-Policy", "\"a\";q=9223372036854775807, \"b\";q=9223372036854775807"}},
            1'000'000'000,
            1'000'000'000,
            seconds(9),
            none},
        Row{"Endless", {{"RateLimit", "\"a\";r=99999999999999999999;t=9"}}, none, none, {}, none},
        Row{"EmptyItems", {{"RateLimit", ";;;,,,\"\";=;r=;t="}}, none, none, {}, none}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace basewatch::registry
