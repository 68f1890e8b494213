// What the server answers, and what it refuses.
#include "foundation/time.hpp"
#include "net/server_message.hpp"
#include "unit/net/served.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace basewatch::net {
namespace {

using asio::ip::tcp;
using test::kind_of;
using testing::HasSubstr;
using testing::Not;

TEST(HttpServer, AnswersRequests) {
    Served served(echo);
    served.run();
    auto request = served.network.request(served.url("/a%20b/c?d=e%20f"));
    request.method = "POST";
    request.body = "hello";
    auto response = served.network.send(request);
    ASSERT_EQ(kind_of(response), "status 200");
    EXPECT_EQ(response->body, "POST hello");
    EXPECT_EQ(response->headers.find("X-Path"), "/a b/c");
    EXPECT_EQ(response->headers.find("X-Query"), "d=e%20f");
    EXPECT_EQ(response->headers.find("X-Local"), "no");
    EXPECT_TRUE(response->headers.find("Date"));
}

TEST(HttpServer, KeepsConnections) {
    Served served(echo);
    served.run();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(kind_of(served.network.get(served.url())), "status 200");
    EXPECT_EQ(served.network.client.connections_opened(), 1u);
    EXPECT_THAT(served.raw({"GET / HTTP/1.1\r\nHost: h\r\n\r\n"}), HasSubstr("(open)"));
    EXPECT_THAT(served.raw({"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}), HasSubstr("(end)"));
    EXPECT_THAT(served.raw({"GET / HTTP/1.0\r\n\r\n"}), HasSubstr("(end)"));
    auto kept = served.raw({"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"});
    EXPECT_THAT(kept, HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_THAT(kept, HasSubstr("(open)"));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
    Served served(echo);
    served.run();
    auto said = served.raw(
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1GET /2 HTTP/1.1\r\nHost: h\r\n\r\nPUT "
         "/3 HTTP/1.1\r\nHo",
         "st: h\r\nContent-Length: 1\r\n\r\n3"},
        3);
    auto first = said.find("POST 1"), second = said.find("X-Path: /2"), third = said.find("PUT 3");
    EXPECT_LT(first, second) << said;
    EXPECT_LT(second, third) << said;
    EXPECT_NE(third, said.npos) << said;
}

TEST(HttpServer, AnswersHeadWithoutABody) {
    Served served(echo);
    served.run();
    auto said = served.raw({"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"});
    EXPECT_THAT(said, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_TRUE(said.ends_with("\r\n\r\n(end)")) << said;
}

TEST(HttpServer, AnswersWithoutABodyWhereThereIsNone) {
    Served served([](ServerRequest) -> Async<ServerResponse> {
        ServerResponse response;
        response.status = 204;
        co_return response;
    });
    served.run();
    auto said = served.raw({"GET / HTTP/1.1\r\nHost: h\r\n\r\n"});
    EXPECT_TRUE(said.starts_with("HTTP/1.1 204 No Content\r\n")) << said;
    EXPECT_THAT(said, Not(HasSubstr("Content-Length")));
}

TEST(HttpServer, RefusesWhatIsWrong) {
    ServerLimits limits;
    limits.header = 1024;
    limits.body = 100;
    Served served(echo, limits);
    served.run();
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
    struct Row {
        std::vector<std::string> pieces;
        const char* status;
    };
    const Row rows[] = {
        {{"nonsense\r\n\r\n"}, "400"},
        {{"GET / HTTP/1.1\r\n\r\n"}, "400"},
        {{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}, "400"},
        {{"GET path HTTP/1.1\r\nHost: h\r\n\r\n"}, "400"},
        {{"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"}, "400"},
        {{"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n"}, "400"},
        {{head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}, "400"},
        {{head + "Content-Length: 101\r\n\r\n"}, "413"},
        {{head + "Content-Length: 99999999999\r\n\r\n", std::string(100'000, 'x')}, "413"},
        {{head + "Content-Length: 101\r\nExpect: 100-continue\r\n\r\n"}, "413"},
        {{head + "Transfer-Encoding: chunked\r\n\r\n", "ff\r\n" + std::string(255, 'x')}, "413"},
        {{head + "Expect: something\r\nContent-Length: 1\r\n\r\n"}, "417"},
        {{head + "Transfer-Encoding: gzip\r\n\r\n"}, "501"},
        {{"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2000, 'x')}, "431"},
        {{"GET /" + std::string(2000, 'x')}, "431"},
    };
    for (const auto& row : rows) {
        auto said = served.raw(row.pieces);
        EXPECT_TRUE(said.starts_with(std::string("HTTP/1.1 ") + row.status))
            << row.pieces[0].substr(0, 80) << "\n"
            << said;
        EXPECT_TRUE(said.ends_with("(end)")) << row.pieces[0].substr(0, 80) << "\n" << said;
    }
    EXPECT_EQ(kind_of(served.network.get(served.url())), "status 200");
}

TEST(HttpServer, AcceptsTheAbsoluteForm) {
    Served served(echo);
    served.run();
    EXPECT_THAT(served.raw({"GET http://h/x?y HTTP/1.1\r\nHost: h\r\n\r\n"}), HasSubstr("X-Path: /x\r\n"));
}

TEST(HttpServer, InvitesTheBodyThatWaitsToBeInvited) {
    Served served(echo);
    served.run();
    auto said =
        served.raw({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"});
    EXPECT_EQ(said, "HTTP/1.1 100 Continue\r\n\r\n(open)");
    said =
        served.raw({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok"}, 1);
    EXPECT_THAT(said, HasSubstr("POST ok"));
}

TEST(HttpServer, TellsASlowClientThatTimeIsUp) {
    ServerLimits limits;
    limits.request_timeout = Milliseconds(100);
    limits.idle_timeout = Milliseconds(100);
    Served served(echo, limits);
    served.run();
    for (const char* begun : {"G", "GET / HTTP/1.1\r\nHost: h\r\n",
                              "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"}) {
        auto said = served.raw({begun});
        EXPECT_TRUE(said.starts_with("HTTP/1.1 408")) << said;
    }
    // One that says nothing is not answered.
    EXPECT_EQ(served.raw({}), "(end)");
    EXPECT_EQ(served.raw({"GET / HTTP/1.1\r\nHost: h\r\n\r\n"}, 2).ends_with("(end)"), true);
}

TEST(HttpServer, FaultsOfHandlersAreOurs) {
    Served served([](ServerRequest request) -> Async<ServerResponse> {
        if (request.path == "/throws") throw std::runtime_error("geheim");
        ServerResponse response;
        if (request.path == "/split") response.headers.add("X", "a\r\nSet-Cookie: b");
        if (request.path == "/status") response.status = 99;
        co_return response;
    });
    served.run();
    for (const char* path : {"/throws", "/split", "/status"}) {
        auto response = served.network.get(served.url(path));
        ASSERT_EQ(kind_of(response), "status 500") << path;
        EXPECT_EQ(response->body.find("geheim"), std::string::npos);
        EXPECT_FALSE(response->headers.find("Set-Cookie"));
    }
    EXPECT_EQ(kind_of(served.network.get(served.url("/"))), "status 200");
}

TEST(HttpServer, BoundsConnections) {
    ServerLimits limits;
    limits.connections = 2;
    Served served(echo, limits);
    served.run();
    std::vector<tcp::socket> held;
    for (int i = 0; i < 2; ++i) {
        tcp::socket socket(served.loop);
        auto port =
            static_cast<std::uint16_t>(std::stoi(served.address.substr(served.address.rfind(':') + 1)));
        socket.connect({asio::ip::address_v4::loopback(), port});
        held.push_back(std::move(socket));
    }
    EXPECT_EQ(kind_of(served.network.get(served.url())), "status 503");
    held.clear();
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::string kind;
    do {
        kind = kind_of(served.network.get(served.url()));
    } while (kind != "status 200" && std::chrono::steady_clock::now() < until);
    EXPECT_EQ(kind, "status 200");
}

TEST(ServerRequest, Parameters) {
    ServerRequest request;
    request.query = "a=1&b=x%20y+z&c&d=&a=2&%65=f&=g&h=%zz";
    EXPECT_EQ(request.parameter("a"), "1");
    EXPECT_EQ(request.parameter("b"), "x y z");
    EXPECT_EQ(request.parameter("c"), "");
    EXPECT_EQ(request.parameter("d"), "");
    EXPECT_EQ(request.parameter("e"), "f");
    EXPECT_EQ(request.parameter("h"), std::nullopt);
    EXPECT_EQ(request.parameter("missing"), std::nullopt);
}

TEST(ServerMessage, DatesAreImfFixdates) {
    auto parsed = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(http_date(*parsed), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace basewatch::net
