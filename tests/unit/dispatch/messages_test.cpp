// Fewer messages: what a target is told together, and what waits for the end of its quiet hours.

#include "dispatch/delivery_queue.hpp"
#include "foundation/json.hpp"
#include "foundation/log.hpp"
#include "house.hpp"
#include "support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace basewatch::test {
namespace {

using namespace std::chrono_literals;
using testing::SizeIs;

class Messages : public testing::Test {
protected:
    Messages() {
        log::open(log::Format::text, log::Level::error);
        transport.answer = [](const auto&) { return AnsweringTransport::status(200, "ok"); };
    }

    static presets::Target chat(std::optional<model::Grouping> group) {
        settings::TargetSettings target;
        target.name = "chat";
        target.preset = "webhook";
        target.fields.url = Secret("https://chat.example.com/");
        target.fields.body = "{told: [.events[].id], first: .id}";
        target.group = group;
        return must(presets::merge(target));
    }
    // An event for chat, as a plan would give it.
    std::string tell(std::optional<model::Grouping> group) {
        store::Finding finding;
        model::Event event;
        event.id = "evt_" + std::to_string(++told_);
        event.type = "dev.basewatch.base.changed";
        event.subject = "docker.io/library/base:1";
        event.time = clock.now();
        event.json = R"({"id":")" + event.id + R"(","type":"dev.basewatch.base.changed","data":{}})";
        finding.events = {event};
        model::Delivery delivery;
        delivery.id = "dlv_" + std::to_string(told_);
        delivery.event_id = event.id;
        delivery.target = "chat";
        delivery.created_at = delivery.due_at = clock.now();
        delivery.group = group;
        finding.deliveries = {delivery};
        must(run_async(loop, house.store().record(std::move(finding))));
        house.dispatcher().notify({"chat"});
        return delivery.id;
    }
    // Until the queue has looked, and waits for something at the clock.
    bool idle() {
        return house.until([&] { return clock.next().has_value() && house.report("chat").in_flight == 0; });
    }
    nlohmann::json body(std::size_t i) { return *parse_json(transport.sent.at(i).request.body); }

    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};
    int told_ = 0;
};

TEST_F(Messages, OfOneGroupAreOneRequestWithAllEvents) {
    const model::Grouping group{2min, 10min};
    house.use({chat(group)});
    house.start();
    auto id = tell(group);
    ASSERT_TRUE(idle());
    clock.advance(1min);
    tell(group);
    tell(group);
    ASSERT_TRUE(idle());
    EXPECT_THAT(transport.sent, SizeIs(0));
    clock.advance(2min);
    ASSERT_TRUE(house.until_state(id, model::DeliveryState::delivered));
    ASSERT_THAT(transport.sent, SizeIs(1));
    EXPECT_EQ(body(0).dump(), R"({"first":"evt_1","told":["evt_1","evt_2","evt_3"]})");
    EXPECT_EQ(transport.sent[0].header("webhook-id"), id);
}

TEST_F(Messages, WithOneEventHaveAListOfOne) {
    const model::Grouping group{1s, 1s};
    house.use({chat(group)});
    house.start();
    auto id = tell(group);
    ASSERT_TRUE(idle());
    clock.advance(1s);
    ASSERT_TRUE(house.until_state(id, model::DeliveryState::delivered));
    EXPECT_EQ(body(0).dump(), R"({"first":"evt_1","told":["evt_1"]})");
}

// Whatever its preset and body are by then: what the state holds is told whole.
TEST_F(Messages, OfSeveralEventsAreToldOneByOneWhereTheBodyCannotTellThemAnyMore) {
    const model::Grouping group{1s, 1s};
    house.use({chat(group)});
    auto id = tell(group);
    tell(group);
    tell(group);
    auto plain = chat(std::nullopt);
    plain.fields.body = "{first: .id}";
    plain.tells_several = false;
    house.use({plain});
    house.start();
    clock.advance(1s);
    ASSERT_TRUE(house.until_state(id, model::DeliveryState::delivered));
    for (const char* other : {"dlv_2", "dlv_3"})
        ASSERT_TRUE(house.until_state(other, model::DeliveryState::delivered));
    std::map<std::string, std::string> told;
    for (std::size_t i = 0; i < transport.sent.size(); ++i)
        told[transport.sent[i].header("webhook-id")] = body(i)["first"];
    EXPECT_THAT(told, testing::ElementsAre(testing::Pair("dlv_1", "evt_1"), testing::Pair("dlv_2", "evt_2"),
                                           testing::Pair("dlv_3", "evt_3")));
}

TEST_F(Messages, AreToldWholeWhenTheTableChangesWhileTheyAreClaimed) {
    const model::Grouping group{1s, 1s};
    house.use({chat(group)});
    house.start();
    auto id = tell(group);
    tell(group);
    ASSERT_TRUE(idle());
    auto plain = chat(std::nullopt);
    plain.fields.body = "{first: .id}";
    plain.tells_several = false;
    clock.advance(1s);
    house.use({plain});
    // Together, where the request was made before; else one by one.
    std::set<std::string> told;
    ASSERT_TRUE(house.until([&] {
        for (std::size_t i = 0; i < transport.sent.size(); ++i) {
            auto sent = body(i);
            for (const auto& event : sent.value("told", nlohmann::json::array({sent["first"]})))
                told.insert(event);
        }
        return told.size() == 2;
    }));
    ASSERT_TRUE(house.until_state(id, model::DeliveryState::delivered));
    EXPECT_EQ(told, (std::set<std::string>{"evt_1", "evt_2"}));
}

TEST_F(Messages, WaitForTheEndOfQuietHours) {
    auto target = chat(model::Grouping());
    auto minutes = std::chrono::floor<std::chrono::minutes>(
        clock.now() - std::chrono::floor<std::chrono::days>(clock.now()));
    auto from = minutes, to = (minutes + 60min) % (24h);
    target.quiet = {{from, std::chrono::floor<std::chrono::minutes>(to), must(TimeZone::named("UTC"))}};
    house.use({target});
    house.start();
    auto id = tell(model::Grouping());
    ASSERT_TRUE(house.until([&] { return house.delivery(id).held_by == "quiet hours"; }));
    tell(model::Grouping());
    ASSERT_TRUE(idle());
    EXPECT_THAT(transport.sent, SizeIs(0));
    // A reload without them lets go what they held.
    target.quiet.clear();
    house.use({target});
    ASSERT_TRUE(house.until_state(id, model::DeliveryState::delivered));
    ASSERT_THAT(transport.sent, SizeIs(1));
    EXPECT_EQ(body(0)["told"].size(), 2u);
}

TEST(OrderOfClaims, GivesEachPriorityItsShare) {
    std::map<model::Priority, int> first;
    for (std::uint64_t i = 0; i < 160; ++i) {
        auto order = dispatch::order_of_claim(i);
        ++first[order[0]];
        EXPECT_NE(order[0], order[1]);
        EXPECT_NE(order[1], order[2]);
        EXPECT_NE(order[0], order[2]);
    }
    EXPECT_EQ(first[model::Priority::security], 120);
    EXPECT_EQ(first[model::Priority::routine], 30);
    EXPECT_EQ(first[model::Priority::bulk], 10);
    EXPECT_EQ(dispatch::order_of_claim(0)[0], model::Priority::security);
}

}  // namespace
}  // namespace basewatch::test
