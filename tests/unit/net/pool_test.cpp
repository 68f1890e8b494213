// Kept connections: reused, bounded, queued for in order, replaced when dead, closed when old, and forgotten.
#include "net/connection_pools.hpp"
#include "support/run_async.hpp"
#include "unit/net/scripted_network.hpp"

#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

using test::answer;
using test::ConnectionScript;
using test::End;
using test::Say;
using test::ScriptedNetwork;
using test::Silence;

ConnectionScript silent() {
    return {};
}

TEST(ConnectionPool, ReusesAConnection) {
    ScriptedNetwork network;
    network.dialer.add_answers({answer("1"), answer("2"), answer("3")});
    EXPECT_EQ(network.start().body(), "1");
    EXPECT_EQ(network.start().body(), "2");
    EXPECT_EQ(network.start().body(), "3");
    EXPECT_EQ(network.client->connections_opened(), 1u);
}

TEST(ConnectionPool, KeepsOriginsAndPoliciesApart) {
    ScriptedNetwork network;
    for (int i = 0; i < 5; ++i) network.dialer.add_answers({answer(std::to_string(i))});
    auto other_policy = network.request("http://h/");
    other_policy.policy = std::make_shared<ConnectionPolicy>();
    EXPECT_EQ(network.start(network.request("http://h/")).body(), "0");
    EXPECT_EQ(network.start(network.request("https://h:80/")).body(), "1");
    EXPECT_EQ(network.start(network.request("http://h:81/")).body(), "2");
    EXPECT_EQ(network.start(network.request("http://g/")).body(), "3");
    EXPECT_EQ(network.start(other_policy).body(), "4");
    EXPECT_EQ(network.client->connections_opened(), 5u);
}

TEST(ConnectionPool, BoundsConnectionsAndServesInOrder) {
    ScriptedNetwork network;
    network.limit(2);
    // Two connections; each answers when its turn in the test has come.
    std::vector<std::string> many;
    for (int i = 0; i < 5; ++i) many.push_back(answer("x"));
    ConnectionScript slow = silent();
    network.dialer.add(slow);
    network.dialer.add_answers(many);
    auto& first = network.start();  // holds its connection
    std::vector<ScriptedNetwork::Call*> calls;
    for (int i = 0; i < 5; ++i) calls.push_back(&network.start());
    for (auto* call : calls) EXPECT_EQ(call->body(), "x");
    EXPECT_EQ(first.body(), "(waiting)");
    EXPECT_EQ(network.client->connections_opened(), 2u);
}

TEST(ConnectionPool, QueuesFirstComeFirstServed) {
    ScriptedNetwork network;
    network.limit(1);
    // The first answer comes in two parts; the second part when the next thing is written, which is never:
    // its deadline frees the place.
    network.dialer.add(silent());
    network.dialer.add_answers({answer("a"), answer("b"), answer("c")});
    auto hanging = network.request();
    hanging.timeout = Milliseconds(5'000);
    network.start(hanging);
    auto& a = network.start();
    auto& b = network.start();
    auto& c = network.start();
    EXPECT_EQ(network.client->connections_opened(), 1u);
    EXPECT_EQ(a.body(), "(waiting)");
    network.clock.advance(Milliseconds(5'000));
    EXPECT_EQ(a.body(), "a");
    EXPECT_EQ(b.body(), "b");
    EXPECT_EQ(c.body(), "c");
    EXPECT_EQ(network.client->connections_opened(), 2u);
}

TEST(ConnectionPool, WaitingForAConnectionCountsAgainstTheTimeout) {
    ScriptedNetwork network;
    network.limit(1);
    network.dialer.add(silent());
    network.dialer.add_answers({answer("later")});
    auto hanging = network.request();
    hanging.timeout = Milliseconds(60'000);
    auto& holder = network.start(hanging);
    auto& waiter = network.start();
    auto patient = network.request();
    patient.timeout = Milliseconds(90'000);
    auto& third = network.start(patient);
    network.clock.advance(Milliseconds(29'999));
    EXPECT_EQ(waiter.body(), "(waiting)");
    network.clock.advance(Milliseconds(1));
    EXPECT_EQ(waiter.body(), "timed_out");
    EXPECT_EQ(holder.body(), "(waiting)");
    network.clock.advance(Milliseconds(30'000));
    EXPECT_EQ(holder.body(), "timed_out");
    EXPECT_EQ(third.body(), "later");
}

TEST(ConnectionPool, ACancelledWaiterLosesItsPlaceOnly) {
    ScriptedNetwork network;
    network.limit(1);
    network.dialer.add(silent());
    network.dialer.add_answers({answer("x")});
    auto hanging = network.request();
    hanging.timeout = Milliseconds(5'000);
    network.start(hanging);
    auto& waiter = network.start();
    auto& next = network.start();
    waiter.group.cancel();
    network.clock.settle();
    EXPECT_EQ(waiter.body(), "cancelled");
    network.clock.advance(Milliseconds(5'000));
    EXPECT_EQ(next.body(), "x");
}

// The place is handed over and its new owner cancelled in the same turn of the loop.
TEST(ConnectionPool, APlaceHandedToACancelledWaiterIsPassedOn) {
    ScriptedNetwork network;
    network.limit(1);
    network.dialer.add(silent());
    network.dialer.add_answers({answer("x")});
    auto& holder = network.start();
    auto& waiter = network.start();
    auto& next = network.start();
    holder.group.cancel();
    waiter.group.cancel();
    network.clock.settle();
    EXPECT_EQ(waiter.body(), "cancelled");
    EXPECT_EQ(next.body(), "x");
}

TEST(ConnectionPool, ReplacesAConnectionThatDiedWhileKept) {
    for (const char* method : {"GET", "HEAD"}) {
        ScriptedNetwork network;
        ConnectionScript dies;
        dies.steps = {Silence{}, Say{"HTTP/1.1 204 No Content\r\n\r\n"}, Silence{}, End{}};
        network.dialer.add(dies);
        network.dialer.add_answers({"HTTP/1.1 204 No Content\r\n\r\n"});
        auto request = network.request("http://h/", method);
        EXPECT_EQ((*network.start(request).result)->status, 204) << method;
        EXPECT_EQ((*network.start(request).result)->status, 204) << method;
        EXPECT_EQ(network.client->connections_opened(), 2u) << method;
        EXPECT_EQ(network.dialer.open(), 1u) << method;
    }
}

// The other side may have taken it in before the connection broke: it would count twice.
TEST(ConnectionPool, SendsWhatChangesSomethingOnceOnly) {
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
        ScriptedNetwork network;
        ConnectionScript dies;
        dies.steps = {Silence{}, Say{"HTTP/1.1 204 No Content\r\n\r\n"}, Silence{}, End{}};
        network.dialer.add(dies);
        network.dialer.add_answers({answer("the next one")});
        auto request = network.request("http://h/", method);
        EXPECT_EQ((*network.start(request).result)->status, 204) << method;
        EXPECT_EQ(network.start(request).body(), "unreachable") << method;
        EXPECT_EQ(network.client->connections_opened(), 1u) << method;
        EXPECT_EQ(network.start(request).body(), "the next one") << method;
    }
}

TEST(ConnectionPool, ReplacesItOnceOnly) {
    ScriptedNetwork network;
    ConnectionScript dies, dead;
    dies.steps = {Silence{}, Say{answer("1")}, Silence{}, End{}};
    dead.steps = {Silence{}, End{}};
    network.dialer.add(dies);
    network.dialer.add(dead);
    network.dialer.add_answers({answer("never asked")});
    EXPECT_EQ(network.start().body(), "1");
    EXPECT_EQ(network.start().body(), "unreachable");
    EXPECT_EQ(network.client->connections_opened(), 2u);
}

TEST(ConnectionPool, ReplacesANewConnectionNever) {
    ScriptedNetwork network;
    ConnectionScript dead;
    dead.steps = {Silence{}, End{}};
    network.dialer.add(dead);
    network.dialer.add_answers({answer("never asked")});
    EXPECT_EQ(network.start().body(), "unreachable");
    EXPECT_EQ(network.client->connections_opened(), 1u);
}

TEST(ConnectionPool, ReplacesNothingAfterTheFirstByte) {
    ScriptedNetwork network;
    ConnectionScript dies;
    dies.steps = {Silence{}, Say{answer("1")}, Silence{}, Say{"H"}, End{}};
    network.dialer.add(dies);
    network.dialer.add_answers({answer("never asked")});
    EXPECT_EQ(network.start().body(), "1");
    EXPECT_EQ(network.start().body(), "unreachable");
    EXPECT_EQ(network.client->connections_opened(), 1u);
}

// Wherever the other side hangs up, the answer is whole or it is none.
TEST(ConnectionPool, AnAnswerCutAnywhereIsNoAnswer) {
    const std::string whole = answer("hello");
    for (std::size_t told = 1; told < whole.size(); ++told) {
        for (bool kept : {false, true}) {
            ScriptedNetwork network;
            ConnectionScript script;
            script.steps = {Silence{}, Say{answer("first")}, Silence{}};
            if (!kept) script.steps.clear();
            script.steps.push_back(Say{whole.substr(0, told)});
            script.steps.push_back(End{});
            network.dialer.add(script);
            network.dialer.add_answers({answer("never asked")});
            if (kept) EXPECT_EQ(network.start().body(), "first");
            EXPECT_EQ(network.start().body(), "unreachable") << told;
            EXPECT_EQ(network.dialer.open(), 0u) << told;
            EXPECT_EQ(network.client->connections_opened(), 1u) << told;
        }
    }
}

TEST(ConnectionPool, KeepsNoConnectionThatItsServerCloses) {
    struct Row {
        std::string said;
        bool kept;
    };
    const std::vector<Row> rows{
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", true},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1", false},
        {"HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 1\r\n\r\n1", false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1", false},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n1", true},
    };
    for (const auto& row : rows) {
        ScriptedNetwork network;
        network.dialer.add_answers({row.said, answer("2")});
        network.dialer.add_answers({answer("2")});
        EXPECT_EQ(network.start().body(), "1") << row.said;
        EXPECT_EQ(network.dialer.open(), row.kept ? 1u : 0u) << row.said;
        EXPECT_EQ(network.start().body(), "2") << row.said;
        EXPECT_EQ(network.client->connections_opened(), row.kept ? 1u : 2u) << row.said;
    }
    // Without a length the end of the connection is the end of the body.
    ScriptedNetwork network;
    ConnectionScript old;
    old.steps = {Silence{}, Say{"HTTP/1.0 200 OK\r\n\r\nto the end"}, End{}};
    network.dialer.add(old);
    EXPECT_EQ(network.start().body(), "to the end");
    EXPECT_EQ(network.dialer.open(), 0u);
}

TEST(ConnectionPool, LooksBeforeItReuses) {
    ScriptedNetwork network;
    ConnectionScript closed;
    closed.steps = {Silence{}, Say{answer("1")}};
    closed.stays_usable = false;
    network.dialer.add(closed);
    network.dialer.add_answers({answer("2")});
    EXPECT_EQ(network.start().body(), "1");
    EXPECT_EQ(network.start().body(), "2");
    EXPECT_EQ(network.dialer.connections().at(0)->written.find("GET", 1), std::string::npos);
}

TEST(ConnectionPool, ClosesIdleConnectionsAtTheirAge) {
    ScriptedNetwork network;
    network.dialer.add_answers({answer("1"), answer("2")});
    EXPECT_EQ(network.start().body(), "1");
    network.clock.advance(Milliseconds(20'000));
    EXPECT_EQ(network.start().body(), "2");
    // Its age counts from when it was last used.
    network.clock.advance(Milliseconds(29'999));
    EXPECT_EQ(network.dialer.open(), 1u);
    network.clock.advance(Milliseconds(1));
    EXPECT_EQ(network.dialer.open(), 0u);
    EXPECT_EQ(network.clock.waiting(), 0u);
}

TEST(ConnectionPool, ClosesIdleConnectionsWhenTold) {
    ScriptedNetwork network;
    network.limit(2);
    network.dialer.add_answers({answer("1")});
    network.dialer.add(silent());
    network.dialer.add_answers({answer("3")});
    EXPECT_EQ(network.start().body(), "1");
    network.client->close_idle();
    EXPECT_EQ(network.dialer.open(), 0u);
    auto& busy = network.start();
    network.client->close_idle();
    EXPECT_EQ(network.dialer.open(), 1u);
    EXPECT_EQ(busy.body(), "(waiting)");
    EXPECT_EQ(network.start().body(), "3");
}

// The connection used last is used next, so that the others can grow old.
TEST(ConnectionPools, UsesTheYoungestAndForgetsTheEmpty) {
    asio::io_context loop;
    test::ManualClock clock(loop);
    test::ScriptedDialer dialer(loop.get_executor(), clock);
    ConnectionPools pools(clock);
    auto policy = std::make_shared<const ConnectionPolicy>();
    auto url = test::url_of("http://h/");
    auto open_stream = [&](Lease& lease) {
        dialer.add(silent());
        Endpoint endpoint;
        endpoint.policy = policy;
        auto stream = test::run_async(loop, dialer.connect(endpoint));
        lease.stream = std::move(*stream);
        lease.keep = true;
    };
    ByteStream *older = nullptr, *younger = nullptr;
    {
        Lease first(pools, url, policy), second(pools, url, policy);
        ASSERT_TRUE(first.try_obtain());
        ASSERT_TRUE(second.try_obtain());
        open_stream(first);
        open_stream(second);
        younger = first.stream.get();
        older = second.stream.get();
    }  // second is given back before first
    {
        Lease lease(pools, url, policy), other(pools, url, policy);
        ASSERT_TRUE(lease.try_obtain());
        EXPECT_EQ(lease.stream.get(), younger);
        ASSERT_TRUE(other.try_obtain());
        EXPECT_EQ(other.stream.get(), older);
        EXPECT_EQ(pools.size(), 1u);
    }
    EXPECT_EQ(pools.size(), 0u);
}

TEST(ConnectionPools, ManyHostsLeaveNothingBehind) {
    ScriptedNetwork network;
    ConnectionPools pools(network.clock);
    auto policy = std::make_shared<const ConnectionPolicy>();
    for (int i = 0; i < 1000; ++i) {
        network.dialer.add(silent());
        Lease lease(pools, test::url_of("http://host" + std::to_string(i) + "/"), policy);
        ASSERT_TRUE(lease.try_obtain());
        Endpoint endpoint;
        endpoint.policy = policy;
        auto stream = test::run_async(network.loop, network.dialer.connect(endpoint));
        lease.stream = std::move(*stream);
        lease.keep = true;
    }
    EXPECT_EQ(pools.size(), 1000u);
    EXPECT_EQ(network.dialer.open(), 1000u);
    network.clock.advance(Milliseconds(30'000));
    EXPECT_EQ(pools.size(), 0u);
    EXPECT_EQ(network.dialer.open(), 0u);
}

}  // namespace
}  // namespace basewatch::net
