// Messages to Kafka through the dispatcher, to brokers of the test's: with the headers of every delivery,
// refused, put off, and under the same id at every attempt.

#include "dispatch/kafka.hpp"

#include "support/fake_kafka_broker.hpp"
#include "support/kafka_cluster.hpp"
#include "support/manual_clock.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

struct KafkaTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};

    static settings::TargetSettings bus(std::vector<std::string> brokers) {
        settings::TargetSettings target;
        target.name = "bus";
        target.preset = "kafka";
        target.kafka.brokers = std::move(brokers);
        target.kafka.topic = "base-images";
        target.server.plain = true;
        return target;
    }
    std::string tried(const settings::TargetSettings& target) {
        house.use({must(presets::merge(target))});
        house.start();
        auto id = house.give("bus");
        EXPECT_TRUE(house.until([&] { return house.delivery(id).attempts > 0; }));
        return id;
    }
};

TEST_F(KafkaTest, TheEventArrivesWithTheHeadersOfADelivery) {
    KafkaCluster cluster;
    cluster.create("base-images");
    auto target = bus(cluster.brokers());
    target.secrets = {Secret("a secret that signs what is sent")};
    auto id = tried(target);
    EXPECT_EQ(house.state(id), DeliveryState::delivered);
    EXPECT_EQ(house.attempts(id).at(0).detail, "partition 0, offset 0");
    auto records = cluster.records("base-images", 1);
    ASSERT_THAT(records, SizeIs(1));
    auto& headers = records[0].headers;
    EXPECT_EQ(records[0].value, house.event_json(id));
    EXPECT_EQ(records[0].key, "docker.io/library/base-1:1");
    EXPECT_EQ(headers["content-type"], "application/cloudevents+json; charset=utf-8");
    EXPECT_EQ(headers["webhook-id"], id);
    EXPECT_EQ(headers["webhook-timestamp"], "1795435200");
    EXPECT_THAT(headers["webhook-signature"], StartsWith("v1,"));
    EXPECT_THAT(headers["traceparent"], AllOf(StartsWith("00-"), SizeIs(55)));
    EXPECT_THAT(headers, SizeIs(5));
    EXPECT_THAT(transport.sent, IsEmpty());
}

TEST_F(KafkaTest, WhatTheBrokerCannotTakeComesAgainUnderTheSameId) {
    KafkaCluster cluster;
    cluster.create("base-images");
    cluster.fail(KafkaCluster::Request::produce, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 1000);
    auto target = bus(cluster.brokers());
    target.fields.timeout = 3s;
    auto id = tried(target);
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    EXPECT_EQ(house.attempts(id).at(0).reason, "timeout");
    cluster.forgive(KafkaCluster::Request::produce);
    clock.advance(house.delivery(id).due_at - clock.now());
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    auto records = cluster.records("base-images", 1);
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(records[0].headers["webhook-id"], id);
}

TEST_F(KafkaTest, ATopicThatIsMadeLaterGetsIt) {
    KafkaCluster cluster;
    cluster.create("base-images");
    cluster.fail("base-images", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    auto target = bus(cluster.brokers());
    target.fields.timeout = 6s;  // half of it is for a topic that is only slow to be known
    auto id = tried(target);
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    EXPECT_EQ(house.attempts(id).at(0).reason, "4xx");
    cluster.fail("base-images", RD_KAFKA_RESP_ERR_NO_ERROR);
    clock.advance(house.delivery(id).due_at - clock.now());
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    EXPECT_THAT(cluster.records("base-images", 1), SizeIs(1));
}

TEST_F(KafkaTest, WhatIsRefusedIsDeadWithTheReason) {
    KafkaCluster cluster;
    cluster.create("base-images");
    cluster.fail(KafkaCluster::Request::produce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    auto id = tried(bus(cluster.brokers()));
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_EQ(house.attempts(id).at(0).reason, "4xx");
    EXPECT_THAT(house.attempts(id).at(0).detail, HasSubstr("MSG_SIZE_TOO_LARGE"));
}

TEST_F(KafkaTest, ARefusedLoginIsDeadAndDoesNotTellThePassword) {
    FakeKafkaBroker broker(loop);
    broker.refuses_logins = true;
    auto target = bus({broker.address()});
    target.kafka.sasl = settings::Sasl::plain;
    target.username = "basewatch";
    target.server.password = Secret("hunter2-hunter2");
    auto id = tried(target);
    EXPECT_EQ(broker.login, " basewatch hunter2-hunter2");
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_THAT(house.attempts(id).at(0).detail, HasSubstr("Invalid username or password"));
    EXPECT_THAT(house.attempts(id).at(0).detail, Not(HasSubstr("hunter2")));
    house.stop();
}

TEST_F(KafkaTest, AMetadataAddressIsGivenUpAtOnce) {
    auto id = tried(bus({"169.254.169.254:9092"}));
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_EQ(house.attempts(id).at(0).reason, "blocked address");
}

TEST_F(KafkaTest, ABodyAndAKeyOfOnesOwn) {
    KafkaCluster cluster;
    cluster.create("base-images");
    house.event_data = R"({"base":{"reference":"docker.io/library/ruby:3.3"}})";
    auto target = bus(cluster.brokers());
    target.fields.body = "{image: .data.base.reference}";
    target.kafka.key = settings::KafkaKey::base;
    auto id = tried(target);
    ASSERT_EQ(house.state(id), DeliveryState::delivered) << house.delivery(id).last_error;
    target.kafka.key = settings::KafkaKey::none;
    target.fields.content_type = "application/vnd.example+json";
    house.use({must(presets::merge(target))});
    ASSERT_TRUE(house.until_state(house.give("bus"), DeliveryState::delivered));
    auto records = cluster.records("base-images", 2);
    ASSERT_THAT(records, SizeIs(2));
    EXPECT_EQ(records[0].value, R"({"image":"docker.io/library/ruby:3.3"})");
    EXPECT_EQ(records[0].key, "docker.io/library/ruby:3.3");
    EXPECT_EQ(records[0].headers["content-type"], "application/json");
    EXPECT_FALSE(records[1].has_key);
    EXPECT_EQ(records[1].headers["content-type"], "application/vnd.example+json");
}

TEST(KafkaReceipt, WhatAnErrorMeansForADelivery) {
    struct Row {
        ErrorKind kind;
        std::string reason;
        DeliveryState next;
        model::Sign sign;
    };
    const Row rows[] = {
        {ErrorKind::unauthorized, "4xx", DeliveryState::dead, model::Sign::refused},
        {ErrorKind::not_found, "4xx", DeliveryState::waiting, model::Sign::refused},
        {ErrorKind::too_large, "4xx", DeliveryState::dead, model::Sign::refused},
        {ErrorKind::invalid, "4xx", DeliveryState::dead, model::Sign::refused},
        {ErrorKind::blocked, "blocked address", DeliveryState::dead, model::Sign::absent},
        {ErrorKind::unreachable, "refused", DeliveryState::waiting, model::Sign::absent},
        {ErrorKind::name_lookup, "dns", DeliveryState::waiting, model::Sign::absent},
        {ErrorKind::timed_out, "timeout", DeliveryState::waiting, model::Sign::absent},
        {ErrorKind::tls, "tls", DeliveryState::waiting, model::Sign::absent},
        {ErrorKind::server_error, "5xx", DeliveryState::waiting, model::Sign::absent},
        {ErrorKind::unsupported, "wrong answer", DeliveryState::waiting, model::Sign::absent},
    };
    auto target = must(presets::merge(KafkaTest::bus({"127.0.0.1:9092"})));
    Time now{};
    for (const auto& row : rows) {
        Result<net::KafkaReceipt> receipt = Error(row.kind, "why");
        auto answer = dispatch::read_receipt(target, receipt, {}, {1, now, 0.5}, now);
        SCOPED_TRACE(to_string(row.kind));
        EXPECT_EQ(answer.verdict.reason, row.reason);
        EXPECT_EQ(answer.verdict.next, row.next);
        EXPECT_EQ(answer.verdict.sign, row.sign);
        EXPECT_EQ(answer.came, row.sign == model::Sign::refused);
    }
}

}  // namespace
}  // namespace basewatch::test
