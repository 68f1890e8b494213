// One request through HttpClient: what goes over the wire, how answers come back, and that each network step
// may fail without a hang, a leak or a wrong word.
#include "net/http_codec.hpp"
#include "unit/net/scripted_network.hpp"

#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

using test::answer;
using test::ScriptedNetwork;

TEST(RequestHead, IsWrittenByUs) {
    struct Row {
        const char* method;
        const char* url;
        Headers headers;
        std::string body;
        const char* bytes;
    };
    const Row rows[] = {
        {"GET", "http://h/", {}, "", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"HEAD",
         "https://h:444/v2/a?b=c",
         {{"Accept", "x, y"}},
         "",
         "HEAD /v2/a?b=c HTTP/1.1\r\nHost: h:444\r\nAccept: x, y\r\n\r\n"},
        {"POST", "http://[::1]:80/", {}, "", "POST / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 0\r\n\r\n"},
        {"PUT", "http://h/", {}, "", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
        {"DELETE", "http://h/", {}, "ab", "DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n"},
        {"GET",
         "http://user:secret@h/",
         {{"host", "evil"},
          {"Content-length", "7"},
          {"Transfer-Encoding", "chunked"},
          {"connection", "close"},
          {"A", "b"}},
         "",
         "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n"},
    };
    for (const auto& row : rows) {
        HttpRequest request;
        request.method = row.method;
        request.url = test::url_of(row.url);
        request.headers = row.headers;
        request.body = row.body;
        EXPECT_EQ(request_head(request), row.bytes);
    }
}

TEST(HttpClient, RefusesToWriteWhatWouldBeAnotherRequest) {
    ScriptedNetwork network;
    auto bad_header = network.request();
    bad_header.headers.add("X", "a\r\nY: b");
    auto bad_name = network.request();
    bad_name.headers.add("X Y", "a");
    auto bad_method = network.request();
    bad_method.method = "GET /x HTTP/1.1\r\nHost: y\r\n\r\nGET";
    auto bad_target = network.request();
    bad_target.url.target = "/a b";
    auto bad_host = network.request();
    bad_host.url.host = "h\r\nX: y";
    for (auto& request : {bad_header, bad_name, bad_method, bad_target, bad_host})
        EXPECT_EQ(network.start(request).body(), "invalid");
    EXPECT_TRUE(network.dialer.connections().empty());
}

TEST(HttpClient, SendsAndReads) {
    ScriptedNetwork network;
    network.dialer.add_answers({answer("hello", "X-A: b\r\n")});
    auto request = network.request("http://example.com:8080/path?q", "POST");
    request.body = "body";
    auto& call = network.start(request);
    ASSERT_EQ(call.body(), "hello");
    EXPECT_EQ((*call.result)->status, 200);
    EXPECT_EQ((*call.result)->headers.find("x-a"), "b");
    EXPECT_EQ((*call.result)->remote, "script:1");
    const auto& connection = *network.dialer.connections().at(0);
    EXPECT_EQ(connection.host, "example.com");
    EXPECT_EQ(connection.port, 8080);
    EXPECT_EQ(connection.written,
              "POST /path?q HTTP/1.1\r\nHost: example.com:8080\r\nContent-Length: 4\r\n\r\nbody");
}

TEST(HttpClient, SendsALargeBodyWhole) {
    ScriptedNetwork network;
    network.dialer.add_answers({answer("")});
    auto request = network.request("http://h/", "PUT");
    request.body.assign(200'000, 'x');
    ASSERT_TRUE(*network.start(request).result);
    EXPECT_TRUE(network.dialer.connections().at(0)->written.ends_with("\r\n\r\n" + request.body));
}

// The answer is the same however the network deals it out.
TEST(HttpClient, ReadsAnswersInSlicesOfEverySize) {
    const std::string bytes =
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        "X-A: b\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-B: c\r\n\r\n";
    for (std::size_t slice = 1; slice <= bytes.size(); ++slice) {
        ScriptedNetwork network;
        network.dialer.add_answers({bytes, answer("again")}, slice);
        EXPECT_EQ(network.start().body(), "hello world") << slice;
        EXPECT_EQ(network.start().body(), "again") << slice;
        EXPECT_EQ(network.client->connections_opened(), 1u) << slice;
    }
}

TEST(HttpClient, ErrorsNameTheHostAndNeverThePath) {
    ScriptedNetwork network;
    network.dialer.add_answers({"<html>\r\n\r\n"});
    auto& call = network.start(network.request("http://hooks.example.com:81/services/geheim?token=geheim"));
    ASSERT_EQ(call.body(), "bad_answer");
    EXPECT_NE(call.result->error().message().find("http://hooks.example.com:81"), std::string::npos);
    EXPECT_EQ(call.result->error().message().find("geheim"), std::string::npos);
}

TEST(HttpClient, BoundsTheBodyOrCutsIt) {
    const std::string endless = "HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x');
    for (bool cut : {false, true}) {
        for (const auto& bytes : {answer(std::string(1000, 'x')), endless}) {
            ScriptedNetwork network;
            network.dialer.add_answers({bytes});
            auto request = network.request();
            request.most_body = 100;
            request.cut_body = cut;
            EXPECT_EQ(network.start(request).body(), cut ? std::string(100, 'x') : "too_large");
            EXPECT_EQ(network.dialer.open(), 0u);
        }
    }
}

TEST(HttpClient, DoesNotKeepAConnectionThatSaidTooMuch) {
    ScriptedNetwork network;
    network.dialer.add_answers({answer("a") + "HTTP/1.1 200 OK\r\n"});
    EXPECT_EQ(network.start().body(), "a");
    EXPECT_EQ(network.dialer.open(), 0u);
}

// A refusal that comes while the body is still being written is worth more than the broken pipe.
TEST(HttpClient, ReadsTheAnswerThatStoppedItsBody) {
    ScriptedNetwork network;
    test::Fault fault;
    fault.step = 3;  // connect, head, body
    network.dialer.inject(fault);
    test::ConnectionScript script;
    script.steps = {
        test::Say{"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}};
    network.dialer.add(script);
    auto request = network.request("http://h/", "POST");
    request.body.assign(100'000, 'x');
    auto& call = network.start(request);
    ASSERT_TRUE(*call.result);
    EXPECT_EQ((*call.result)->status, 413);
}

// Two requests on one connection. Whatever step fails, each ends with its answer or with that failure,
// nothing stays open that should not, and the next request finds its way.
TEST(HttpClient, SurvivesAFaultAtEveryStep) {
    for (auto kind : {ErrorKind::unreachable, ErrorKind::tls, ErrorKind::timed_out}) {
        auto steps = test::fail_every_step(kind, [kind](test::Fault& fault) {
            ScriptedNetwork network;
            network.limit(1);
            network.dialer.inject(fault);
            for (int i = 0; i < 4; ++i)
                network.dialer.add_answers({answer("one"), answer("two"), answer("three")}, 20);
            for (int i = 0; i < 3; ++i) {
                auto& call = network.start();
                ASSERT_TRUE(call.result) << "step " << fault.step;
                if (*call.result) continue;
                EXPECT_EQ(to_string(call.result->error().kind()), to_string(kind)) << "step " << fault.step;
            }
            // At most one of the three met the fault.
            auto failed = std::count_if(network.calls.begin(), network.calls.end(),
                                        [](const auto& call) { return !*call.result; });
            EXPECT_LE(failed, 1) << "step " << fault.step;
            EXPECT_LE(network.dialer.open(), 1u) << "step " << fault.step;
            network.client->close_idle();
            EXPECT_EQ(network.dialer.open(), 0u) << "step " << fault.step;
            EXPECT_EQ(network.clock.waiting(), 0u) << "step " << fault.step;
        });
        EXPECT_GE(steps, 10u);
    }
}

// A cancelled caller gets its word at once, and leaves nothing behind, wherever it is stopped.
TEST(HttpClient, EndsWhereverItIsCancelled) {
    const std::string bytes = answer("hello");
    for (std::size_t told = 0; told < bytes.size(); ++told) {
        ScriptedNetwork network;
        test::ConnectionScript script;
        if (told > 0) script.steps = {test::Silence{}, test::Say{bytes.substr(0, told)}};
        network.dialer.add(script);
        auto& call = network.start();
        ASSERT_FALSE(call.result) << told;
        call.group.cancel();
        network.clock.settle();
        EXPECT_EQ(call.body(), "cancelled") << told;
        EXPECT_EQ(network.dialer.open(), 0u) << told;
        EXPECT_EQ(network.clock.waiting(), 0u) << told;
    }
}

TEST(HttpClient, EndsWhenCancelledWhileConnecting) {
    ScriptedNetwork network;
    test::ConnectionScript script;
    script.hangs = true;
    network.dialer.add(script);
    auto& call = network.start();
    call.group.cancel();
    network.clock.settle();
    EXPECT_EQ(call.body(), "cancelled");
    EXPECT_EQ(network.clock.waiting(), 0u);
}

TEST(HttpClient, EndsExactlyAtTheDeadline) {
    const std::string bytes = answer("hello");
    for (std::size_t told = 0; told < bytes.size(); ++told) {
        ScriptedNetwork network;
        test::ConnectionScript script;
        if (told > 0) script.steps = {test::Silence{}, test::Say{bytes.substr(0, told)}};
        network.dialer.add(script);
        auto& call = network.start();
        network.clock.advance(Milliseconds(29'999));
        ASSERT_FALSE(call.result) << told;
        network.clock.advance(Milliseconds(1));
        EXPECT_EQ(call.body(), "timed_out") << told;
        EXPECT_EQ(network.dialer.open(), 0u) << told;
    }
}

TEST(HttpClient, ConnectingHasADeadlineOfItsOwnWithinTheWhole) {
    for (auto [connect, whole, expected] :
         {std::tuple{10'000, 30'000, 10'000}, std::tuple{10'000, 4'000, 4'000}}) {
        ScriptedNetwork network;
        test::ConnectionScript script;
        script.hangs = true;
        network.dialer.add(script);
        ConnectionPolicy policy;
        policy.connect_timeout = Milliseconds(connect);
        auto request = network.request();
        request.policy = std::make_shared<ConnectionPolicy>(policy);
        request.timeout = Milliseconds(whole);
        auto& call = network.start(request);
        network.clock.advance(Milliseconds(expected - 1));
        ASSERT_FALSE(call.result);
        network.clock.advance(Milliseconds(1));
        EXPECT_EQ(call.body(), "timed_out");
    }
}

TEST(HttpClient, NoTimeIsTimedOut) {
    ScriptedNetwork network;
    network.dialer.add_answers({answer("x")});
    auto request = network.request();
    request.timeout = Milliseconds(0);
    EXPECT_EQ(network.start(request).body(), "timed_out");
}

TEST(HttpClient, PassesOnWhatTheDialerSays) {
    for (auto kind : {ErrorKind::name_lookup, ErrorKind::blocked, ErrorKind::tls, ErrorKind::unreachable}) {
        ScriptedNetwork network;
        test::ConnectionScript script;
        script.refused = Error(kind, "as scripted");
        network.dialer.add(script);
        EXPECT_EQ(network.start().body(), to_string(kind));
    }
}

}  // namespace
}  // namespace basewatch::net
