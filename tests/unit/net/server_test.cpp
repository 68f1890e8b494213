// The server on TCP and Unix sockets: what it answers, what it refuses, and how it stops.
#include "foundation/task_group.hpp"
#include "foundation/time.hpp"
#include "net/http_server.hpp"
#include "net/server_message.hpp"
#include "net/unix_dialer.hpp"
#include "support/temporary_folder.hpp"
#include "unit/net/real_network.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <grp.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace basewatch::net {
namespace {

using asio::ip::tcp;
using test::kind_of;
using test::RealNetwork;
using testing::HasSubstr;
using testing::Not;

// A server and a client on one loop.
struct Served {
    RealNetwork network;
    asio::io_context& loop = network.loop;
    TaskGroup group{loop.get_executor()};
    std::optional<HttpServer> server;
    std::string address;

    explicit Served(HttpServer::Handler handler, ServerLimits limits = {}) {
        server.emplace(loop.get_executor(), network.clock, std::move(handler), limits);
        address = server->listen("127.0.0.1:0").value();
    }
    ~Served() { stop(); }
    void run(int grace_ms = 1000) { group.start("server", server->run(Milliseconds(grace_ms))); }
    void stop() {
        group.cancel();
        test::run_async(loop, group.wait());
    }
    std::string url(const std::string& target = "/") const { return "http://" + address + target; }

    // Writes bytes as they are and returns everything that comes back until the end; "(open)" is added where
    // the connection stays open after `answers` answers.
    std::string raw(std::vector<std::string> pieces, int answers = 1) {
        return test::run_async(loop, talk(address, std::move(pieces), answers));
    }

private:
    static Async<std::string> talk(std::string address, std::vector<std::string> pieces, int answers) {
        auto executor = co_await asio::this_coro::executor;
        tcp::socket socket(executor);
        auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
        tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
        auto [failed] = co_await socket.async_connect(endpoint, test::as_result);
        if (failed) co_return "(refused)";
        std::string said;
        for (const auto& piece : pieces) {
            bool sent = co_await test::say(socket, piece);
            if (!sent) break;
        }
        char bytes[4096];
        for (;;) {
            int seen = 0;
            for (auto at = said.find("HTTP/1.1 "); at != said.npos; at = said.find("HTTP/1.1 ", at + 1))
                ++seen;
            bool whole = said.find("\r\n\r\n") != said.npos;
            bool closing = said.find("Connection: close") != said.npos;
            if (seen >= answers && whole && !closing) co_return said + "(open)";
            auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), test::as_result);
            if (error) co_return said + (error == asio::error::eof ? "(end)" : "(broken)");
            said.append(bytes, count);
        }
    }
};

Async<ServerResponse> echo(ServerRequest request) {
    ServerResponse response;
    response.headers.add("X-Path", request.path);
    response.headers.add("X-Query", request.query);
    response.headers.add("X-Local", request.local ? "yes" : "no");
    response.body = request.method + " " + request.body;
    co_return response;
}

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

TEST(HttpServer, UnixSocket) {
    test::TemporaryFolder folder;
    Served served(echo);
    std::string path = folder / "api.sock";
    EXPECT_EQ(served.server->listen("unix:" + path).value(), "unix:" + path);
    struct stat status{};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    std::string own_group = getgrgid(getgid())->gr_name;
    ASSERT_TRUE(served.server->protect_socket(path, 0660, own_group));
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660u);
    auto no_group = served.server->protect_socket(path, 0660, "no-such-group");
    ASSERT_FALSE(no_group);
    EXPECT_THAT(no_group.error().message(), HasSubstr("no-such-group"));
    served.run();
    UnixDialer dialer(served.loop.get_executor(), path);
    HttpClient client(served.loop.get_executor(), served.network.clock, dialer);
    for (int i = 0; i < 3; ++i) {
        auto response =
            test::run_async(served.loop, client.send(served.network.request("http://localhost/x")));
        ASSERT_EQ(kind_of(response), "status 200");
        EXPECT_EQ(response->headers.find("X-Local"), "yes");
    }
    EXPECT_EQ(client.connections_opened(), 1u);
    served.stop();
    EXPECT_NE(stat(path.c_str(), &status), 0) << "the socket's file was left behind";
}

TEST(HttpServer, ReplacesAStaleSocketButNothingElse) {
    test::TemporaryFolder folder;
    std::string stale = folder / "stale.sock", live = folder / "live.sock";
    {
        // A process that was killed leaves its file behind; so does this acceptor.
        asio::io_context loop;
        asio::local::stream_protocol::acceptor dead(loop, {stale});
    }
    Served first(echo);
    EXPECT_TRUE(first.server->listen("unix:" + stale));
    ASSERT_TRUE(first.server->listen("unix:" + live));
    first.run();
    Served second(echo);
    auto refused = second.server->listen("unix:" + live);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("another process serves it"));
    std::string file = folder.write("file", "precious");
    EXPECT_FALSE(second.server->listen("unix:" + file));
    EXPECT_EQ(test::read_file(file), "precious");
    EXPECT_FALSE(second.server->listen("unix:" + std::string(folder / "missing/api.sock")));
    EXPECT_FALSE(second.server->listen("unix:" + std::string(folder / std::string(200, 'x'))));
}

TEST(HttpServer, SaysWhyItCannotListen) {
    Served served(echo);
    for (const char* wrong : {"", "127.0.0.1", "localhost:80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                              "unix:", "203.0.113.1:0"}) {
        auto result = served.server->listen(wrong);
        ASSERT_FALSE(result) << wrong;
        EXPECT_THAT(result.error().message(), HasSubstr(std::string("cannot listen on ") + wrong));
    }
    EXPECT_FALSE(served.server->listen(served.address));
    auto six = served.server->listen("[::1]:0");
    ASSERT_TRUE(six);
    EXPECT_TRUE(six->starts_with("[::1]:"));
}

TEST(HttpServer, FinishesWhatItHasBegunWithinTheGrace) {
    asio::steady_timer* working = nullptr;
    Served served([&](ServerRequest) -> Async<ServerResponse> {
        auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, Monotonic::max());
        working = &timer;
        co_await timer.async_wait(test::as_result);
        ServerResponse response;
        response.body = "done";
        co_return response;
    });
    served.run(10'000);
    TaskGroup asking(served.loop.get_executor());
    std::optional<Result<HttpResponse>> response;
    auto ask = [&]() -> Async<void> {
        auto result = co_await served.network.client.send(served.network.request(served.url()));
        response = std::move(result);
    };
    asking.start("request", ask());
    while (working == nullptr) served.loop.run_one();
    served.group.cancel();
    for (int i = 0; i < 100; ++i) served.loop.poll_one();
    EXPECT_FALSE(response);
    working->cancel();
    test::run_async(served.loop, asking.wait());
    ASSERT_EQ(kind_of(*response), "status 200");
    EXPECT_EQ((*response)->body, "done");
    EXPECT_EQ((*response)->headers.find("Connection"), "close");
    served.stop();
    EXPECT_EQ(kind_of(served.network.get(served.url())), "unreachable");
}

TEST(HttpServer, EndsWhatOutlastsTheGrace) {
    bool entered = false, stopped = false;
    Served served([&](ServerRequest) -> Async<ServerResponse> {
        auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, Monotonic::max());
        entered = true;
        co_await timer.async_wait(test::as_result);
        stopped = true;
        co_return ServerResponse{};
    });
    served.run(50);
    TaskGroup asking(served.loop.get_executor());
    std::string kind;
    auto ask = [&]() -> Async<void> {
        auto result = co_await served.network.client.send(served.network.request(served.url()));
        kind = kind_of(result);
    };
    asking.start("request", ask());
    while (!entered) served.loop.run_one();
    served.stop();
    EXPECT_TRUE(stopped);
    test::run_async(served.loop, asking.wait());
    EXPECT_EQ(kind, "unreachable");
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
