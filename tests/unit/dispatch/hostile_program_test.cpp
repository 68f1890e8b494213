// jq programs of users that do not behave, through the dispatcher: each ends its own worker process and its
// own delivery, with the reason, and everybody else is served meanwhile and afterwards.

#include "support/manual_clock.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct HostileProgramTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};

    // A delivery to a target whose body is this program, after it has begun to run.
    std::string give_hostile(const std::string& body) {
        auto hostile = webhook("hostile", "https://hostile.example.com/");
        hostile.fields.body = body;
        auto healthy = webhook("healthy", "https://healthy.example.com/");
        healthy.fields.body = "{text: .type}";
        house.use({hostile, healthy});
        house.start();
        auto id = house.give("hostile");
        EXPECT_TRUE(house.until([&] { return house.jq().started() == 1; }));
        return id;
    }
    void expect_served() {
        auto id = house.give("healthy");
        EXPECT_TRUE(house.until_state(id, DeliveryState::delivered));
        EXPECT_EQ(transport.sent.back().request.url.host, "healthy.example.com");
    }
    void expect_given_up(const std::string& id, const std::string& why) {
        ASSERT_TRUE(house.until_state(id, DeliveryState::dead));
        auto attempts = house.attempts(id);
        ASSERT_EQ(attempts.size(), 1u);
        EXPECT_EQ(attempts[0].reason, "render");
        EXPECT_THAT(attempts[0].detail, HasSubstr(why));
        for (const auto& sent : transport.sent) EXPECT_EQ(sent.request.url.host, "healthy.example.com");
    }
};

TEST_F(HostileProgramTest, OneThatLoopsDelaysNobodyAndEndsAtItsDeadline) {
    auto id = give_hostile("def f: f; f");
    clock.advance(200ms);
    expect_served();
    clock.advance(5s);
    expect_given_up(id, "did not end within 5000 ms");
    expect_served();
}

TEST_F(HostileProgramTest, OneThatFloodsIsRefused) {
    auto id = give_hostile("\"x\" * 2e6");
    expect_given_up(id, "over its bound of 1048576 bytes");
    expect_served();
}

TEST_F(HostileProgramTest, OneThatEatsMemoryEndsItsWorker) {
    auto id = give_hostile("[range(1e9)] | length");
    expect_given_up(id, "memory");
    expect_served();
    EXPECT_EQ(house.jq().started(), 2);
}

}  // namespace
}  // namespace basewatch::test
