// What failed attempts do to the target: it is left alone for a while, given up, taken up again.

#include "dispatch/outcome.hpp"
#include "house.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

namespace basewatch::dispatch {
namespace {

using namespace std::chrono_literals;
using model::Attempt;
using model::DeliveryState;
using model::Sign;
using test::AnsweringTransport;
using test::House;
using test::webhook;
using testing::HasSubstr;
using testing::SizeIs;

struct HealthTest : testing::Test {
    asio::io_context loop{1};
    test::ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};

    void answer_with(int status, net::Headers headers = {}) {
        transport.answer = [status, headers](const net::HttpRequest&) {
            return AnsweringTransport::status(status, "", headers);
        };
    }
    bool until_sent(std::size_t count) {
        return house.until([&] { return transport.sent.size() >= count; });
    }
    // Until every delivery that was sent is recorded and the dispatcher waits for the clock.
    bool until_quiet(const std::string& target) {
        return house.until([&] { return house.report(target).in_flight == 0 && clock.next().has_value(); });
    }
    TargetState state_of(const std::string& target) { return house.report(target).state; }
    std::vector<std::string> give(const std::string& target, int count) {
        std::vector<std::string> ids;
        for (int i = 0; i < count; ++i) ids.push_back(house.give(target));
        return ids;
    }
};

TEST_F(HealthTest, ATargetThatIsNotThereIsTriedByOneForAll) {
    answer_with(503);
    house.use({webhook("ci", "https://ci.example.com/hook")}, 1);
    house.start();
    auto ids = give("ci", 8);
    ASSERT_TRUE(until_sent(5));
    ASSERT_TRUE(house.until([&] { return state_of("ci") == TargetState::open; }));
    EXPECT_EQ(house.state(ids[7]), DeliveryState::pending) << "what was not sent used up no attempt";

    clock.advance(29s);
    EXPECT_THAT(transport.sent, SizeIs(5));
    answer_with(204);
    clock.advance(1s);
    for (const auto& id : ids) EXPECT_TRUE(house.until_state(id, DeliveryState::delivered));
    EXPECT_EQ(state_of("ci"), TargetState::well);
}

TEST_F(HealthTest, OneThatSaysNoIsThere) {
    answer_with(404);
    house.use({webhook("ci", "https://ci.example.com/hook")}, 1);
    house.start();
    auto ids = give("ci", 8);
    for (const auto& id : ids) EXPECT_TRUE(house.until_state(id, DeliveryState::dead));
    EXPECT_EQ(state_of("ci"), TargetState::failing);
}

TEST_F(HealthTest, RetryAfterHoldsTheWholeTarget) {
    net::Headers headers;
    headers.set("Retry-After", "120");
    answer_with(429, headers);
    house.use({webhook("ci", "https://ci.example.com/hook")}, 1);
    house.start();
    give("ci", 3);
    ASSERT_TRUE(until_sent(1));
    ASSERT_TRUE(house.until([&] { return state_of("ci") == TargetState::open; }));
    clock.advance(119s);
    EXPECT_THAT(transport.sent, SizeIs(1));
    answer_with(204);
    clock.advance(1s);
    EXPECT_TRUE(until_sent(4));
}

std::shared_ptr<const rules::PlanningTable> telling(const std::string& target) {
    auto table = std::make_shared<rules::PlanningTable>();
    table->targets = {{"ci", false}, {"chat", false}};
    table->notify = {{"target.disabled", {target, "ci"}}};
    table->source = "basewatch://test";
    return table;
}

TEST_F(HealthTest, GoneDisablesTheTargetAndTellsTheOthers) {
    house.planning = telling("chat");
    transport.answer = [](const net::HttpRequest& request) {
        return AnsweringTransport::status(request.url.host == "ci.example.com" ? 410 : 204);
    };
    house.use({webhook("ci", "https://ci.example.com/hook"), webhook("chat", "https://chat.example.com/in")},
              1);
    auto ids = give("ci", 3);
    house.start();
    ASSERT_TRUE(until_sent(2)) << "one to ci, one that tells of it";
    EXPECT_TRUE(house.until([&] { return state_of("ci") == TargetState::disabled; }));
    EXPECT_EQ(transport.sent[1].request.url.host, "chat.example.com");
    EXPECT_THAT(
        transport.sent[1].request.body,
        testing::AllOf(HasSubstr("dev.basewatch.target.disabled"), HasSubstr(R"("subject":"target:ci")"),
                       HasSubstr(R"("reason":"410 Gone")"), HasSubstr(R"("waiting":2)")));
    EXPECT_EQ(house.state(ids[0]), DeliveryState::dead);
    EXPECT_EQ(house.state(ids[1]), DeliveryState::pending) << "nothing is lost";
    EXPECT_EQ(house.report("ci").reason, "410 Gone");

    answer_with(204);
    test::must(test::run_async(loop, house.dispatcher().resume("ci")));
    EXPECT_TRUE(house.until_state(ids[1], DeliveryState::delivered));
    EXPECT_TRUE(house.until_state(ids[2], DeliveryState::delivered));
    EXPECT_EQ(state_of("ci"), TargetState::well);
}

TEST_F(HealthTest, WhatIsDisabledOrPausedStaysSoOverARestart) {
    test::TemporaryFolder folder;
    {
        House before(loop, clock, transport, folder / "state.db");
        answer_with(410);
        before.use(
            {webhook("ci", "https://ci.example.com/hook"), webhook("chat", "https://chat.example.com/in")});
        before.start();
        before.give("ci");
        ASSERT_TRUE(before.until([&] { return before.report("ci").state == TargetState::disabled; }));
        test::must(test::run_async(loop, before.dispatcher().pause("chat")));
    }
    transport.sent.clear();
    answer_with(204);
    House after(loop, clock, transport, folder / "state.db");
    after.given = 1;
    after.use({webhook("ci", "https://ci.example.com/hook"), webhook("chat", "https://chat.example.com/in"),
               webhook("other", "https://other.example.com/in")});
    after.start();
    EXPECT_EQ(after.report("ci").state, TargetState::disabled);
    EXPECT_EQ(after.report("chat").state, TargetState::paused);
    auto ids = after.give_to({"ci", "chat", "other"});
    EXPECT_TRUE(after.until_state(ids[2], DeliveryState::delivered));
    EXPECT_THAT(transport.sent, SizeIs(1));
    test::must(test::run_async(loop, after.dispatcher().resume("chat")));
    EXPECT_TRUE(after.until_state(ids[1], DeliveryState::delivered));
}

TEST_F(HealthTest, WhatWaitedTooLongIsNotSentWhenItsTargetIsResumed) {
    house.use({webhook("ci", "https://ci.example.com/hook")});
    test::must(test::run_async(loop, house.dispatcher().pause("ci")));
    auto old = house.give("ci");
    clock.advance(73h);
    auto young = house.give("ci");
    house.start();
    test::must(test::run_async(loop, house.dispatcher().resume("ci")));
    EXPECT_TRUE(house.until_state(young, DeliveryState::delivered));
    EXPECT_EQ(house.state(old), DeliveryState::dead);
    EXPECT_THAT(house.delivery(old).last_error, HasSubstr("expired"));
    EXPECT_EQ(house.delivery(old).reason, "expired");
}

TEST_F(HealthTest, AnUnknownTargetCannotBeSteered) {
    house.use({webhook("ci", "https://ci.example.com/hook")});
    auto paused = test::run_async(loop, house.dispatcher().pause("cd"));
    ASSERT_FALSE(paused);
    EXPECT_EQ(paused.error().kind(), ErrorKind::not_found);
    EXPECT_FALSE(test::run_async(loop, house.dispatcher().resume("cd")));
}

TEST_F(HealthTest, ADrainAsksATargetThatFailsForEachDeliveryAndNoneThatIsStopped) {
    answer_with(500);
    house.use({webhook("ci", "https://ci.example.com/hook"), webhook("chat", "https://chat.example.com/in")},
              1);
    test::must(test::run_async(loop, house.dispatcher().pause("chat")));
    give("ci", 7);
    give("chat", 2);
    auto drained = test::run_async(loop, house.dispatcher().drain_once());
    EXPECT_EQ(drained.failed, 7u);
    EXPECT_THAT(transport.sent, SizeIs(7));
}

struct Case {
    const char* name;
    std::optional<Milliseconds> failing_for;
    Sign sign;
    int status;
    DeliveryState next;
    bool disables;
};

TEST(ReasonToDisable, IsGoneOrFiveDaysWithoutAnArrival) {
    Time now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)};
    const Case cases[]{
        {"gone", std::nullopt, Sign::refused, 410, DeliveryState::dead, true},
        {"the first failure", std::nullopt, Sign::absent, 503, DeliveryState::dead, false},
        {"four days", 96h, Sign::absent, 0, DeliveryState::dead, false},
        {"five days", 120h, Sign::absent, 0, DeliveryState::dead, true},
        {"five days of refusals", 120h, Sign::refused, 404, DeliveryState::dead, true},
        {"five days, but it has retries left", 120h, Sign::absent, 503, DeliveryState::waiting, false},
        {"nothing was sent", 240h, Sign::nothing, 0, DeliveryState::dead, false},
        {"it arrived", 240h, Sign::delivered, 200, DeliveryState::delivered, false},
    };
    for (const auto& each : cases) {
        model::TargetHealth health;
        if (each.failing_for) health.failing_since = now - *each.failing_for;
        Attempt attempt;
        attempt.sign = each.sign;
        attempt.status = each.status;
        attempt.next = each.next;
        attempt.detail = "it says no";
        EXPECT_EQ(reason_to_disable(health, attempt, now).has_value(), each.disables) << each.name;
    }
}

}  // namespace
}  // namespace basewatch::dispatch
