// The dispatcher against receivers that misbehave, over real sockets and by the real clock: each attempt
// ends, and what was private stays so.

#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "support/receiver.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

struct WireTest : testing::Test {
    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    net::SystemResolver resolver{loop.get_executor(), clock};
    net::SystemDialer dialer{loop.get_executor(), clock, resolver};
    net::HttpClient transport{loop.get_executor(), clock, dialer};
    Receiver receiver{loop, clock};
    House house{loop, clock, transport};

    presets::Target impatient(std::string name, std::string_view path) {
        auto target = webhook(std::move(name), receiver.address(path));
        target.fields.timeout = Milliseconds(300);
        return target;
    }
    bool until_tried(const std::string& id) {
        return house.until([&] { return house.delivery(id).attempts > 0; });
    }
};

TEST_F(WireTest, EveryMisbehaviourEndsAndHasItsName) {
    struct Row {
        const char* path;
        Reply reply;
        const char* reason;
        DeliveryState state;
    };
    const Row rows[] = {
        {"/hangs", misbehaves(Reply::Way::hang), "timeout", DeliveryState::waiting},
        {"/drips", misbehaves(Reply::Way::drip), "timeout", DeliveryState::waiting},
        {"/closes", misbehaves(Reply::Way::close), "refused", DeliveryState::waiting},
        {"/never-ends", misbehaves(Reply::Way::endless), "delivered", DeliveryState::delivered},
        {"/moved", answers(302, "", {{"Location", "/elsewhere"}}), "3xx", DeliveryState::dead},
        {"/moved-for-good", answers(308, "", {{"Location", "/elsewhere"}}), "3xx", DeliveryState::dead},
        {"/fine", answers(200, "thanks"), "delivered", DeliveryState::delivered},
    };
    std::vector<presets::Target> targets;
    std::vector<std::string> names;
    for (const auto& row : rows) {
        receiver.on(row.path, {row.reply});
        names.emplace_back(row.path + 1);
        targets.push_back(impatient(names.back(), row.path));
    }
    house.use(targets);
    house.start();
    auto ids = house.give_to(names);
    std::size_t at = 0;
    for (const auto& row : rows) {
        const auto& id = ids[at++];
        ASSERT_TRUE(until_tried(id)) << row.path;
        auto attempt = house.attempts(id)[0];
        EXPECT_EQ(attempt.reason, row.reason) << row.path << ": " << attempt.detail;
        EXPECT_EQ(house.state(id), row.state) << row.path;
        EXPECT_LT(attempt.duration, 5s) << row.path;
        EXPECT_LE(attempt.answer.size(), 2048u) << row.path;
    }
    EXPECT_THAT(receiver.requests_to("/elsewhere"), SizeIs(0)) << "redirects are not followed";
}

TEST_F(WireTest, ARefusedConnectionIsTriedAgain) {
    auto port = [this] {
        Receiver gone(loop, clock);
        return gone.port();
    }();
    house.use({webhook("ci", "http://127.0.0.1:" + std::to_string(port) + "/")});
    house.start();
    auto id = house.give("ci");
    ASSERT_TRUE(until_tried(id));
    EXPECT_EQ(house.attempts(id)[0].reason, "refused");
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
}

TEST_F(WireTest, AHangingPathOfAHostDelaysNoOtherTargetOfThatHost) {
    receiver.on("/hangs", {misbehaves(Reply::Way::hang)});
    house.use(
        {webhook("hanging", receiver.address("/hangs")), webhook("healthy", receiver.address("/fine"))});
    house.start();
    std::vector<std::string> healthy;
    for (int i = 0; i < 20; ++i) healthy.push_back(house.give_to({"hanging", "healthy"})[1]);
    auto began = clock.monotonic();
    for (const auto& id : healthy) ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    EXPECT_LT(clock.monotonic() - began, 10s) << "the hanging one takes 15 s";
    EXPECT_THAT(receiver.requests_to("/hangs"), SizeIs(4));
}

TEST_F(WireTest, NothingPrivateIsLoggedStoredOrReported) {
    const std::string path = "/services/T024BE7LD/Zq3vR8sYt1uWx5Ab";
    const std::string token = "pull-and-push-token";
    auto target = webhook("chat", receiver.address(path) + "?sig=Xk29vLq0");
    target.fields.headers["Authorization"] = Secret("Bearer " + token);
    target.secrets = {Secret("a secret for signing")};
    receiver.on(path, {answers(500, "Cannot POST " + path + "?sig=Xk29vLq0 with Bearer " + token +
                                        " signed by: a secret for signing\x1b[2J")});
    testing::internal::CaptureStderr();
    house.use({target});
    house.start();
    auto id = house.give("chat");
    ASSERT_TRUE(until_tried(id));
    ASSERT_TRUE(house.until([&] { return house.report("chat").failed == 1; }));
    auto log = testing::internal::GetCapturedStderr();
    auto attempt = house.attempts(id)[0];
    auto delivery = house.delivery(id);
    for (const auto& text :
         {log, attempt.answer, attempt.detail, delivery.last_error, house.report("chat").last_error}) {
        for (const char* secret : {"T024BE7LD", "Zq3vR8sYt1uWx5Ab", "Xk29vLq0", "pull-and-push-token",
                                   "a secret for signing", "services", "\x1b"})
            EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
    EXPECT_THAT(attempt.answer, HasSubstr("Cannot POST [redacted] with"));
    EXPECT_EQ(attempt.remote, "127.0.0.1:" + std::to_string(receiver.port()));
}

TEST_F(WireTest, ATrialSaysWhatWasSentAndAnswered) {
    receiver.on("/hook", {answers(200, "built")});
    auto target = webhook("ci", receiver.address("/hook"));
    target.secrets = {Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
    target.test = presets::TestMode::dry_run;
    target.dry_run_headers = {{"X-Dry-Run", "1"}};
    model::Event event{"evt_1", "dev.basewatch.test",         "target:ci", clock.now(),
                       "",      R"({"id":"evt_1","data":{}})"};

    auto looked =
        run_async(loop, dispatch::try_target(target, event, "", {}, false, clock, transport, house.registry(),
                                             house.jq(), house.mail(), house.kafka(), house.nats()));
    EXPECT_FALSE(looked.sent);
    EXPECT_THAT(looked.request, HasSubstr("POST"));
    EXPECT_THAT(receiver.requests(), SizeIs(0));

    auto tried =
        run_async(loop, dispatch::try_target(target, event, "", {}, true, clock, transport, house.registry(),
                                             house.jq(), house.mail(), house.kafka(), house.nats()));
    EXPECT_TRUE(tried.sent);
    EXPECT_TRUE(tried.succeeded);
    EXPECT_EQ(tried.answer, "200 OK\nbuilt");
    ASSERT_THAT(receiver.requests(), SizeIs(1));
    EXPECT_THAT(receiver.requests()[0].header("webhook-id"), testing::StartsWith("dlv_"));
    EXPECT_THAT(receiver.requests()[0].header("webhook-signature"), testing::StartsWith("v1,"));
    EXPECT_EQ(receiver.requests()[0].header("X-Dry-Run"), "1");
    EXPECT_THAT(tried.request, Not(HasSubstr("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));

    receiver.on("/hook", {answers(403, "go away")});
    auto refused =
        run_async(loop, dispatch::try_target(target, event, "", {}, true, clock, transport, house.registry(),
                                             house.jq(), house.mail(), house.kafka(), house.nats()));
    EXPECT_FALSE(refused.succeeded);
    EXPECT_THAT(refused.answer, testing::AllOf(HasSubstr("403 Forbidden"), HasSubstr("go away")));
}

}  // namespace
}  // namespace basewatch::test
