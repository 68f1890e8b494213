// Sending again by request: the same id, the target's own pace, the schedule from its beginning, and one
// clear refusal where it cannot be.

#include "support/manual_clock.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

struct ReplayTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};

    Result<model::Delivery> retry(const std::string& id) {
        return run_async(loop, house.dispatcher().retry(id, "ops"));
    }
    Result<store::Replayed> replay(const std::string& target = "", bool dry_run = false) {
        store::Replay what;
        what.target = target;
        what.since = clock.now() - std::chrono::hours(1000);
        return run_async(loop, house.dispatcher().replay(what, dry_run, "ops"));
    }
    std::string given_up() {
        transport.answer = [](const auto&) { return AnsweringTransport::status(404); };
        auto id = house.give("ci");
        EXPECT_TRUE(house.until_state(id, DeliveryState::dead));
        transport.answer = [](const auto&) { return AnsweringTransport::status(204); };
        return id;
    }
};

TEST_F(ReplayTest, ARetryKeepsTheIdAndIsMarked) {
    house.use({webhook("ci", "https://ci.example.com/")});
    house.start();
    auto id = given_up();
    auto asked = retry(id);
    ASSERT_TRUE(asked) << asked.error().message();
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    ASSERT_THAT(transport.sent, SizeIs(2));
    EXPECT_EQ(transport.sent[0].header("webhook-id"), id);
    EXPECT_EQ(transport.sent[1].header("webhook-id"), id);
    EXPECT_EQ(transport.sent[0].request.body, transport.sent[1].request.body);
    auto attempts = house.attempts(id);
    ASSERT_THAT(attempts, SizeIs(2));
    EXPECT_FALSE(attempts[0].replay);
    EXPECT_TRUE(attempts[1].replay);
}

TEST_F(ReplayTest, ARetryHasTheWholeScheduleBeforeIt) {
    auto target = webhook("ci", "https://ci.example.com/");
    target.fields.retries = {10s, 20s};
    house.use({target});
    house.start();
    auto id = given_up();
    clock.advance(std::chrono::hours(24 * 30));  // long past its expiry
    transport.answer = [](const auto&) { return AnsweringTransport::status(503); };
    ASSERT_TRUE(retry(id));
    for (int attempt = 2; attempt <= 3; ++attempt) {
        ASSERT_TRUE(house.until([&] {
            return house.delivery(id).attempts == attempt && house.report("ci").in_flight == 0 &&
                   clock.next().has_value();
        }));
        EXPECT_EQ(house.state(id), DeliveryState::waiting) << attempt;
        clock.advance(house.delivery(id).due_at - clock.now());
    }
    ASSERT_TRUE(house.until_state(id, DeliveryState::dead));
    EXPECT_THAT(house.attempts(id), SizeIs(4)) << "one before, one at once and two retries";
}

TEST_F(ReplayTest, ManyGoAtTheTargetsOwnPaceAndBehindWhatIsNew) {
    auto target = webhook("ci", "https://ci.example.com/");
    target.fields.rate = settings::Rate{1.0};
    house.use({target}, 1);
    house.start();
    std::vector<std::string> old;
    for (int i = 0; i < 3; ++i) {
        old.push_back(house.give("ci"));
        ASSERT_TRUE(house.until_state(old.back(), DeliveryState::delivered));
        clock.advance(1s);
    }
    transport.sent.clear();
    EXPECT_EQ(test::must(replay("", true)).deliveries, 3);
    auto replayed = test::must(replay());
    EXPECT_EQ(replayed.deliveries, 3);
    auto fresh = house.give("ci");
    std::vector<std::string> order;
    for (std::size_t sent = 1; sent <= 4; ++sent) {
        ASSERT_TRUE(house.until([&] { return transport.sent.size() >= sent; }));
        ASSERT_TRUE(house.until([&] { return house.report("ci").in_flight == 0; }));
        EXPECT_EQ(transport.sent.size(), sent) << "one a second, however many wait";
        clock.advance(1s);
    }
    std::set<std::string> ids;
    for (const auto& sent : transport.sent) ids.insert(sent.header("webhook-id"));
    EXPECT_EQ(ids, std::set<std::string>({old[0], old[1], old[2], fresh}));
    EXPECT_NE(transport.sent.back().header("webhook-id"), fresh);
}

TEST_F(ReplayTest, WhatCannotBeSentSaysSo) {
    house.use({webhook("ci", "https://ci.example.com/"), webhook("other", "https://other.example.com/")});
    house.start();
    auto id = given_up();
    EXPECT_EQ(retry("dlv_unknown").error().kind(), ErrorKind::not_found);

    test::must(run_async(loop, house.dispatcher().pause("ci")));
    EXPECT_THAT(retry(id).error().message(), HasSubstr("paused: `basewatch resume target:ci` first"));
    EXPECT_EQ(replay("ci").error().kind(), ErrorKind::conflict);
    auto skipped = test::must(replay());
    EXPECT_EQ(skipped.deliveries, 0);
    EXPECT_EQ(skipped.skipped.at("ci"), 1);
    EXPECT_EQ(replay("nobody").error().kind(), ErrorKind::not_found);
    test::must(run_async(loop, house.dispatcher().resume("ci")));

    house.use({webhook("other", "https://other.example.com/")});
    EXPECT_THAT(retry(id).error().message(), HasSubstr("no longer configured"));
    EXPECT_EQ(house.state(id), DeliveryState::dead);
}

TEST_F(ReplayTest, ADisabledTargetGetsThemOnceItIsResumed) {
    house.use({webhook("ci", "https://ci.example.com/")});
    house.start();
    transport.answer = [](const auto&) { return AnsweringTransport::status(410); };
    auto id = house.give("ci");
    ASSERT_TRUE(house.until([&] { return house.report("ci").state == dispatch::TargetState::disabled; }));
    EXPECT_THAT(retry(id).error().message(), HasSubstr("disabled"));
    transport.answer = [](const auto&) { return AnsweringTransport::status(204); };
    test::must(run_async(loop, house.dispatcher().resume("ci")));
    ASSERT_TRUE(retry(id));
    EXPECT_TRUE(house.until_state(id, DeliveryState::delivered));
}

}  // namespace
}  // namespace basewatch::test
