// Messages through the dispatcher to a real nats-server: stored once, waiting while nobody takes them, and
// what comes of every refusal.

#include "dispatch/nats.hpp"

#include "dispatch/signature.hpp"
#include "support/manual_clock.hpp"
#include "support/nats_server.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

settings::TargetSettings nats_settings(int port, const std::string& host = "127.0.0.1") {
    settings::TargetSettings target;
    target.name = "bus";
    target.preset = "nats";
    target.nats.servers = {{host, static_cast<std::uint16_t>(port)}};
    target.nats.subject = "basewatch.events";
    return target;
}

struct NatsTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};

    std::string tried(const settings::TargetSettings& settings) {
        house.use({must(presets::merge(settings))});
        house.start();
        auto id = house.give("bus");
        EXPECT_TRUE(house.until([&] { return house.delivery(id).attempts > 0; }));
        return id;
    }
    void again(const std::string& id) {
        clock.advance(house.delivery(id).due_at - clock.now());
        EXPECT_TRUE(house.until_state(id, DeliveryState::delivered));
    }
};

TEST_F(NatsTest, IsDeliveredWhenAStreamHasIt) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    auto settings = nats_settings(server.port());
    settings.secrets = {Secret("a-secret-of-ours")};
    auto id = tried(settings);
    EXPECT_EQ(house.state(id), DeliveryState::delivered);
    EXPECT_EQ(house.attempts(id).at(0).detail, "stored in stream EVENTS as 1");
    auto stored = server.stored("EVENTS");
    ASSERT_THAT(stored, SizeIs(1));
    EXPECT_EQ(stored[0].body, house.event_json(id));
    EXPECT_THAT(stored[0].headers,
                AllOf(Contains(Pair("Nats-Msg-Id", id)), Contains(Pair("webhook-id", id)),
                      Contains(Key("webhook-timestamp")), Contains(Key("traceparent")),
                      Contains(Pair("Content-Type", "application/cloudevents+json; charset=utf-8"))));
    net::Headers headers;
    for (const auto& [name, value] : stored[0].headers) headers.set(name, value);
    auto seconds = std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count();
    EXPECT_TRUE(dispatch::verify(headers, stored[0].body, seconds, settings.secrets));
    EXPECT_THAT(transport.sent, IsEmpty());
}

TEST_F(NatsTest, WaitsForAServerThatIsAwayAndArrivesOnce) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    server.stop();
    auto id = tried(nats_settings(server.port()));
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    EXPECT_EQ(house.attempts(id).at(0).reason, "refused");
    server.restart();
    again(id);
    EXPECT_THAT(server.stored("EVENTS"), SizeIs(1));
}

TEST_F(NatsTest, WaitsForAStream) {
    NatsServer server;
    auto id = tried(nats_settings(server.port()));
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    auto attempt = house.attempts(id).at(0);
    EXPECT_EQ(attempt.reason, "wrong answer");
    EXPECT_THAT(attempt.detail, HasSubstr("no JetStream stream takes this subject"));
    server.create_stream("EVENTS", "basewatch.>");
    again(id);
    EXPECT_THAT(server.stored("EVENTS"), SizeIs(1));
}

TEST_F(NatsTest, ARefusedLoginIsTriedAgain) {
    NatsServer server("authorization: {token: \"a-token-of-ours\"}");
    auto settings = nats_settings(server.port());
    settings.token = Secret("another-token-of-ours");
    auto id = tried(settings);
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    auto attempt = house.attempts(id).at(0);
    EXPECT_EQ(attempt.reason, "4xx");
    EXPECT_THAT(attempt.detail, HasSubstr("Authorization Violation"));
}

TEST_F(NatsTest, AMessageThatIsTooLargeIsGivenUp) {
    NatsServer server("max_payload: 64");
    auto settings = nats_settings(server.port());
    settings.nats.jetstream = false;
    auto id = tried(settings);
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_THAT(house.attempts(id).at(0).detail, HasSubstr("Maximum Payload"));
}

TEST_F(NatsTest, AMetadataAddressIsGivenUpAtOnce) {
    auto id = tried(nats_settings(4222, "169.254.169.254"));
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_EQ(house.attempts(id).at(0).reason, "blocked address");
}

TEST_F(NatsTest, WithoutJetStreamTheServerIsEnough) {
    NatsServer server;
    NatsSubscriber subscriber(server.port(), ">");
    auto settings = nats_settings(server.port());
    settings.nats.jetstream = false;
    auto id = tried(settings);
    EXPECT_EQ(house.state(id), DeliveryState::delivered);
    EXPECT_EQ(house.attempts(id).at(0).detail, "the server took it");
    EXPECT_EQ(subscriber.next().body, house.event_json(id));
}

}  // namespace
}  // namespace basewatch::test
