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

}  // namespace
}  // namespace basewatch::api
