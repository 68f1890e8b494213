// A library's way to a connection of ours: bytes both ways, an end that both sides see, and nobody else let
// in.

#include "net/local_relay.hpp"

#include "foundation/task_group.hpp"
#include "net/own_thread.hpp"
#include "support/run_async.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace basewatch::net {
namespace {

using asio::ip::tcp;

struct LocalRelayTest : testing::Test {
    LocalRelayTest() {
        tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
        tcp::socket ours(loop);
        ours.connect(acceptor.local_endpoint());
        server = acceptor.accept();
        auto opened = LocalRelay::open(
            loop.get_executor(), std::make_unique<SocketStream>(Socket(std::move(ours)), "127.0.0.1:1"));
        relay = opened.value();
        library.connect({asio::ip::address_v4::loopback(), relay->port()});
    }
    // Writes on one side and reads on the other, while the loop passes it on.
    std::string passed(tcp::socket& from, tcp::socket& to, const std::string& bytes) {
        std::string got(bytes.size(), '\0');
        bool written = false, read = false;
        asio::async_write(from, asio::buffer(bytes), [&](auto fault, auto) { written = !fault; });
        asio::async_read(to, asio::buffer(got), [&](auto fault, auto) { read = !fault; });
        EXPECT_TRUE(until([&] { return written && read; }));
        return got;
    }
    bool ends(tcp::socket& socket) {
        bool ended = false;
        char byte = 0;
        socket.async_read_some(asio::buffer(&byte, 1), [&](auto fault, auto) { ended = bool(fault); });
        return until([&] { return ended; });
    }
    bool until(const std::function<bool()>& done) {
        auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < limit) {
            loop.restart();
            loop.run_one_for(std::chrono::milliseconds(20));
        }
        return done();
    }

    asio::io_context loop{1};
    tcp::socket server{loop}, library{loop};
    std::shared_ptr<LocalRelay> relay;
};

TEST_F(LocalRelayTest, PassesBytesBothWays) {
    EXPECT_EQ(passed(library, server, "CONNECT"), "CONNECT");
    EXPECT_EQ(passed(server, library, "INFO"), "INFO");
    std::string much(1u << 20, 'x');
    EXPECT_EQ(passed(library, server, much), much);
    EXPECT_TRUE(relay->is_open());
    EXPECT_EQ(relay->near_port(), library.local_endpoint().port());
}

TEST_F(LocalRelayTest, AnEndOfTheServersIsTheLibrarys) {
    passed(library, server, "x");
    server.close();
    EXPECT_TRUE(ends(library));
    EXPECT_FALSE(relay->is_open());
}

TEST_F(LocalRelayTest, AnEndOfTheLibrarysIsTheServers) {
    passed(library, server, "x");
    library.close();
    EXPECT_TRUE(ends(server));
    EXPECT_FALSE(relay->is_open());
}

TEST_F(LocalRelayTest, IsClosedByItsOwner) {
    passed(library, server, "x");
    relay->close();
    EXPECT_TRUE(ends(library));
    EXPECT_TRUE(ends(server));
    relay->close();
}

TEST_F(LocalRelayTest, LetsNobodyElseIn) {
    passed(library, server, "x");
    tcp::socket stranger(loop);
    boost::system::error_code fault;
    stranger.connect({asio::ip::address_v4::loopback(), relay->port()}, fault);
    EXPECT_TRUE(fault);
}

struct OwnThread : testing::Test {
    asio::io_context loop{1};
};

TEST_F(OwnThread, GivesWhatTheCallReturns) {
    auto mine = std::this_thread::get_id();
    std::function<Result<bool>()> work = [mine]() -> Result<bool> {
        return std::this_thread::get_id() != mine;
    };
    auto elsewhere = test::run_async(loop, on_own_thread(loop.get_executor(), work, [] {}));
    ASSERT_TRUE(elsewhere);
    EXPECT_TRUE(*elsewhere);
}

TEST_F(OwnThread, HurriesTheCallWhenAskedToStopAndWaitsForIt) {
    std::mutex mutex;
    std::condition_variable changed;
    bool begun = false, hurried = false, returned = false;
    std::function<Result<bool>()> work = [&]() -> Result<bool> {
        std::unique_lock lock(mutex);
        begun = true;
        changed.notify_all();
        changed.wait(lock, [&] { return hurried; });
        return true;
    };
    auto hurry = [&] {
        std::scoped_lock lock(mutex);
        hurried = true;
        changed.notify_all();
    };
    TaskGroup tasks(loop.get_executor());
    tasks.start("waiting", [](auto executor, auto call, auto soon, bool& done) -> Async<void> {
        auto result = co_await on_own_thread(executor, std::move(call), std::function<void()>(soon));
        done = result.has_value();
    }(asio::any_io_executor(loop.get_executor()), work, hurry, returned));
    loop.poll();
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return begun; });
    }
    tasks.cancel();
    test::run_async(loop, tasks.wait());
    EXPECT_TRUE(returned);
}

}  // namespace
}  // namespace basewatch::net
