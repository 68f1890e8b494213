// Messages to a real nats-server: what arrives there, whom it lets in, and every way in which it can fail.

#include "net/nats_sender.hpp"

#include "foundation/task_group.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "support/certificates.hpp"
#include "support/manual_clock.hpp"
#include "support/nats_server.hpp"
#include "support/run_async.hpp"
#include "unit/net/nats_credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <source_location>

namespace basewatch::net {
namespace {

using test::NatsServer;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

struct NatsSenderTest : testing::Test {
    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    SystemResolver resolver{loop.get_executor(), clock};
    SystemDialer dialer{loop.get_executor(), clock, resolver};
    NatsSender sender{loop.get_executor(), clock, dialer};
    TaskGroup tasks{loop.get_executor()};

    static NatsMessage message_to(int port) {
        NatsMessage message;
        message.target = "bus";
        message.access.servers = {{"127.0.0.1", static_cast<std::uint16_t>(port)}};
        message.subject = "basewatch.events";
        message.headers.set("Content-Type", "application/cloudevents+json");
        message.message_id = "dlv_1";
        message.body = R"({"id":"evt_1"})";
        return message;
    }
    Result<NatsAck> send(NatsMessage message) {
        return test::run_async(loop, sender.send(std::move(message)), 60s);
    }
    Error fault(NatsMessage message) {
        auto ack = send(std::move(message));
        EXPECT_FALSE(ack) << ack->stream;
        return ack ? Error() : ack.error();
    }
    // For several at a time: how each of them ended is in `ends`, `invalid` for one that was taken.
    Async<void> send_beside(NatsMessage message) {
        auto ack = co_await sender.send(std::move(message));
        ends.push_back(ack ? ErrorKind::invalid : ack.error().kind());
    }
    std::vector<ErrorKind> ends;

    void expect_fault(NatsMessage message, ErrorKind kind, const std::string& words,
                      std::source_location where = std::source_location::current()) {
        testing::ScopedTrace trace(where.file_name(), static_cast<int>(where.line()), "");
        auto error = fault(std::move(message));
        EXPECT_EQ(error.kind(), kind) << error.message();
        EXPECT_THAT(error.message(), HasSubstr(words));
    }
};

TEST_F(NatsSenderTest, AStreamTakesAMessageOnceForEachId) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    auto ack = send(message_to(server.port()));
    ASSERT_TRUE(ack) << ack.error().message();
    EXPECT_EQ(ack->stream, "EVENTS");
    EXPECT_EQ(ack->sequence, 1u);
    EXPECT_FALSE(ack->duplicate);
    auto again = send(message_to(server.port()));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_TRUE(again->duplicate);
    auto other = message_to(server.port());
    other.message_id = "dlv_2";
    EXPECT_EQ(send(other)->sequence, 2u);
    auto stored = server.stored("EVENTS");
    ASSERT_THAT(stored, SizeIs(2));
    EXPECT_EQ(stored[0].subject, "basewatch.events");
    EXPECT_EQ(stored[0].body, R"({"id":"evt_1"})");
    EXPECT_THAT(stored[0].headers, AllOf(Contains(Pair("Content-Type", "application/cloudevents+json")),
                                         Contains(Pair("Nats-Msg-Id", "dlv_1"))));
    EXPECT_EQ(sender.connections(), 1u);
}

TEST_F(NatsSenderTest, WithoutJetStreamSubscribersHearIt) {
    NatsServer server;
    test::NatsSubscriber subscriber(server.port(), "basewatch.*");
    auto message = message_to(server.port());
    message.jetstream = false;
    auto ack = send(message);
    ASSERT_TRUE(ack) << ack.error().message();
    EXPECT_EQ(ack->stream, "");
    auto heard = subscriber.next();
    EXPECT_EQ(heard.body, message.body);
    EXPECT_THAT(heard.headers, Contains(Pair("Nats-Msg-Id", "dlv_1")));
}

TEST_F(NatsSenderTest, ASubjectThatNoStreamTakesIsAWrongAnswer) {
    NatsServer server;
    expect_fault(message_to(server.port()), ErrorKind::bad_answer, "no JetStream stream takes this subject");
}

TEST_F(NatsSenderTest, LetsItselfInByPasswordAndByToken) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    server.restart("authorization: {user: basewatch, password: hunter2-hunter2}");
    auto message = message_to(server.port());
    expect_fault(message, ErrorKind::unauthorized, "Authorization");
    message.access.username = "basewatch";
    message.access.password = "wrong-wrong";
    auto refused = fault(message);
    EXPECT_EQ(refused.kind(), ErrorKind::unauthorized);
    EXPECT_THAT(refused.message(), Not(HasSubstr("wrong-wrong")));
    message.access.password = "hunter2-hunter2";
    EXPECT_TRUE(send(message));
    server.restart("authorization: {token: \"a-token-of-ours\"}");
    message.access.username = message.access.password = "";
    message.access.token = "another-token";
    expect_fault(message, ErrorKind::unauthorized, "Authorization");
    message.access.token = "a-token-of-ours";
    EXPECT_TRUE(send(message));
}

TEST_F(NatsSenderTest, LetsItselfInByNkey) {
    // A pair made for this test.
    const std::string user = "UDWNHAJTN3XANK6OQANAM24PTRMZ53O6VSEBTVRGN5QFDF73OIDRSWGB";
    test::TemporaryFolder folder;
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    server.restart("authorization: {users: [{nkey: " + user + "}]}");
    auto message = message_to(server.port());
    expect_fault(message, ErrorKind::unauthorized, "Authorization");
    message.access.nkey = user;
    message.access.nkey_file =
        folder.write("seed", "SUANL62W5OADWX6PZXB5X5MKOJ6PLDZSQV4K6GWMY2SOBQ3J3DUI5GM6AY\n");
    auto ack = send(message);
    EXPECT_TRUE(ack) << ack.error().message();
    message.access.nkey_file = folder / "nothing";
    EXPECT_FALSE(send(message));
}

TEST_F(NatsSenderTest, LetsItselfInByACredentialsFile) {
    test::TemporaryFolder folder;
    NatsServer server("jetstream: false\noperator: " + std::string(nats_operator) +
                      "\nresolver: MEMORY\nresolver_preload: {" + nats_account_key + ": " + nats_account +
                      "}");
    auto message = message_to(server.port());
    message.jetstream = false;
    expect_fault(message, ErrorKind::unauthorized, "Authorization");
    message.access.credentials_file =
        folder.write("user.creds", std::string("-----BEGIN NATS USER JWT-----\n") + nats_user +
                                       "\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n" +
                                       nats_user_seed + "\n------END USER NKEY SEED------\n");
    auto ack = send(message);
    EXPECT_TRUE(ack) << ack.error().message();
    message.access.credentials_file = folder.write("empty.creds", "");
    EXPECT_FALSE(send(message));
    message.access.credentials_file = folder / "nothing.creds";
    EXPECT_FALSE(send(message));
}

TEST_F(NatsSenderTest, ASubjectThatWeMayNotPublishToIsRefused) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    server.restart(
        "authorization: {users: [{user: u, password: hunter2-hunter2, permissions: {publish: [other]}}]}");
    auto message = message_to(server.port());
    message.access.username = "u";
    message.access.password = "hunter2-hunter2";
    message.jetstream = false;
    expect_fault(message, ErrorKind::unauthorized, "Permissions Violation");
    message.jetstream = true;
    message.timeout = 500ms;
    expect_fault(message, ErrorKind::unauthorized, "Permissions Violation");
    message.jetstream = false;
    auto good = message;
    good.subject = "other";
    EXPECT_TRUE(send(good)) << "what was refused once holds nothing else up";
    // Side by side over one connection, on which the server's word of the one stays.
    std::size_t taken = 0;
    auto count = [&](NatsMessage one) -> Async<void> {
        auto ack = co_await sender.send(std::move(one));
        if (ack) ++taken;
    };
    for (int i = 0; i < 40; ++i) tasks.start("publishing", count(i % 4 == 0 ? message : good));
    test::run_async(loop, tasks.wait(), 60s);
    EXPECT_EQ(taken, 30);
}

TEST_F(NatsSenderTest, SpeaksTlsAndKnowsWhomItSpeaksWith) {
    test::CertificateAuthority authority, stranger;
    auto tls = [](const test::CertificateFiles& files, const std::string& more = "") {
        return "tls: {cert_file: \"" + files.certificate + "\", key_file: \"" + files.key + "\"" + more + "}";
    };
    auto ours = authority.sign(),
         elsewhere = authority.sign({.names = {"other.example.com"}, .addresses = {}});
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    server.restart(tls(ours));
    auto message = message_to(server.port());
    message.access.servers[0].host = "localhost";
    message.access.tls = true;
    expect_fault(message, ErrorKind::tls, "certificate");
    message.access.ca_file = stranger.file();
    expect_fault(message, ErrorKind::tls, "certificate");
    message.access.ca_file = authority.file();
    auto ack = send(message);
    EXPECT_TRUE(ack) << ack.error().message();
    message.access.servers[0].host = "127.0.0.1";
    ack = send(message);
    EXPECT_TRUE(ack) << ack.error().message();

    server.restart(tls(elsewhere));
    message.target = "another";
    message.access.servers[0].host = "localhost";
    expect_fault(message, ErrorKind::tls, "");

    server.restart(tls(ours, ", ca_file: \"" + authority.file() + "\", verify: true"));
    message.target = "a third";
    EXPECT_FALSE(send(message)) << "without a certificate of ours";
    auto client = authority.sign();
    message.access.client_certificate_file = client.certificate;
    message.access.client_key_file = client.key;
    ack = send(message);
    EXPECT_TRUE(ack) << ack.error().message();

    server.restart();
    message.target = "a fourth";
    expect_fault(message, ErrorKind::tls, "Secure Connection");
}

TEST_F(NatsSenderTest, AServerThatComesBackIsConnectedToAgain) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    EXPECT_TRUE(send(message_to(server.port())));
    server.stop();
    auto message = message_to(server.port());
    message.message_id = "dlv_2";
    expect_fault(message, ErrorKind::unreachable, "");
    EXPECT_EQ(sender.connections(), 0u);
    server.restart();
    auto ack = send(message);
    ASSERT_TRUE(ack) << ack.error().message();
    EXPECT_EQ(ack->sequence, 2u);
}

TEST_F(NatsSenderTest, TheNextServerIsTriedWhereOneIsAway) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    auto message = message_to(server.port());
    message.access.servers.insert(message.access.servers.begin(),
                                  {"127.0.0.1", static_cast<std::uint16_t>(test::free_port())});
    EXPECT_TRUE(send(message));
}

TEST_F(NatsSenderTest, MayNotGoToAMetadataService) {
    auto message = message_to(4222);
    message.access.servers = {{"169.254.169.254", 4222}};
    expect_fault(message, ErrorKind::blocked, "not allowed");
}

// Accepts connections, says what it is told to, and nothing more.
struct SilentServer {
    SilentServer(asio::io_context& loop, std::string greeting)
        : acceptor(loop, {asio::ip::address_v4::loopback(), 0}), words(std::move(greeting)) {
        accept();
    }
    void accept() {
        acceptor.async_accept([this](boost::system::error_code fault, asio::ip::tcp::socket socket) {
            if (fault) return;
            boost::system::error_code ignored;
            socket.write_some(asio::buffer(words), ignored);
            sockets.push_back(std::move(socket));
            accept();
        });
    }
    int port() const { return acceptor.local_endpoint().port(); }
    asio::ip::tcp::acceptor acceptor;
    std::string words;
    std::vector<asio::ip::tcp::socket> sockets;
};

TEST_F(NatsSenderTest, AServerThatSaysNothingTakesNoMoreThanItsTime) {
    const std::string information =
        R"(INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"tls_required":)";
    for (const std::string& greeting :
         {std::string(), information + "false}\r\n", information + "true}\r\n"}) {
        SCOPED_TRACE(greeting);
        SilentServer server(loop, greeting);
        auto message = message_to(server.port());
        message.timeout = 200ms;
        expect_fault(message, ErrorKind::timed_out, "");
    }
}

TEST_F(NatsSenderTest, AServerThatStopsAnsweringTakesNoMoreThanItsTime) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    EXPECT_TRUE(send(message_to(server.port())));
    server.halt();
    auto message = message_to(server.port());
    message.message_id = "dlv_2";
    message.timeout = 200ms;
    expect_fault(message, ErrorKind::timed_out, "");
    server.go_on();
    message.timeout = 15s;
    EXPECT_TRUE(send(message)) << "the connection is whole";
}

// More than all sockets on the way hold: the library waits in a write, with its lock.
TEST_F(NatsSenderTest, AServerThatTakesNoMoreBytesHoldsUpNothingElse) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    EXPECT_TRUE(send(message_to(server.port())));
    server.halt();
    auto message = message_to(server.port());
    message.body.assign(1'000'000, 'x');
    for (int i = 0; i < 40; ++i) {
        message.timeout = i % 2 == 0 ? 300ms : 3s;
        message.message_id = "large_" + std::to_string(i);
        tasks.start("publishing", send_beside(message));
    }
    test::run_async(loop, tasks.wait(), 30s);
    EXPECT_THAT(ends, SizeIs(40));
    EXPECT_THAT(ends, Not(Contains(ErrorKind::invalid)));
    server.go_on();
    EXPECT_TRUE(send(message_to(server.port())));
}

TEST_F(NatsSenderTest, StopsAtOnceWhateverItWaitsFor) {
    SilentServer silent(loop, "");
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    EXPECT_TRUE(send(message_to(server.port())));
    server.halt();
    auto waiting = message_to(server.port()), connecting = message_to(silent.port());
    waiting.timeout = connecting.timeout = 600s;
    connecting.target = "other";
    tasks.start("publishing", send_beside(waiting));
    tasks.start("connecting", send_beside(connecting));
    tasks.start("waiting for that", send_beside(connecting));
    while (silent.sockets.empty()) loop.run_one_for(10ms);
    tasks.cancel();
    test::run_async(loop, tasks.wait(), 20s);
    EXPECT_THAT(ends, testing::ElementsAre(ErrorKind::cancelled, ErrorKind::cancelled, ErrorKind::cancelled));
}

TEST_F(NatsSenderTest, AnIdleConnectionIsClosed) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    test::ManualClock hands(loop);
    NatsSender other(loop.get_executor(), hands, dialer);
    for (int i = 0; i < 2; ++i) {
        auto ack = test::run_async(loop, other.send(message_to(server.port())), 60s);
        ASSERT_TRUE(ack) << ack.error().message();
        hands.advance(59s);
        EXPECT_EQ(other.connections(), 1u);
    }
    hands.advance(2s);
    EXPECT_EQ(other.connections(), 0u);
}

// What the unit's TasksMax is reckoned with.
TEST_F(NatsSenderTest, AConnectionCostsThreeThreads) {
    auto threads = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                             std::filesystem::directory_iterator());
    };
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    auto message = message_to(server.port());
    EXPECT_TRUE(send(message));
    auto with_one = threads();
    for (const char* target : {"second", "third"}) {
        message.target = target;
        EXPECT_TRUE(send(message));
    }
    EXPECT_EQ(threads(), with_one + 2 * 3);
}

TEST_F(NatsSenderTest, ManyMessagesShareOneConnection) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    std::size_t taken = 0;
    for (int i = 0; i < 40; ++i)
        tasks.start("publishing",
                    [](NatsSenderTest& test, NatsMessage message,
                       std::size_t& count) -> Async<void> {
                        auto ack = co_await test.sender.send(std::move(message));
                        if (ack) ++count;
                    }(
                                               *this,
                                               [&] {
                                                   auto message = message_to(server.port());
                                                   message.message_id += std::to_string(i);
                                                   return message;
                                               }(),
                                               taken));
    test::run_async(loop, tasks.wait(), 60s);
    EXPECT_EQ(taken, 40u);
    EXPECT_EQ(sender.connections(), 1u);
    EXPECT_THAT(server.stored("EVENTS"), SizeIs(40));
}

}  // namespace
}  // namespace basewatch::net
