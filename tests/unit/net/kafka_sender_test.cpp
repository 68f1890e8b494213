// Messages to brokers on real sockets: what arrives, what a broker's answer means, and every way in which it
// can fail.

#include "net/kafka_sender.hpp"

#include "foundation/task_group.hpp"
#include "net/kafka_client.hpp"
#include "support/fake_kafka_broker.hpp"
#include "support/kafka_cluster.hpp"
#include "support/manual_clock.hpp"
#include "support/process.hpp"
#include "support/run_async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace basewatch::net {
namespace {

using test::FakeKafkaBroker;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;
using Request = test::KafkaCluster::Request;

const std::string topic = "base-images";

struct KafkaSenderTest : testing::Test {
    asio::io_context loop{1};
    test::ManualClock clock{loop};
    std::vector<std::string> addresses{"127.0.0.1"};
    std::mutex mutex;
    std::vector<std::string> asked;
    KafkaSender sender{loop.get_executor(), clock,
                       [this](const std::string& host) -> Result<std::vector<std::string>> {
                           std::scoped_lock lock(mutex);
                           asked.push_back(host);
                           if (host == "nowhere.example.com")
                               return Error(ErrorKind::name_lookup, "there is none");
                           return addresses;
                       }};

    static KafkaMessage message_to(std::vector<std::string> brokers, Milliseconds timeout = 10s) {
        KafkaMessage message;
        message.sender = "bus";
        message.cluster.brokers = std::move(brokers);
        message.cluster.topic = topic;
        message.cluster.tls = false;
        message.cluster.timeout = timeout;
        message.key = "docker.io/library/ruby:3.3";
        message.value = "{\"id\":\"evt_1\"}";
        message.headers = {{"content-type", "application/cloudevents+json; charset=utf-8"},
                           {"webhook-id", "dlv_1"}};
        return message;
    }
    Result<KafkaReceipt> send(KafkaMessage message) {
        return test::run_async(loop, sender.send(std::move(message)), 60s);
    }
    Error fault(KafkaMessage message) {
        auto receipt = send(std::move(message));
        EXPECT_FALSE(receipt) << "offset " << receipt->offset;
        return receipt ? Error() : receipt.error();
    }
    // Sends without waiting; `done` runs the loop until it holds.
    void begin(TaskGroup& tasks, std::optional<Result<KafkaReceipt>>& answer, KafkaMessage message) {
        tasks.start("message",
                    [](KafkaSender& sender, KafkaMessage message,
                       std::optional<Result<KafkaReceipt>>& answer) -> Async<void> {
                        auto receipt = co_await sender.send(std::move(message));
                        answer.emplace(std::move(receipt));
                    }(sender, std::move(message), answer));
    }
    bool until(const std::function<bool()>& done) {
        auto end = std::chrono::steady_clock::now() + 30s;
        while (!done() && std::chrono::steady_clock::now() < end) {
            loop.restart();
            loop.run_one_for(20ms);
        }
        return done();
    }
};

TEST_F(KafkaSenderTest, WhatIsSentArrivesByteForByte) {
    test::KafkaCluster cluster;
    cluster.create(topic);
    auto message = message_to(cluster.brokers());
    message.value = std::string("{\"text\":\"\xc3\xa9\"}\0\n", 16);
    auto receipt = send(message);
    ASSERT_TRUE(receipt) << receipt.error().message();
    EXPECT_EQ(receipt->partition, 0);
    EXPECT_EQ(receipt->offset, 0);
    auto records = cluster.records(topic, 1);
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(records[0].value, message.value);
    EXPECT_EQ(records[0].key, "docker.io/library/ruby:3.3");
    EXPECT_THAT(records[0].headers,
                ElementsAre(Pair("content-type", "application/cloudevents+json; charset=utf-8"),
                            Pair("webhook-id", "dlv_1")));
}

TEST_F(KafkaSenderTest, AnotherClientReadsIt) {
    test::KafkaCluster cluster;
    cluster.create(topic);
    ASSERT_TRUE(send(message_to(cluster.brokers())));
    auto read =
        test::run({"kcat", "-C", "-e", "-q", "-b", cluster.brokers()[0], "-t", topic, "-f", "%k|%h|%s\\n"});
    EXPECT_EQ(read.output,
              "docker.io/library/ruby:3.3|content-type=application/cloudevents+json; "
              "charset=utf-8,webhook-id=dlv_1|{\"id\":\"evt_1\"}\n")
        << read.errors;
}

TEST_F(KafkaSenderTest, OneProducerIsKeptBetweenMessages) {
    FakeKafkaBroker broker(loop);
    ASSERT_TRUE(send(message_to({broker.address()})));
    ASSERT_TRUE(send(message_to({broker.address()})));
    EXPECT_EQ(broker.produced, 2);
    EXPECT_EQ(broker.acks, -1) << "all in-sync replicas";
    int connections = broker.connections;
    EXPECT_EQ(sender.producers(), 1u);
    clock.advance(5min);
    EXPECT_EQ(sender.producers(), 0u) << "what is idle is closed";
    ASSERT_TRUE(send(message_to({broker.address()})));
    EXPECT_GT(broker.connections, connections);
    sender.renew();
    EXPECT_EQ(sender.producers(), 0u);
    ASSERT_TRUE(send(message_to({broker.address()})));
    auto other = message_to({broker.address()}, 9s);
    ASSERT_TRUE(send(other)) << "other settings, another producer";
    EXPECT_EQ(sender.producers(), 1u);
    EXPECT_EQ(broker.produced, 5);
}

TEST_F(KafkaSenderTest, MessagesOfOneKeyStandInOneOrder) {
    test::KafkaCluster cluster;
    cluster.create(topic, 4);
    TaskGroup tasks(loop.get_executor());
    std::vector<std::optional<Result<KafkaReceipt>>> answers(20);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        auto message = message_to(cluster.brokers());
        message.value = std::to_string(i);
        begin(tasks, answers[i], message);
    }
    test::run_async(loop, tasks.wait(), 60s);
    auto records = cluster.records(topic, answers.size());
    ASSERT_THAT(records, SizeIs(answers.size()));
    for (std::size_t i = 0; i < records.size(); ++i) {
        EXPECT_EQ(records[i].value, std::to_string(i));
        EXPECT_EQ(records[i].partition, records[0].partition);
    }
    auto without = message_to(cluster.brokers());
    without.key.reset();
    ASSERT_TRUE(send(without));
    int keyless = 0;
    for (const auto& record : cluster.records(topic, answers.size() + 1)) keyless += record.has_key ? 0 : 1;
    EXPECT_EQ(keyless, 1);
}

TEST_F(KafkaSenderTest, WhatPassesIsTriedAgainWithinItsTimeAndArrivesOnce) {
    for (auto error : {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                       RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR__TRANSPORT}) {
        SCOPED_TRACE(rd_kafka_err2name(error));
        test::KafkaCluster cluster;
        cluster.create(topic);
        cluster.fail(Request::produce, error, 2);
        auto receipt = send(message_to(cluster.brokers()));
        ASSERT_TRUE(receipt) << receipt.error().message();
        EXPECT_THAT(cluster.records(topic, 1), SizeIs(1));
    }
}

TEST_F(KafkaSenderTest, ABrokersWordThatIsFinalEndsItAtOnce) {
    const std::pair<rd_kafka_resp_err_t, ErrorKind> rows[] = {
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ErrorKind::unauthorized},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ErrorKind::too_large},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, ErrorKind::invalid},
    };
    for (const auto& [error, kind] : rows) {
        SCOPED_TRACE(rd_kafka_err2name(error));
        test::KafkaCluster cluster;
        cluster.create(topic);
        cluster.fail(Request::produce, error);
        auto failed = fault(message_to(cluster.brokers()));
        EXPECT_EQ(failed.kind(), kind);
        EXPECT_THAT(failed.message(), HasSubstr(rd_kafka_err2name(error)));
        // What is remembered of it does not outlive it.
        EXPECT_TRUE(send(message_to(cluster.brokers())));
        EXPECT_THAT(cluster.records(topic, 1), SizeIs(1));
    }
}

TEST_F(KafkaSenderTest, AClusterThatRefusesTheProducerIsUnauthorized) {
    test::KafkaCluster cluster;
    cluster.create(topic);
    cluster.fail(Request::init_producer_id, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    EXPECT_EQ(fault(message_to(cluster.brokers())).kind(), ErrorKind::unauthorized);
    EXPECT_TRUE(send(message_to(cluster.brokers())));
}

TEST_F(KafkaSenderTest, ATopicThatWeMayNotSeeIsUnauthorized) {
    FakeKafkaBroker broker(loop);
    broker.topic_error = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    EXPECT_EQ(fault(message_to({broker.address()})).kind(), ErrorKind::unauthorized);
    broker.topic_error = 0;
    EXPECT_TRUE(send(message_to({broker.address()})));
}

TEST_F(KafkaSenderTest, ATopicThatIsNotThereIsNotFound) {
    test::KafkaCluster cluster;
    cluster.create(topic);
    cluster.fail(topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    EXPECT_EQ(fault(message_to(cluster.brokers(), 10s)).kind(), ErrorKind::not_found);
    cluster.fail(topic, RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_TRUE(send(message_to(cluster.brokers()))) << "somebody has made it meanwhile";
}

TEST_F(KafkaSenderTest, ABrokerThatComesBackGetsItOnce) {
    test::KafkaCluster cluster;
    cluster.create(topic);
    cluster.stop();
    TaskGroup tasks(loop.get_executor());
    std::optional<Result<KafkaReceipt>> answer;
    begin(tasks, answer, message_to(cluster.brokers(), 30s));
    ASSERT_TRUE(until([&] {
        std::scoped_lock lock(mutex);
        return asked.size() > 1;
    })) << "it is tried more than once";
    EXPECT_FALSE(answer);
    cluster.start();
    test::run_async(loop, tasks.wait(), 60s);
    ASSERT_TRUE(answer && *answer) << (*answer).error().message();
    EXPECT_THAT(cluster.records(topic, 1), SizeIs(1));
}

TEST_F(KafkaSenderTest, NobodyThereIsUnreachableWhenItsTimeIsOver) {
    auto broker = "127.0.0.1:" + std::to_string(test::free_port());
    for (int attempt = 1; attempt <= 3; ++attempt) {
        auto failed = fault(message_to({broker}, 1s));
        EXPECT_EQ(failed.kind(), ErrorKind::unreachable) << attempt;
        EXPECT_EQ(failed.message(), "cannot connect to " + broker + ": Connection refused") << attempt;
    }
    EXPECT_EQ(fault(message_to({"nowhere.example.com:9092"}, 1s)).kind(), ErrorKind::name_lookup);
}

TEST_F(KafkaSenderTest, ABrokerThatWentAwayWhileNothingWasSentIsUnreachable) {
    std::string address;
    {
        FakeKafkaBroker broker(loop);
        address = broker.address();
        ASSERT_TRUE(send(message_to({address})));
        EXPECT_EQ(sender.producers(), 1u);
    }
    EXPECT_TRUE(until([&] { return sender.producers() == 0; })) << "what it had to say nobody would hear";
    auto failed = fault(message_to({address}, 1s));
    EXPECT_EQ(failed.kind(), ErrorKind::unreachable);
    EXPECT_THAT(failed.message(), HasSubstr("Connection refused"));
}

TEST_F(KafkaSenderTest, OneThatSaysNothingIsTimedOut) {
    FakeKafkaBroker broker(loop);
    broker.silent = true;
    // Long enough for the library to give the connection up before the message.
    auto failed = fault(message_to({broker.address()}, 4s));
    EXPECT_EQ(failed.kind(), ErrorKind::timed_out);
    EXPECT_THAT(failed.message(), HasSubstr("imed out"));
}

TEST_F(KafkaSenderTest, OurOwnClockEndsItToo) {
    FakeKafkaBroker broker(loop);
    broker.silent = true;
    TaskGroup tasks(loop.get_executor());
    std::optional<Result<KafkaReceipt>> answer;
    begin(tasks, answer, message_to({broker.address()}, 10min));
    ASSERT_TRUE(until([&] { return broker.connections > 0; }));
    clock.advance(10min + 2s);
    test::run_async(loop, tasks.wait(), 30s);
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().kind(), ErrorKind::timed_out);
    EXPECT_EQ(sender.producers(), 0u) << "so that it does not arrive later";
}

TEST_F(KafkaSenderTest, AStopEndsItSoon) {
    FakeKafkaBroker broker(loop);
    broker.silent = true;
    TaskGroup tasks(loop.get_executor());
    std::optional<Result<KafkaReceipt>> answer;
    begin(tasks, answer, message_to({broker.address()}));
    ASSERT_TRUE(until([&] { return broker.connections > 0; }));
    tasks.cancel();
    test::run_async(loop, tasks.wait(), 30s);
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().kind(), ErrorKind::cancelled);
    EXPECT_EQ(clock.waiting(), 0u);
    EXPECT_EQ(sender.producers(), 0u);
}

TEST_F(KafkaSenderTest, ALookupThatHangsDoesNotHoldUpTheEnd) {
    struct Hanging {
        std::mutex mutex;
        std::condition_variable changed;
        bool asked = false, over = false;
    };
    auto hanging = std::make_shared<Hanging>();
    auto lookup = [hanging](const std::string&) -> Result<std::vector<std::string>> {
        std::unique_lock lock(hanging->mutex);
        hanging->asked = true;
        hanging->changed.wait(lock, [&] { return hanging->over; });
        return Error(ErrorKind::name_lookup, "there is none");
    };
    auto hung = std::make_unique<KafkaSender>(loop.get_executor(), clock, std::move(lookup));
    TaskGroup tasks(loop.get_executor());
    tasks.start("message", [](KafkaSender& sender, KafkaMessage message) -> Async<void> {
        auto receipt = co_await sender.send(std::move(message));
        EXPECT_EQ(receipt.error().kind(), ErrorKind::cancelled);
    }(*hung, message_to({"kafka.example.com:9092"})));
    ASSERT_TRUE(until([&] {
        std::scoped_lock lock(hanging->mutex);
        return hanging->asked;
    }));
    tasks.cancel();
    test::run_async(loop, tasks.wait(), 30s);
    hung.reset();
    {
        std::scoped_lock lock(hanging->mutex);
        hanging->over = true;
        hanging->changed.notify_all();
    }
    EXPECT_TRUE(until([&] { return hanging.use_count() == 1; })) << "what was left behind ends by itself";
}

TEST_F(KafkaSenderTest, LogsInOverTls) {
    test::CertificateAuthority authority;
    FakeKafkaBroker broker(loop, authority.sign());
    broker.leader = "localhost";
    auto message = message_to({"localhost:" + std::to_string(broker.port())});
    message.cluster.tls = true;
    message.cluster.ca_file = authority.file();
    message.cluster.login = KafkaLogin::plain;
    message.cluster.username = "basewatch";
    message.cluster.password = "hunter2-hunter2";
    auto receipt = send(message);
    ASSERT_TRUE(receipt) << receipt.error().message();
    EXPECT_EQ(broker.login, " basewatch hunter2-hunter2");
    EXPECT_EQ(broker.produced, 1);
}

TEST_F(KafkaSenderTest, ShowsACertificateOfOursWhereItIsWanted) {
    test::CertificateAuthority authority, ours;
    FakeKafkaBroker broker(loop, authority.sign(), ours.file());
    auto message = message_to({"localhost:" + std::to_string(broker.port())}, 2s);
    broker.leader = "localhost";
    message.cluster.tls = true;
    message.cluster.ca_file = authority.file();
    EXPECT_EQ(fault(message).kind(), ErrorKind::tls) << "without one";
    auto files = ours.sign();
    message.cluster.client_certificate_file = files.certificate;
    message.cluster.client_key_file = files.key;
    auto receipt = send(message);
    EXPECT_TRUE(receipt) << receipt.error().message();
    EXPECT_EQ(broker.produced, 1);
}

TEST_F(KafkaSenderTest, ARefusedLoginEndsItAtOnceAndIsNotRepeated) {
    FakeKafkaBroker broker(loop);
    broker.refuses_logins = true;
    auto message = message_to({broker.address()});
    message.cluster.login = KafkaLogin::plain;
    message.cluster.username = "basewatch";
    message.cluster.password = "hunter2-hunter2";
    auto failed = fault(message);
    EXPECT_EQ(failed.kind(), ErrorKind::unauthorized);
    EXPECT_THAT(failed.message(), HasSubstr("Invalid username or password"));
    EXPECT_THAT(failed.message(), Not(HasSubstr("hunter2")));
    EXPECT_EQ(broker.connections, 1);
    message.cluster.login = KafkaLogin::scram_sha_512;
    failed = fault(message);
    EXPECT_EQ(failed.kind(), ErrorKind::unauthorized) << "a mechanism that the broker does not have";
}

TEST_F(KafkaSenderTest, ACertificateOfAnotherIsRefused) {
    test::CertificateAuthority authority, stranger;
    test::CertificateWishes wishes;
    wishes.names = {"other.example.com"};
    wishes.addresses = {};
    FakeKafkaBroker named(loop, authority.sign(wishes)), strange(loop, stranger.sign()), plain(loop);
    for (const auto* broker : {&named, &strange, &plain}) {
        auto message = message_to({"localhost:" + std::to_string(broker->port())}, 2s);
        message.cluster.tls = true;
        message.cluster.ca_file = authority.file();
        auto failed = fault(message);
        EXPECT_EQ(failed.kind(), ErrorKind::tls) << failed.message();
        EXPECT_EQ(broker->produced, 0);
    }
    auto unreadable = message_to({"localhost:9093"});
    unreadable.cluster.tls = true;
    unreadable.cluster.ca_file = "/dev/null";
    EXPECT_EQ(fault(unreadable).kind(), ErrorKind::tls);
}

TEST_F(KafkaSenderTest, GuardedAddressesAreNotConnectedTo) {
    FakeKafkaBroker broker(loop);
    for (const char* address : {"169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"}) {
        addresses = {address};
        EXPECT_EQ(fault(message_to({"kafka.example.com:9092"})).kind(), ErrorKind::blocked) << address;
    }
    addresses = {"169.254.169.254", "127.0.0.1"};
    EXPECT_TRUE(send(message_to({"kafka.example.com:" + std::to_string(broker.port())})))
        << "the address that is allowed is taken";
    sender.renew();
    auto message = message_to({broker.address()});
    message.cluster.addresses = AddressRule::public_only;
    addresses = {"127.0.0.1"};
    EXPECT_EQ(fault(message).kind(), ErrorKind::blocked);
}

TEST_F(KafkaSenderTest, ABrokerCannotSendUsToAGuardedAddress) {
    FakeKafkaBroker broker(loop);
    broker.leader = "metadata.example.com";
    KafkaSender careful(
        loop.get_executor(), clock, [](const std::string& host) -> Result<std::vector<std::string>> {
            return std::vector<std::string>{host == "metadata.example.com" ? "169.254.169.254" : "127.0.0.1"};
        });
    auto receipt = test::run_async(loop, careful.send(message_to({broker.address()})), 60s);
    ASSERT_FALSE(receipt);
    EXPECT_EQ(receipt.error().kind(), ErrorKind::blocked);
    EXPECT_EQ(broker.produced, 0);
}

TEST(Kafka, WhatABrokersErrorMeans) {
    const std::pair<rd_kafka_resp_err_t, ErrorKind> rows[] = {
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, ErrorKind::unauthorized},
        {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ErrorKind::unauthorized},
        {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, ErrorKind::unauthorized},
        {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ErrorKind::unauthorized},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ErrorKind::not_found},
        {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, ErrorKind::invalid},
        {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ErrorKind::too_large},
        {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ErrorKind::invalid},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ErrorKind::timed_out},
        {RD_KAFKA_RESP_ERR__RESOLVE, ErrorKind::name_lookup},
        {RD_KAFKA_RESP_ERR__SSL, ErrorKind::tls},
        {RD_KAFKA_RESP_ERR__TRANSPORT, ErrorKind::unreachable},
        {RD_KAFKA_RESP_ERR__QUEUE_FULL, ErrorKind::unreachable},
        {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, ErrorKind::server_error},
        {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, ErrorKind::server_error},
        {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, ErrorKind::unsupported},
    };
    for (const auto& [code, kind] : rows) EXPECT_EQ(kind_of(code), kind) << rd_kafka_err2name(code);
    EXPECT_EQ(
        connection_error(RD_KAFKA_RESP_ERR__TRANSPORT, "Disconnected (after 0ms in state SSL_HANDSHAKE)")
            .kind(),
        ErrorKind::tls);
}

TEST(Kafka, AFaultOfAConnectionIsToldInOurWords) {
    const std::pair<const char*, const char*> rows[] = {
        {"127.0.0.1:24999/bootstrap: Connect to ipv4#127.0.0.1:24999 failed: Connection refused (after 0ms "
         "in "
         "state CONNECT, 1 identical error(s) suppressed)",
         "cannot connect to 127.0.0.1:24999: Connection refused"},
        {"sasl_ssl://kafka.example.com:9093/bootstrap: Connect to ipv6#[2001:db8::1]:9093 failed: No route "
         "to "
         "host",
         "cannot connect to sasl_ssl://kafka.example.com:9093 at [2001:db8::1]:9093: No route to host"},
        {"kafka.example.com:9092/1: Disconnected (after 7ms in state APIVERSION_QUERY)",
         "kafka.example.com:9092/1: Disconnected"},
        {"Failed to resolve 'x:9092': Name or service not known",
         "Failed to resolve 'x:9092': Name or service not known"},
        {"", ""},
    };
    for (const auto& [said, words] : rows) EXPECT_EQ(connection_words(said), words);
}

TEST(Kafka, ALoginThatGotNoAnswerIsNotRefused) {
    auto kind = [](const char* reason) {
        return connection_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, reason).kind();
    };
    EXPECT_EQ(kind("SASL SCRAM-SHA-256 mechanism handshake failed: Local: Broker transport failure: broker's "
                   "supported mechanisms:  (after 4ms in state AUTH_HANDSHAKE)"),
              ErrorKind::unreachable);
    EXPECT_EQ(
        kind("SASL PLAIN mechanism handshake failed: Local: Timed out: broker's supported mechanisms: "),
        ErrorKind::timed_out);
    EXPECT_EQ(kind("SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's "
                   "supported mechanisms: SCRAM-SHA-512"),
              ErrorKind::unauthorized);
}

TEST(Kafka, ALoginThatAnOldLibraryCannotMakeIsExplained) {
    EXPECT_THAT(login_trap(KafkaLogin::scram_sha_512, 0x020002ff), HasSubstr("2.6.1"));
    EXPECT_THAT(login_trap(KafkaLogin::scram_sha_256, 0x020600ff), HasSubstr("2.6.1"));
    EXPECT_EQ(login_trap(KafkaLogin::scram_sha_512, 0x020601ff), "");
    EXPECT_EQ(login_trap(KafkaLogin::plain, 0x020002ff), "");
}

}  // namespace
}  // namespace basewatch::net
