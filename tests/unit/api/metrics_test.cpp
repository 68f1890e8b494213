#include "api/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CountFailuresByTargetAndClass) {
    dispatch::TargetReport ci;
    ci.name = "ci";
    ci.failures = {{"tls", 3}, {"wrong answer", 1}};
    ci.given_up = {{"tls", 1}};
    dispatch::TargetReport chat;
    chat.name = "chat";
    MetricsInput input;
    input.targets = {ci, chat};
    auto text = metrics_text(input);
    EXPECT_THAT(text, HasSubstr("basewatch_delivery_failures_total{target=\"ci\",reason=\"tls\"} 3\n"));
    EXPECT_THAT(text,
                HasSubstr("basewatch_delivery_failures_total{target=\"ci\",reason=\"wrong answer\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("basewatch_deliveries_given_up_total{target=\"ci\",reason=\"tls\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("{target=\"chat\",reason"))) << "what never failed takes no room";
}

TEST(Metrics, TellHowFarAMirrorIsBehind) {
    registry::MirrorReport late{"docker.io", "cache.example.com"};
    late.behind = 3;
    late.behind_since = Time(std::chrono::seconds(1'764'000'000));
    MetricsInput input;
    input.mirrors = {late, {"quay.io", "cache.example.com"}};
    auto text = metrics_text(input);
    std::string of_hub = "{registry=\"docker.io\",mirror=\"cache.example.com\"}";
    std::string of_quay = "{registry=\"quay.io\",mirror=\"cache.example.com\"}";
    EXPECT_THAT(text, HasSubstr("basewatch_mirror_behind" + of_hub + " 3\n"));
    EXPECT_THAT(text, HasSubstr("basewatch_mirror_behind" + of_quay + " 0\n"));
    EXPECT_THAT(text, HasSubstr("basewatch_mirror_behind_since_timestamp_seconds" + of_hub + " 1764000000"));
    EXPECT_THAT(text, Not(HasSubstr("basewatch_mirror_behind_since_timestamp_seconds" + of_quay)))
        << "one that is not behind was never late";
}

}  // namespace
}  // namespace basewatch::api
