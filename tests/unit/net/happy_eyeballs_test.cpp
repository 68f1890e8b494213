// Which address wins, and when, on a clock that the test turns.
#include "net/happy_eyeballs.hpp"

#include "foundation/task_group.hpp"
#include "support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace basewatch::net {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::Pair;

// What an address does when it is connected to.
struct Behaviour {
    Milliseconds after = 0ms;
    enum class Does { connect, refuse, hang } does = Does::connect;
};
constexpr auto refuse = Behaviour::Does::refuse;
constexpr auto hang = Behaviour::Does::hang;

class Eyes {
public:
    explicit Eyes(std::map<std::string, Behaviour> behaviours) : behaviours_(std::move(behaviours)) {}
    ~Eyes() {
        tasks_.cancel();
        clock_.settle();
    }

    // Tries these, in this order, for ten seconds.
    void look(const std::vector<std::string>& addresses) {
        std::vector<tcp::endpoint> endpoints;
        for (const auto& address : addresses) endpoints.emplace_back(asio::ip::make_address(address), 443);
        tasks_.start("race", race(std::move(endpoints)));
        clock_.settle();
        while (!result && clock_.next())
            clock_.advance(std::chrono::ceil<Milliseconds>(*clock_.next() - clock_.monotonic()));
    }

    std::vector<std::pair<std::string, Milliseconds>> begun;  // when each was
    std::vector<std::string> connected, cancelled;
    std::optional<Result<void>> result;
    Milliseconds ended{};

private:
    Milliseconds elapsed() const { return std::chrono::ceil<Milliseconds>(clock_.monotonic() - start_); }
    Async<Result<tcp::socket>> connect(tcp::endpoint endpoint) {
        auto address = endpoint.address().to_string();
        begun.emplace_back(address, elapsed());
        auto behaviour = behaviours_.at(address);
        bool hangs = behaviour.does == hang;
        bool passed = co_await sleep_until(clock_, hangs ? deadline_ : clock_.monotonic() + behaviour.after);
        if (!passed) {
            cancelled.push_back(address);
            co_return Error(ErrorKind::cancelled, "lost");
        }
        if (hangs) co_return Error(ErrorKind::timed_out, address);
        if (behaviour.does == refuse) co_return Error(ErrorKind::unreachable, address);
        connected.push_back(address);
        co_return tcp::socket(loop_);
    }
    Async<void> race(std::vector<tcp::endpoint> endpoints) {
        auto won = co_await connect_to_first(loop_.get_executor(), std::move(endpoints), clock_, deadline_,
                                             [this](tcp::endpoint address) { return connect(address); });
        result = won ? Result<void>() : Result<void>(won.error());
        ended = elapsed();
    }

    std::map<std::string, Behaviour> behaviours_;
    asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    Monotonic start_ = clock_.monotonic(), deadline_ = start_ + 10s;
    TaskGroup tasks_{loop_.get_executor()};
};

TEST(HappyEyeballs, TheFirstFamilyHangsAndTheSecondWins) {
    Eyes eyes({{"2001:db8::1", {0ms, hang}}, {"192.0.2.1", {10ms}}});
    eyes.look({"2001:db8::1", "192.0.2.1"});
    EXPECT_TRUE(eyes.result->has_value());
    EXPECT_THAT(eyes.begun, ElementsAre(Pair("2001:db8::1", 0ms), Pair("192.0.2.1", 250ms)));
    EXPECT_EQ(eyes.ended, 260ms);
    EXPECT_THAT(eyes.cancelled, ElementsAre("2001:db8::1"));
}

TEST(HappyEyeballs, ARefusalIsNotWaitedFor) {
    Eyes eyes({{"2001:db8::1", {5ms, refuse}}, {"192.0.2.1", {10ms}}});
    eyes.look({"2001:db8::1", "192.0.2.1"});
    EXPECT_TRUE(eyes.result->has_value());
    EXPECT_THAT(eyes.begun, ElementsAre(Pair("2001:db8::1", 0ms), Pair("192.0.2.1", 5ms)));
    EXPECT_EQ(eyes.ended, 15ms);
}

TEST(HappyEyeballs, TheFirstThatConnectsWinsHoweverLateItWasBegun) {
    Eyes slow({{"2001:db8::1", {300ms}}, {"192.0.2.1", {100ms}}});
    slow.look({"2001:db8::1", "192.0.2.1"});
    EXPECT_THAT(slow.connected, ElementsAre("2001:db8::1"));
    EXPECT_EQ(slow.ended, 300ms);
    Eyes slower({{"2001:db8::1", {400ms}}, {"192.0.2.1", {100ms}}});
    slower.look({"2001:db8::1", "192.0.2.1"});
    EXPECT_THAT(slower.connected, ElementsAre("192.0.2.1"));
    EXPECT_EQ(slower.ended, 350ms);
}

TEST(HappyEyeballs, BothDead) {
    Eyes hanging({{"2001:db8::1", {0ms, hang}}, {"192.0.2.1", {0ms, hang}}});
    hanging.look({"2001:db8::1", "192.0.2.1"});
    EXPECT_EQ(hanging.result->error().kind(), ErrorKind::timed_out);
    EXPECT_EQ(hanging.ended, 10s);
    Eyes refusing({{"2001:db8::1", {5ms, refuse}}, {"192.0.2.1", {7ms, refuse}}});
    refusing.look({"2001:db8::1", "192.0.2.1"});
    EXPECT_EQ(refusing.result->error().kind(), ErrorKind::unreachable);
    EXPECT_EQ(refusing.result->error().message(), "192.0.2.1");
    EXPECT_EQ(refusing.ended, 12ms);
}

TEST(HappyEyeballs, OneFamilyOnly) {
    Eyes one({{"192.0.2.1", {20ms}}});
    one.look({"192.0.2.1"});
    EXPECT_TRUE(one.result->has_value());
    EXPECT_EQ(one.ended, 20ms);
    Eyes two({{"192.0.2.1", {0ms, hang}}, {"192.0.2.2", {20ms}}});
    two.look({"192.0.2.1", "192.0.2.2"});
    EXPECT_TRUE(two.result->has_value());
    EXPECT_EQ(two.ended, 270ms);
    Eyes none({});
    none.look({});
    EXPECT_EQ(none.result->error().kind(), ErrorKind::name_lookup);
}

TEST(HappyEyeballs, TheyAreBegunOneAfterTheOther) {
    std::map<std::string, Behaviour> all;
    for (int i = 1; i <= 4; ++i) all["192.0.2." + std::to_string(i)] = {0ms, hang};
    Eyes eyes(all);
    eyes.look({"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"});
    EXPECT_THAT(eyes.begun, ElementsAre(Pair("192.0.2.1", 0ms), Pair("192.0.2.2", 250ms),
                                        Pair("192.0.2.3", 500ms), Pair("192.0.2.4", 750ms)));
    EXPECT_EQ(eyes.ended, 10s);
}

}  // namespace
}  // namespace basewatch::net
