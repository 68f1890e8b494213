// Real connections on loopback: servers that hang, drip, never end or go away, addresses tried in turn, and
// addresses that are not allowed.
#include "foundation/task_group.hpp"
#include "net/happy_eyeballs.hpp"
#include "unit/net/real_network.hpp"

#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

using asio::ip::tcp;
using test::kind_of;
using test::RawServer;
using test::read_header;
using test::RealNetwork;
using test::say;

using Steady = std::chrono::steady_clock;

Async<void> hang(tcp::socket socket) {
    std::string header;
    while (co_await read_header(socket, header)) {
    }
}

Async<void> answer_each(tcp::socket socket) {
    std::string header;
    while (co_await read_header(socket, header)) {
        bool said = co_await say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (!said) break;
    }
}

Async<void> drip(tcp::socket socket) {
    std::string header;
    co_await read_header(socket, header);
    co_await say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    asio::steady_timer timer(socket.get_executor());
    for (;;) {
        timer.expires_after(Milliseconds(5));
        co_await timer.async_wait(test::as_result);
        bool said = co_await say(socket, "x");
        if (!said) break;
    }
}

Async<void> never_end(tcp::socket socket) {
    std::string header;
    co_await read_header(socket, header);
    co_await say(socket, "HTTP/1.1 200 OK\r\n\r\n");
    std::string much(65536, 'x');
    while (co_await say(socket, much)) {
    }
}

Async<void> endless_header(tcp::socket socket) {
    std::string header;
    co_await read_header(socket, header);
    co_await say(socket, "HTTP/1.1 200 OK\r\n");
    while (co_await say(socket, "X-Filler: 0123456789\r\n")) {
    }
}

TEST(SystemDialer, TalksAndKeepsTheConnection) {
    RawServer server(answer_each);
    RealNetwork network;
    for (int i = 0; i < 3; ++i) {
        auto response = network.get(server.url());
        ASSERT_EQ(kind_of(response), "status 200");
        EXPECT_EQ(response->body, "ok");
        EXPECT_EQ(response->remote, "127.0.0.1:" + std::to_string(server.port()));
    }
    EXPECT_EQ(network.client.connections_opened(), 1u);
}

TEST(SystemDialer, ServersThatDoNotEndAreEndedAtTheDeadline) {
    for (auto talk : {hang, drip}) {
        RawServer server(talk);
        RealNetwork network;
        auto begin = Steady::now();
        EXPECT_EQ(kind_of(network.get(server.url(), 200)), "timed_out");
        auto took = Steady::now() - begin;
        EXPECT_GE(took, Milliseconds(200));
        EXPECT_LT(took, Milliseconds(5'000));
    }
}

TEST(SystemDialer, ServersThatSayTooMuchAreEndedAtTheBound) {
    for (auto talk : {never_end, endless_header}) {
        RawServer server(talk);
        RealNetwork network;
        EXPECT_EQ(kind_of(network.get(server.url())), "too_large");
    }
    RawServer server(never_end);
    RealNetwork network;
    auto request = network.request(server.url());
    request.most_body = 100'000;
    request.cut_body = true;
    auto response = network.send(request);
    ASSERT_EQ(kind_of(response), "status 200");
    EXPECT_EQ(response->body.size(), 100'000u);
}

TEST(SystemDialer, AServerThatHangsUpAtOnceIsUnreachable) {
    RawServer server([](tcp::socket socket) -> Async<void> {
        socket.close();
        co_return;
    });
    RealNetwork network;
    EXPECT_EQ(kind_of(network.get(server.url())), "unreachable");
}

// It closes each kept connection, with or without a word, as its idle timeout would.
TEST(SystemDialer, AConnectionClosedWhileKeptIsReplaced) {
    RawServer server([](tcp::socket socket) -> Async<void> {
        std::string header;
        co_await read_header(socket, header);
        co_await say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        socket.close();
    });
    RealNetwork network;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(kind_of(network.get(server.url())), "status 200");
    EXPECT_EQ(server.accepted(), 5);
}

TEST(SystemDialer, NothingListensIsUnreachableAtOnce) {
    std::string url;
    {
        RawServer server(hang);
        url = server.url();
    }
    RealNetwork network;
    auto begin = Steady::now();
    auto response = network.get(url);
    EXPECT_EQ(kind_of(response), "unreachable");
    EXPECT_LT(Steady::now() - begin, Milliseconds(3'000));
    EXPECT_NE(response.error().message().find("127.0.0.1"), std::string::npos);
}

TEST(SystemDialer, IPv6) {
    RawServer server(answer_each, "::1");
    RealNetwork network;
    auto response = network.get(server.url("[::1]"));
    ASSERT_EQ(kind_of(response), "status 200");
    EXPECT_EQ(response->remote, "[::1]:" + std::to_string(server.port()));
}

// A resolver that knows one name.
class FixedResolver final : public Resolver {
public:
    explicit FixedResolver(std::vector<std::string> addresses) : addresses_(std::move(addresses)) {}
    Async<Result<std::vector<std::string>>> resolve(std::string, Monotonic) override { co_return addresses_; }

private:
    std::vector<std::string> addresses_;
};

Result<HttpResponse> get_from(std::vector<std::string> addresses, AddressRule rule, int port) {
    RealNetwork network;
    FixedResolver resolver(std::move(addresses));
    SystemDialer dialer(network.loop.get_executor(), network.clock, resolver);
    HttpClient client(network.loop.get_executor(), network.clock, dialer);
    network.policy->addresses = rule;
    auto request = network.request("http://name.example:" + std::to_string(port) + "/");
    return test::run_async(network.loop, client.send(std::move(request)));
}

TEST(SystemDialer, TriesEachAddressInTurn) {
    RawServer server(answer_each);
    auto response = get_from({"::1", "127.0.0.2", "127.0.0.1"}, AddressRule::no_metadata, server.port());
    ASSERT_EQ(kind_of(response), "status 200");
    EXPECT_EQ(response->remote, "127.0.0.1:" + std::to_string(server.port()));
}

TEST(SystemDialer, FamiliesTakeTurns) {
    using List = std::vector<std::string>;
    EXPECT_EQ(interleaved({}, std::nullopt), List{});
    EXPECT_EQ(interleaved({"::1", "::2", "1.1.1.1", "::3"}, std::nullopt),
              (List{"::1", "1.1.1.1", "::2", "::3"}));
    EXPECT_EQ(interleaved({"::1", "1.1.1.1", "1.1.1.2"}, false), (List{"1.1.1.1", "::1", "1.1.1.2"}));
    EXPECT_EQ(interleaved({"1.1.1.1", "1.1.1.2"}, true), (List{"1.1.1.1", "1.1.1.2"}));
}

// A listener whose queue is full drops what comes: connecting to it takes until the deadline.
TEST(SystemDialer, AnAddressThatSwallowsPacketsHoldsUpNobody) {
    RawServer server(answer_each);
    asio::io_context loop;
    auto port = static_cast<std::uint16_t>(server.port());
    tcp::acceptor silent(loop);
    silent.open(tcp::v6());
    silent.bind({asio::ip::make_address("::1"), port});
    silent.listen(0);
    std::vector<std::unique_ptr<tcp::socket>> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.push_back(std::make_unique<tcp::socket>(loop, tcp::v6()));
        waiting.back()->async_connect({asio::ip::make_address("::1"), port},
                                      [](const boost::system::error_code&) {});
    }
    loop.poll();
    auto response = get_from({"::1", "127.0.0.1"}, AddressRule::no_metadata, port);
    ASSERT_EQ(kind_of(response), "status 200");
    EXPECT_EQ(response->remote, "127.0.0.1:" + std::to_string(port));
}

TEST(SystemDialer, KeepsToTheFamilyThatWasChosen) {
    RawServer server(answer_each);
    RealNetwork network;
    FixedResolver resolver({"::1", "127.0.0.1"});
    SystemDialer dialer(network.loop.get_executor(), network.clock, resolver);
    HttpClient client(network.loop.get_executor(), network.clock, dialer);
    auto get = [&](AddressFamily family) {
        network.policy = std::make_shared<ConnectionPolicy>();
        network.policy->family = family;
        auto request = network.request("http://name.example:" + std::to_string(server.port()) + "/");
        return test::run_async(network.loop, client.send(std::move(request)));
    };
    EXPECT_EQ(kind_of(get(AddressFamily::ipv4)), "status 200");
    auto refused = get(AddressFamily::ipv6);
    EXPECT_EQ(kind_of(refused), "unreachable");
    EXPECT_NE(refused.error().message().find("[::1]"), std::string::npos);
    EXPECT_EQ(kind_of(get(AddressFamily::any)), "status 200");
    EXPECT_EQ(kind_of(get_from({}, AddressRule::no_metadata, server.port())), "name_lookup");
}

TEST(SystemDialer, GuardsTheResolvedAddress) {
    RawServer server(answer_each);
    auto from = [&](std::vector<std::string> addresses, AddressRule rule) {
        return kind_of(get_from(std::move(addresses), rule, server.port()));
    };
    EXPECT_EQ(from({"127.0.0.1"}, AddressRule::no_metadata), "status 200");
    EXPECT_EQ(from({"127.0.0.1"}, AddressRule::public_only), "blocked");
    EXPECT_EQ(from({"::ffff:127.0.0.1", "10.0.0.1", "fd00::1"}, AddressRule::public_only), "blocked");
    EXPECT_EQ(from({"169.254.169.254", "fe80::1"}, AddressRule::no_metadata), "blocked");
    EXPECT_EQ(from({"169.254.169.254", "127.0.0.1"}, AddressRule::no_metadata), "status 200");
    EXPECT_EQ(server.accepted(), 2);
}

TEST(SystemDialer, OnlyWhoMayAskAMetadataServiceReachesOneAndNothingElse) {
    RawServer server(answer_each);
    auto from = [&](std::vector<std::string> addresses, AddressRule rule) {
        return kind_of(get_from(std::move(addresses), rule, server.port()));
    };
    // A name that leads elsewhere, such as one that somebody else answers for, gains nothing.
    for (const char* address :
         {"127.0.0.1", "::1", "10.0.0.1", "169.254.1.1", "8.8.8.8", "::ffff:169.254.169.254"})
        EXPECT_EQ(from({address}, AddressRule::metadata_only), "blocked") << address;
    for (const char* address :
         {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23",
          "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"})
        for (auto rule : {AddressRule::no_metadata, AddressRule::public_only})
            EXPECT_EQ(from({address}, rule), "blocked") << address;
    EXPECT_EQ(server.accepted(), 0);
}

TEST(SystemDialer, GuardsLiteralAddresses) {
    RawServer server(answer_each);
    RealNetwork network;
    network.policy->addresses = AddressRule::public_only;
    EXPECT_EQ(kind_of(network.get(server.url())), "blocked");
    RealNetwork usual;
    EXPECT_EQ(kind_of(usual.get("http://169.254.169.254/")), "blocked") << "whoever names it";
    EXPECT_EQ(server.accepted(), 0);
}

// The connection behind a cancelled request is closed, which the server sees.
TEST(SystemDialer, CancellingClosesTheConnection) {
    std::atomic<bool> asked = false, ended = false;
    RawServer server([&](tcp::socket socket) -> Async<void> {
        std::string header;
        co_await read_header(socket, header);
        asked = true;
        co_await read_header(socket, header);
        ended = true;
    });
    RealNetwork network;
    TaskGroup group(network.loop.get_executor());
    std::string kind = "(waiting)";
    auto ask = [&]() -> Async<void> {
        auto response = co_await network.client.send(network.request(server.url()));
        kind = kind_of(response);
    };
    group.start("request", ask());
    auto until = Steady::now() + std::chrono::seconds(10);
    while (!asked && Steady::now() < until) network.loop.run_for(Milliseconds(1));
    ASSERT_TRUE(asked);
    group.cancel();
    while (!ended && Steady::now() < until) {
        network.loop.restart();
        network.loop.run_for(Milliseconds(1));
    }
    EXPECT_TRUE(ended);
    EXPECT_EQ(kind, "cancelled");
}

TEST(SystemDialer, ABodyLargerThanTheSocketsBuffersArrives) {
    std::atomic<std::size_t> received = 0;
    RawServer server([&](tcp::socket socket) -> Async<void> {
        std::string header;
        co_await read_header(socket, header);
        received = header.size() - header.find("\r\n\r\n") - 4;
        std::vector<char> bytes(65536);
        while (received < 8'000'000) {
            auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), test::as_result);
            if (error) co_return;
            received += count;
        }
        co_await say(socket, "HTTP/1.1 204 No Content\r\n\r\n");
    });
    RealNetwork network;
    auto request = network.request(server.url());
    request.method = "PUT";
    request.body.assign(8'000'000, 'x');
    EXPECT_EQ(kind_of(network.send(request)), "status 204");
}

}  // namespace
}  // namespace basewatch::net
