// The dispatcher's promises by the clock: when what is sent again, with which headers, and what a stop, a
// crash and a reload do. The transport is a script, the hands of the clock are turned by hand.

#include "dispatch/signature.hpp"
#include "foundation/bell.hpp"
#include "foundation/bytes.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"
#include "unit/dispatch/house.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;
using namespace std::chrono_literals;

struct DispatcherTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};

    bool until_sent(std::size_t count) {
        return house.until([&] { return transport.sent.size() >= count; });
    }
    // Runs until the delivery waits, the dispatcher knows when for, and says how long that is.
    Milliseconds until_waiting(const std::string& id, int attempts) {
        bool waits = house.until([&] {
            auto delivery = house.delivery(id);
            return delivery.state == DeliveryState::waiting && delivery.attempts == attempts &&
                   house.report(delivery.target).in_flight == 0 && clock.next().has_value();
        });
        EXPECT_TRUE(waits);
        return house.delivery(id).due_at - clock.now();
    }
};

TEST_F(DispatcherTest, SendsWhatIsCommittedAndSaysSo) {
    house.use({webhook("ci", "https://ci.example.com/hooks/base")});
    house.start();
    auto id = house.give("ci");
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    ASSERT_THAT(transport.sent, SizeIs(1));
    auto& request = transport.sent[0].request;
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url.host, "ci.example.com");
    EXPECT_EQ(request.body, house.event_json(id)) << "the event's own bytes";
    EXPECT_EQ(transport.sent[0].header("Content-Type"), "application/cloudevents+json; charset=utf-8");
    EXPECT_EQ(transport.sent[0].header("webhook-id"), id);
    EXPECT_EQ(transport.sent[0].header("User-Agent"), "basewatch/" BASEWATCH_VERSION);
    EXPECT_EQ(request.timeout, 15s);
    EXPECT_TRUE(request.cut_body);
    auto attempts = house.attempts(id);
    ASSERT_THAT(attempts, SizeIs(1));
    EXPECT_EQ(attempts[0].reason, "delivered");
    EXPECT_EQ(attempts[0].status, 204);
    EXPECT_EQ(attempts[0].remote, "127.0.0.1:80");
    auto report = house.report("ci");
    EXPECT_EQ(report.delivered, 1u);
    EXPECT_EQ(report.last_delivery, clock.now());
}

TEST_F(DispatcherTest, TriesAgainWhenTheScheduleSaysAndNotBefore) {
    house.use({webhook("ci", "https://ci.example.com/")});
    transport.answer = [](const auto&) { return AnsweringTransport::status(503, "come back"); };
    house.start();
    auto id = house.give("ci");
    const Milliseconds plan[] = {5s, 30s, 2min, 10min, 30min, 1h, 3h, 6h, 12h};
    std::size_t attempts = 0;
    for (auto planned : plan) {
        ASSERT_TRUE(until_sent(++attempts));
        auto wait = until_waiting(id, static_cast<int>(attempts));
        EXPECT_THAT(wait, AllOf(Ge(planned * 8 / 10), Le(planned * 12 / 10))) << "attempt " << attempts;
        clock.advance(wait - 1ms);
        EXPECT_TRUE(house.until([&] { return clock.next() == clock.monotonic() + 1ms; }))
            << "it waits for just that moment";
        EXPECT_THAT(transport.sent, SizeIs(attempts));
        clock.advance(1ms);
    }
    ASSERT_TRUE(house.until_state(id, DeliveryState::dead));
    EXPECT_THAT(transport.sent, SizeIs(10));
    auto last = house.attempts(id).back();
    EXPECT_EQ(last.number, 10);
    EXPECT_EQ(last.reason, "5xx");
    EXPECT_EQ(last.answer, "come back");
    EXPECT_THAT(house.delivery(id).last_error, HasSubstr("503 Service Unavailable"));
}

TEST_F(DispatcherTest, EveryAttemptHasTheSameIdAndBodyAndASignatureOfItsOwn) {
    auto target = webhook("ci", "https://ci.example.com/");
    target.secrets = {Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), Secret("the one before")};
    target.fields.signature = settings::SignatureStyle::standard;
    house.use({target});
    transport.answer = [&](const auto&) {
        return AnsweringTransport::status(transport.sent.size() < 3 ? 500 : 200);
    };
    house.start();
    auto id = house.give("ci");
    for (int attempt = 1; attempt < 3; ++attempt) clock.advance(until_waiting(id, attempt));
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    std::set<std::string> timestamps, spans, traces;
    for (const auto& sent : transport.sent) {
        EXPECT_EQ(sent.header("webhook-id"), id);
        EXPECT_EQ(sent.request.body, house.event_json(id));
        auto seconds = std::chrono::floor<std::chrono::seconds>(sent.at).time_since_epoch().count();
        for (const auto& secret : target.secrets)
            EXPECT_TRUE(dispatch::verify(sent.request.headers, sent.request.body, seconds, {secret}));
        timestamps.insert(sent.header("webhook-timestamp"));
        auto trace = sent.header("traceparent");
        ASSERT_EQ(trace.size(), 55u);
        EXPECT_EQ(trace.substr(0, 3) + trace.substr(35, 1) + trace.substr(52), "00---01");
        EXPECT_TRUE(unhex(trace.substr(3, 32)) && unhex(trace.substr(36, 16))) << trace;
        traces.insert(trace.substr(3, 32));
        spans.insert(trace.substr(36, 16));
    }
    EXPECT_THAT(timestamps, SizeIs(3));
    EXPECT_THAT(traces, SizeIs(1)) << "one trace for an event";
    EXPECT_THAT(spans, SizeIs(3)) << "one span for each attempt";
}

// The receiver takes the new secret into use while we sign with both, so nothing that is sent meanwhile fits
// neither.
TEST_F(DispatcherTest, ASecretIsRotatedWithoutALostMessage) {
    const Secret before("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
        after("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    auto signs_with = [](std::vector<Secret> secrets) {
        auto target = webhook("ci", "https://ci.example.com/");
        target.fields.signature = settings::SignatureStyle::standard;
        target.secrets = std::move(secrets);
        return target;
    };
    Secret known = before;
    transport.answer = [&](const net::HttpRequest& request) {
        auto seconds = std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count();
        bool fits = dispatch::verify(request.headers, request.body, seconds, {known}).has_value();
        return AnsweringTransport::status(fits ? 204 : 401);
    };
    house.use({signs_with({before})});
    house.start();
    std::vector<std::string> ids;
    auto some = [&] {
        for (int i = 0; i < 3; ++i) ids.push_back(house.give("ci"));
    };
    auto arrive = [&] {
        for (const auto& id : ids) ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    };
    some();
    house.use({signs_with({after, before})});
    some();
    arrive();
    known = after;
    some();
    arrive();
    house.use({signs_with({after})});
    some();
    arrive();
    EXPECT_EQ(house.report("ci").failed, 0u);
    EXPECT_EQ(house.report("ci").delivered, ids.size());
}

TEST_F(DispatcherTest, ObservesRetryAfter) {
    house.use({webhook("ci", "https://ci.example.com/")});
    transport.answer = [&](const auto&) {
        if (transport.sent.size() > 1) return AnsweringTransport::status(204);
        return AnsweringTransport::status(429, "", {{"Retry-After", "120"}});
    };
    house.start();
    auto id = house.give("ci");
    EXPECT_EQ(until_waiting(id, 1), 2min);
    clock.advance(2min - 1ms);
    EXPECT_THAT(transport.sent, SizeIs(1));
    clock.advance(1ms);
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    EXPECT_EQ(transport.sent[1].at - transport.sent[0].at, 2min);
}

TEST_F(DispatcherTest, KeepsToATargetsRate) {
    auto target = webhook("slack", "https://hooks.example.com/");
    target.fields.rate = settings::Rate{1.0};
    house.use({target, webhook("ci", "https://ci.example.com/")});
    for (int i = 0; i < 3; ++i) house.give_to({"slack", "ci"});
    house.start();
    ASSERT_TRUE(until_sent(4)) << "one message for the chat, all three for the build server";
    for (std::size_t i = 5; i <= 6; ++i) {
        ASSERT_TRUE(house.until([&] { return clock.next() == clock.monotonic() + 1s; }));
        clock.advance(1s);
        ASSERT_TRUE(until_sent(i));
    }
    std::vector<Time> chat;
    for (const auto& sent : transport.sent)
        if (sent.request.url.host == "hooks.example.com") chat.push_back(sent.at);
    EXPECT_THAT(chat, ElementsAre(chat[0], chat[0] + 1s, chat[0] + 2s));
}

TEST_F(DispatcherTest, ATargetThatHangsDelaysNobodyElse) {
    house.use({webhook("hanging", "https://hangs.example.com/"), webhook("ci", "https://ci.example.com/")});
    transport.hangs = [](const auto& request) { return request.url.host == "hangs.example.com"; };
    house.start();
    std::vector<std::string> healthy;
    for (int i = 0; i < 20; ++i) healthy.push_back(house.give_to({"hanging", "ci"})[1]);
    for (const auto& id : healthy) EXPECT_TRUE(house.until_state(id, DeliveryState::delivered));
    EXPECT_EQ(house.report("hanging").in_flight, 4u)
        << "no more than its places, the rest stays in the state";
}

TEST_F(DispatcherTest, WhatCannotBeRenderedIsDeadAndWhy) {
    house.use({webhook("ci", "https://ci.example.com/{project}")});
    house.start();
    auto id = house.give("ci");
    ASSERT_TRUE(house.until_state(id, DeliveryState::dead));
    EXPECT_THAT(transport.sent, SizeIs(0));
    EXPECT_EQ(house.attempts(id)[0].reason, "render");
    EXPECT_THAT(house.attempts(id)[0].detail, HasSubstr("project"));
    auto with = house.give_to({"ci"}, "registry.example.com/shop/api:latest")[0];
    ASSERT_TRUE(house.until_state(with, DeliveryState::delivered));
    EXPECT_EQ(transport.sent[0].request.url.target, "/shop%2Fapi");
}

TEST_F(DispatcherTest, AStopLetsFinishWhatIsUnderWayAndPutsBackTheRest) {
    house.use({webhook("ci", "https://ci.example.com/")}, 2);
    transport.hangs = [](const auto&) { return true; };
    house.start(10s);
    auto ids = {house.give("ci"), house.give("ci"), house.give("ci")};
    ASSERT_TRUE(until_sent(2));
    house.ask_to_stop();
    clock.settle();
    EXPECT_TRUE(house.running()) << "the grace lasts";
    clock.advance(10s);
    ASSERT_TRUE(house.until([&] { return !house.running(); }));
    EXPECT_THAT(transport.sent, SizeIs(2)) << "nothing new is begun";
    for (const auto& id : ids) {
        EXPECT_EQ(house.state(id), DeliveryState::pending) << "as if it had never been tried";
        EXPECT_EQ(house.delivery(id).attempts, 0);
    }
}

TEST_F(DispatcherTest, AnAttemptThatEndsWithinTheGraceCounts) {
    Bell answer_now(loop.get_executor());
    struct SlowTransport final : net::HttpTransport {
        explicit SlowTransport(Bell& on) : bell(on) {}
        Async<Result<net::HttpResponse>> send(net::HttpRequest) override {
            asked = true;
            bool rung = co_await bell.wait();
            if (!rung) co_return Error(ErrorKind::cancelled, "stopped");
            co_return AnsweringTransport::status(204);
        }
        Bell& bell;
        bool asked = false;
    } slow(answer_now);
    House other(loop, clock, slow);
    other.use({webhook("ci", "https://ci.example.com/")});
    other.start(10s);
    auto id = other.give("ci");
    ASSERT_TRUE(other.until([&] { return slow.asked; }));
    other.ask_to_stop();
    clock.settle();
    answer_now.ring();
    ASSERT_TRUE(other.until([&] { return !other.running(); }));
    EXPECT_EQ(other.state(id), DeliveryState::delivered);
}

TEST_F(DispatcherTest, WhatACrashCaughtInTheMiddleIsSentAgainUnderItsId) {
    auto id = house.give("ci");
    // A process claimed it, perhaps sent it, and was killed.
    auto claimed = run_async(loop, house.store().claim_due("ci", clock.now(), 4));
    ASSERT_TRUE(claimed);
    ASSERT_THAT(*claimed, SizeIs(1));
    ASSERT_EQ(house.state(id), DeliveryState::sending);

    house.use({webhook("ci", "https://ci.example.com/")});
    house.start();
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    ASSERT_THAT(transport.sent, SizeIs(1));
    EXPECT_EQ(transport.sent[0].header("webhook-id"), id);
}

TEST_F(DispatcherTest, AReloadChangesAddsAndBuries) {
    house.use({webhook("changed", "https://old.example.com/"), webhook("gone", "https://gone.example.com/")});
    transport.answer = [](const auto& request) {
        return AnsweringTransport::status(request.url.host == "new.example.com" ? 204 : 503);
    };
    house.start();
    auto ids = house.give_to({"changed", "gone"});
    auto wait = until_waiting(ids[0], 1);
    until_waiting(ids[1], 1);

    house.use({webhook("changed", "https://new.example.com/"), webhook("added", "https://new.example.com/")});
    EXPECT_EQ(house.state(ids[1]), DeliveryState::dead) << "nobody is left to send it to";
    clock.advance(wait);
    EXPECT_TRUE(house.until_state(ids[0], DeliveryState::delivered)) << "at its new address, when it was due";
    auto added = house.give("added");
    EXPECT_TRUE(house.until_state(added, DeliveryState::delivered));
    EXPECT_THAT(house.dispatcher().reports(), SizeIs(2));
}

TEST_F(DispatcherTest, DrainingMakesOneAttemptForEachThatIsDue) {
    house.use({webhook("good", "https://good.example.com/"), webhook("bad", "https://bad.example.com/"),
               webhook("wrong", "https://wrong.example.com/")});
    transport.answer = [](const auto& request) {
        if (request.url.host == "good.example.com") return AnsweringTransport::status(200);
        return AnsweringTransport::status(request.url.host == "bad.example.com" ? 500 : 404);
    };
    for (int i = 0; i < 10; ++i) house.give_to({"good", "bad", "wrong"});
    auto report = run_async(loop, house.dispatcher().drain_once());
    EXPECT_EQ(report.delivered, 10u);
    EXPECT_EQ(report.failed, 20u);
    EXPECT_THAT(report.failures, SizeIs(20));
    EXPECT_THAT(report.failures,
                testing::Contains(AllOf(HasSubstr("wrong dlv_"), HasSubstr("404 Not Found"))));
    EXPECT_THAT(transport.sent, SizeIs(30));
    auto again = run_async(loop, house.dispatcher().drain_once());
    EXPECT_EQ(again.delivered + again.failed, 0u) << "nothing is due a second time";
}

// Another program takes a table away, as a full or a broken disk would.
struct BrokenStateTest : DispatcherTest {
    TemporaryFolder folder;
    House kept{loop, clock, transport, folder / "state.db"};

    void run_sql(const char* sql) {
        SQLite::Database(folder / "state.db", SQLite::OPEN_READWRITE, 5000).exec(sql);
    }
    void hide() { run_sql("ALTER TABLE deliveries RENAME TO hidden"); }
    void bring_back() { run_sql("ALTER TABLE hidden RENAME TO deliveries"); }
};

TEST_F(BrokenStateTest, DeliveriesWaitAndNoneIsLost) {
    kept.use({webhook("ci", "https://ci.example.com/")});
    auto id = kept.give("ci");
    hide();
    testing::internal::CaptureStderr();
    kept.start();
    for (Milliseconds wait : {1s, 2s, 4s}) {
        ASSERT_TRUE(kept.until([&] { return clock.next() == clock.monotonic() + wait; })) << wait.count();
        clock.advance(wait);
    }
    ASSERT_TRUE(kept.until([&] { return clock.next() == clock.monotonic() + 8s; }));
    auto log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << "said once: " << log;
    EXPECT_THAT(transport.sent, SizeIs(0));
    bring_back();
    clock.advance(8s);
    EXPECT_TRUE(kept.until_state(id, DeliveryState::delivered));
}

TEST_F(BrokenStateTest, DrainingSaysThatItCouldNot) {
    kept.use({webhook("ci", "https://ci.example.com/")});
    auto id = kept.give("ci");
    hide();
    auto unread = run_async(loop, kept.dispatcher().drain_once());
    EXPECT_EQ(unread.failed, 1u);
    EXPECT_THAT(unread.failures, ElementsAre(HasSubstr("ci: ")));
    bring_back();
    clock.advance(1min);
    auto read = run_async(loop, kept.dispatcher().drain_once());
    EXPECT_EQ(read.delivered, 1u);
    EXPECT_EQ(kept.state(id), DeliveryState::delivered);
}

TEST_F(BrokenStateTest, WhatWasSentIsRecordedWhenItCanBe) {
    kept.use({webhook("ci", "https://ci.example.com/")});
    transport.answer = [&](const auto&) {
        hide();
        return AnsweringTransport::status(204);
    };
    kept.start();
    auto id = kept.give("ci");
    ASSERT_TRUE(kept.until([&] { return !transport.sent.empty() && clock.next().has_value(); }));
    EXPECT_EQ(clock.next(), clock.monotonic() + 1s);
    bring_back();
    clock.advance(1s);
    EXPECT_TRUE(kept.until_state(id, DeliveryState::delivered));
    EXPECT_THAT(transport.sent, SizeIs(1));
}

TEST_F(DispatcherTest, EachFailureIsOneLineAndNoSuccessIsAny) {
    house.use({webhook("ci", "https://ci.example.com/")});
    transport.answer = [&](const auto&) {
        return AnsweringTransport::status(transport.sent.size() == 1 ? 500 : 404);
    };
    testing::internal::CaptureStderr();
    house.start();
    auto id = house.give("ci");
    clock.advance(until_waiting(id, 1));
    ASSERT_TRUE(house.until_state(id, DeliveryState::dead));
    transport.answer = [](const auto&) { return AnsweringTransport::status(204); };
    auto good = house.give("ci");
    ASSERT_TRUE(house.until_state(good, DeliveryState::delivered));
    ASSERT_TRUE(house.until([&] { return house.report("ci").delivered == 1; }));
    auto log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
    EXPECT_THAT(log, HasSubstr("warning delivery failed target=ci delivery=" + id + " reason=5xx"));
    EXPECT_THAT(log, HasSubstr("next_try=2026-11-23T12:00:0"));
    EXPECT_THAT(log, HasSubstr("error delivery given up target=ci delivery=" + id + " reason=4xx"));
}

}  // namespace
}  // namespace basewatch::test
