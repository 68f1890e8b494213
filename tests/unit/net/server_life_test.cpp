// Where the server listens, and how it stops.
#include "net/unix_dialer.hpp"
#include "support/temporary_folder.hpp"
#include "unit/net/served.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace basewatch::net {
namespace {

using test::kind_of;
using testing::HasSubstr;

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

}  // namespace
}  // namespace basewatch::net
