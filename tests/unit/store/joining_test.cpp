// Deliveries that become one: messages of one target, rebuilds of one dependent.

#include "fixture.hpp"
#include "store/invariants.hpp"

#include <algorithm>

namespace basewatch::store {
namespace {

using namespace std::chrono_literals;
using model::DeliveryState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Joining : StoreTest {
    ~Joining() override { EXPECT_THAT(broken_invariants(path), IsEmpty()); }

    // An event for chat, which may be told with others; its id.
    std::string tell(Time at, model::Grouping group = {2min, 10min},
                     model::Priority priority = model::Priority::routine) {
        auto finding = make.news({"chat"}, at);
        finding.deliveries[0].group = group;
        finding.deliveries[0].priority = priority;
        auto id = finding.events[0].id;
        put(std::move(finding));
        return id;
    }
    std::vector<model::Delivery> deliveries() {
        auto rows = read(store->deliveries({1000, ""}, {})).rows;
        std::reverse(rows.begin(), rows.end());
        return rows;
    }
    std::vector<ClaimedDelivery> claim(const std::string& target, Time now, std::size_t limit = 100) {
        return read(store->claim_due(target, now, limit));
    }
    // The events of a claimed message, in order.
    static std::vector<std::string> told(const ClaimedDelivery& message) {
        std::vector<std::string> events{message.event_json};
        events.insert(events.end(), message.joined.begin(), message.joined.end());
        return events;
    }
    static std::string json(const std::string& event_id) { return R"({"id":")" + event_id + R"("})"; }
    void finish(const std::string& id, DeliveryState next, std::optional<Time> due = std::nullopt,
                Time at = noon) {
        model::Attempt attempt;
        attempt.delivery_id = id;
        attempt.started_at = at;
        attempt.next = next;
        attempt.due_at = due;
        attempt.reason = next == DeliveryState::delivered ? "delivered" : "5xx";
        ASSERT_TRUE(run(store->finish_attempt(attempt)).has_value());
    }
};

TEST_F(Joining, WhatComesWithinTheWaitIsOneMessageUntilTheCap) {
    std::vector<std::string> events;
    for (auto at : {0min, 1min, 2min, 4min, 6min, 8min, 9min}) {
        events.push_back(tell(noon + at));
        ASSERT_THAT(deliveries(), SizeIs(1));
        EXPECT_EQ(deliveries()[0].due_at, noon + std::min<std::chrono::minutes>(at + 2min, 10min));
        EXPECT_EQ(deliveries()[0].held_by, "group");
        EXPECT_THAT(claim("chat", noon + at), IsEmpty());
    }
    auto claimed = claim("chat", noon + 10min);
    ASSERT_THAT(claimed, SizeIs(1));
    std::vector<std::string> expected;
    for (const auto& event : events) expected.push_back(json(event));
    EXPECT_EQ(told(claimed[0]), expected);
}

TEST_F(Joining, AMessageThatWasClaimedOnceGrowsNoMore) {
    auto first = tell(noon);
    auto claimed = claim("chat", noon + 2min);
    ASSERT_THAT(claimed, SizeIs(1));
    auto second = tell(noon + 2min);
    EXPECT_THAT(deliveries(), SizeIs(2));
    // Not even when nobody knows whether it arrived: it was put back, or the process ended.
    ASSERT_TRUE(run(store->unclaim(claimed[0].delivery.id)).has_value());
    auto third = tell(noon + 2min);
    reopen();
    ASSERT_TRUE(run(store->release_claims(noon + 3min)).has_value());
    tell(noon + 3min);
    EXPECT_THAT(deliveries(), SizeIs(2));
    auto again = claim("chat", noon + 20min);
    ASSERT_THAT(again, SizeIs(2));
    EXPECT_EQ(again[0].delivery.id, claimed[0].delivery.id) << "the same id";
    EXPECT_THAT(told(again[0]), ElementsAre(json(first)));
    EXPECT_THAT(told(again[1]), SizeIs(3));
}

TEST_F(Joining, OutlivesTheProcess) {
    auto first = tell(noon), second = tell(noon + 1min);
    reopen();
    ASSERT_TRUE(run(store->release_claims(noon + 1min)).has_value());
    auto third = tell(noon + 1min);
    auto claimed = claim("chat", noon + 10min);
    ASSERT_THAT(claimed, SizeIs(1));
    EXPECT_THAT(told(claimed[0]), ElementsAre(json(first), json(second), json(third)));
}

// A claim that a power cut undid leaves the message as if nobody had claimed it.
TEST_F(Joining, AMessageThatWasDueWhenTheProcessEndedGrowsNoMore) {
    auto first = tell(noon);
    reopen();
    ASSERT_TRUE(run(store->release_claims(noon + 2min)).has_value());
    auto second = tell(noon + 2min);
    auto claimed = claim("chat", noon + 10min);
    ASSERT_THAT(claimed, SizeIs(2));
    EXPECT_THAT(told(claimed[0]), ElementsAre(json(first)));
    EXPECT_THAT(told(claimed[1]), ElementsAre(json(second)));
}

TEST_F(Joining, AMessageHoldsAHundredEvents) {
    for (int i = 0; i < 250; ++i) tell(noon);
    auto claimed = claim("chat", noon + 10min);
    ASSERT_THAT(claimed, SizeIs(3));
    EXPECT_THAT(told(claimed[0]), SizeIs(100));
    EXPECT_THAT(told(claimed[1]), SizeIs(100));
    EXPECT_THAT(told(claimed[2]), SizeIs(50));
}

TEST_F(Joining, OnlyWhatIsOfOneTargetAndOnePriority) {
    tell(noon);
    tell(noon, {2min, 10min}, model::Priority::security);
    put(make.news({"chat"}));
    EXPECT_THAT(deliveries(), SizeIs(3));
    EXPECT_THAT(claim("chat", noon), SizeIs(1)) << "what has no group waits for none";
}

TEST_F(Joining, IsFoundByEachOfItsEvents) {
    tell(noon);
    auto second = tell(noon + 1min);
    DeliveryFilter filter;
    filter.event_id = second;
    auto found = read(store->deliveries({10, ""}, filter)).rows;
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(read(store->joined_events(found[0].id)), ElementsAre(second));
}

TEST_F(Joining, EventsStayAsLongAsTheirMessage) {
    tell(noon);
    tell(noon + 1min);
    EXPECT_EQ(read(store->drop_older_than(noon + 24h, 100)), 0);
    auto claimed = claim("chat", noon + 10min);
    finish(claimed[0].delivery.id, DeliveryState::delivered);
    read(store->drop_older_than(noon + 24h, 100));
    read(store->drop_older_than(noon + 24h, 100));
    EXPECT_EQ(ask("SELECT count(*) FROM events"), 0);
    EXPECT_EQ(ask("SELECT count(*) FROM joined_events"), 0);
}

TEST_F(Joining, QuietHoursGatherWhatCanBeToldTogether) {
    Claiming quiet;
    quiet.quiet_until = noon + 8h;
    auto first = tell(noon, {});
    EXPECT_THAT(read(store->claim_due("chat", noon, 10, quiet)), IsEmpty());
    EXPECT_EQ(deliveries()[0].held_by, "quiet hours");
    auto second = tell(noon + 3h, {});
    EXPECT_THAT(deliveries(), SizeIs(1));
    EXPECT_EQ(read(store->next_due("chat")), noon + 8h);
    auto urgent = tell(noon + 4h, {}, model::Priority::security);
    auto passed = read(store->claim_due("chat", noon + 4h, 10, quiet));
    ASSERT_THAT(passed, SizeIs(1));
    EXPECT_THAT(told(passed[0]), ElementsAre(json(urgent)));
    auto morning = claim("chat", noon + 8h);
    ASSERT_THAT(morning, SizeIs(1));
    EXPECT_THAT(told(morning[0]), ElementsAre(json(first), json(second)));
}

TEST_F(Joining, QuietHoursThatAreNoMoreAreLifted) {
    Claiming quiet;
    quiet.quiet_until = noon + 8h;
    tell(noon, {});
    read(store->claim_due("chat", noon, 10, quiet));
    ASSERT_TRUE(run(store->lift("quiet hours", noon + 1h)).has_value());
    EXPECT_THAT(claim("chat", noon + 1h), SizeIs(1));
}

// --- groups of rules ---

TEST_F(Joining, OfDifferentRulesAreDifferentMessages) {
    const model::Grouping services{2min, 10min, "services"}, images{5min, 5min, "images"};
    auto a = tell(noon, services), b = tell(noon, images), c = tell(noon);
    auto d = tell(noon + 1min, services), e = tell(noon + 1min, images), f = tell(noon + 1min);
    auto stored = deliveries();
    ASSERT_THAT(stored, SizeIs(3));
    EXPECT_EQ(stored[0].held_by, "group of rule services");
    EXPECT_EQ(stored[1].held_by, "group of rule images");
    EXPECT_EQ(stored[2].held_by, "group");
    EXPECT_EQ(stored[0].due_at, noon + 3min);
    EXPECT_EQ(stored[1].due_at, noon + 5min) << "the cap of its own group";
    auto claimed = claim("chat", noon + 10min);
    ASSERT_THAT(claimed, SizeIs(3));
    std::vector<std::vector<std::string>> messages;
    for (const auto& message : claimed) messages.push_back(told(message));
    EXPECT_THAT(messages,
                testing::UnorderedElementsAre(ElementsAre(json(a), json(d)), ElementsAre(json(b), json(e)),
                                              ElementsAre(json(c), json(f))));
}

TEST_F(Joining, OfOneRuleAtTwoTargetsAreTwoMessages) {
    auto finding = make.news({"chat", "pager"});
    for (auto& delivery : finding.deliveries) delivery.group = model::Grouping{2min, 2min, "services"};
    put(std::move(finding));
    EXPECT_THAT(deliveries(), SizeIs(2));
}

TEST_F(Joining, QuietHoursGatherEachGroupOnItsOwn) {
    const model::Grouping services{2min, 2min, "services"};
    Claiming quiet;
    quiet.quiet_until = noon + 8h;
    auto first = tell(noon, services), other = tell(noon, {});
    EXPECT_THAT(read(store->claim_due("chat", noon + 2min, 10, quiet)), IsEmpty());
    for (const auto& one : deliveries()) EXPECT_EQ(one.held_by, "quiet hours");
    auto second = tell(noon + 3h, services), another = tell(noon + 3h, {});
    EXPECT_THAT(deliveries(), SizeIs(2));
    auto morning = claim("chat", noon + 8h);
    ASSERT_THAT(morning, SizeIs(2));
    EXPECT_THAT(told(morning[0]), ElementsAre(json(first), json(second)));
    EXPECT_THAT(told(morning[1]), ElementsAre(json(other), json(another)));
}

// --- a target that cannot tell several events any more ---

TEST_F(Joining, AMessageForATargetThatTellsOneByOneIsSplit) {
    auto first = tell(noon), second = tell(noon + 1min), third = tell(noon + 1min);
    Claiming one_by_one;
    one_by_one.together = false;
    auto claimed = read(store->claim_due("chat", noon + 10min, 1, one_by_one));
    ASSERT_THAT(claimed, SizeIs(1));
    EXPECT_THAT(told(claimed[0]), ElementsAre(json(first)));
    EXPECT_EQ(read(store->next_due("chat")), noon + 10min);
    auto others = read(store->claim_due("chat", noon + 10min, 10, one_by_one));
    ASSERT_THAT(others, SizeIs(2));
    EXPECT_THAT(told(others[0]), ElementsAre(json(second)));
    EXPECT_THAT(told(others[1]), ElementsAre(json(third)));
    EXPECT_EQ(others[0].delivery.created_at, noon) << "as old as their message";
    EXPECT_EQ(ask("SELECT count(*) FROM joined_events"), 0);
}

// The ids are kept, so that a power cut that undoes the claim and the splitting with it leads to the same
// ones.
TEST_F(Joining, TheEventsOfASplitMessageHaveTheIdsThatTheyCameWith) {
    tell(noon);
    auto finding = make.news({"chat"});
    finding.deliveries[0].group = model::Grouping{2min, 10min};
    auto id = finding.deliveries[0].id;
    put(std::move(finding));
    Claiming one_by_one;
    one_by_one.together = false;
    read(store->claim_due("chat", noon + 10min, 1, one_by_one));
    EXPECT_EQ(read(store->claim_due("chat", noon + 10min, 1, one_by_one)).at(0).delivery.id, id);
}

TEST_F(Joining, AMessageThatIsReplayedToATargetThatTellsOneByOneIsSplit) {
    auto first = tell(noon), second = tell(noon);
    auto id = claim("chat", noon + 10min).at(0).delivery.id;
    finish(id, DeliveryState::dead);
    Replay replay;
    replay.delivery_id = id;
    replay.targets = {"chat"};
    EXPECT_EQ(read(store->replay(replay, noon + 1h, false)).deliveries, 1);
    Claiming one_by_one;
    one_by_one.together = false;
    std::vector<std::string> sent;
    for (int i = 0; i < 2; ++i)
        for (const auto& one : read(store->claim_due("chat", noon + 1h, 10, one_by_one))) {
            EXPECT_TRUE(one.delivery.replayed_at.has_value());
            sent.push_back(one.event_json);
        }
    EXPECT_THAT(sent, ElementsAre(json(first), json(second)));
}

TEST_F(Joining, AChangeIsReplayedByTheMessageThatToldOfIt) {
    tell(noon);
    put(make.baseline("ruby:3.3", 0));
    auto moved = make.move("ruby:3.3", 0, 1, {"chat"});
    moved.deliveries[0].group = model::Grouping{2min, 10min};
    Replay replay;
    replay.change_id = moved.changes[0].id;
    replay.targets = {"chat"};
    put(std::move(moved));
    finish(claim("chat", noon + 10min).at(0).delivery.id, DeliveryState::delivered);
    EXPECT_EQ(read(store->replay(replay, noon + 1h, false)).deliveries, 1);
    EXPECT_THAT(told(claim("chat", noon + 1h).at(0)), SizeIs(2)) << "under its id, as it was";
}

// --- rebuilds of one dependent ---

struct Rebuilding : Joining {
    // A rebuild of shop/api because of a new event, at these targets; the delivery's id at the first.
    std::string rebuild(Time at, std::optional<Milliseconds> deadline = std::nullopt,
                        std::vector<std::string> targets = {"ci"}, std::string reason = "base changed") {
        auto cause = make.news({}, at);
        cause_ = cause.events[0].id;
        put(std::move(cause));
        Finding finding;
        auto event = make.event("", at);
        event.json = R"({"id":")" + event.id + R"(","data":{"reason":"x","causes":[")" + cause_ + R"("]}})";
        finding.events = {event};
        model::Rebuild rebuild;
        rebuild.id = "rbd_" + event.id.substr(4);
        rebuild.dependent = reference("shop/api");
        rebuild.base = reference("ruby:3.3");
        rebuild.reason = reason;
        rebuild.causes = {cause_};
        rebuild.event_id = event.id;
        rebuild.requested_at = at;
        if (deadline) rebuild.deadline = at + *deadline;
        finding.rebuilds = {rebuild};
        rebuild_ = rebuild.id;
        for (const auto& target : targets) {
            auto delivery = make.delivery(event.id, target, at);
            delivery.dependent = "docker.io/shop/api:latest";
            finding.deliveries.push_back(delivery);
        }
        auto id = finding.deliveries[0].id;
        put(std::move(finding));
        return id;
    }
    model::Delivery delivery(const std::string& id) { return read(store->delivery(id)); }
    std::string cause_, rebuild_;  // of the last one
};

TEST_F(Rebuilding, ThatWereNotSentYetAreOneWithAllCauses) {
    auto first = rebuild(noon);
    auto one = cause_, first_rebuild = rebuild_;
    rebuild(noon + 1min);
    auto two = cause_;
    auto third = rebuild(noon + 2min);
    auto claimed = claim("ci", noon + 2min);
    ASSERT_THAT(claimed, SizeIs(1));
    EXPECT_EQ(claimed[0].delivery.id, third);
    EXPECT_THAT(claimed[0].event_json,
                HasSubstr(R"("causes":[")" + one + R"(",")" + two + R"(",")" + cause_ + R"("])"));
    EXPECT_THAT(read(store->rebuild(rebuild_)).causes, ElementsAre(one, two, cause_));
    EXPECT_EQ(delivery(first).state, DeliveryState::dead);
    EXPECT_EQ(delivery(first).reason, "superseded");
    EXPECT_THAT(delivery(first).last_error, HasSubstr("superseded by dlv_"));
    EXPECT_EQ(read(store->rebuild(first_rebuild)).state, "superseded");
}

TEST_F(Rebuilding, TakeOverOnlyWhereTheTargetDidNotGetTheOther) {
    auto first = rebuild(noon, std::nullopt, {"ci", "other"});
    auto one = cause_, first_rebuild = rebuild_;
    finish(claim("ci", noon)[0].delivery.id, DeliveryState::delivered);
    auto second = rebuild(noon + 1min, std::nullopt, {"ci", "other"});
    EXPECT_EQ(delivery(first).state, DeliveryState::delivered);
    EXPECT_EQ(read(store->rebuild(first_rebuild)).state, "requested") << "ci has it";
    EXPECT_THAT(claim("other", noon + 1min), SizeIs(1));
    EXPECT_THAT(read(store->rebuild(rebuild_)).causes, ElementsAre(one, cause_));
    EXPECT_EQ(claim("ci", noon + 1min)[0].delivery.id, second);
}

TEST_F(Rebuilding, WhileOneIsInFlightTheNextWaitsForItsDeadline) {
    finish(rebuild(noon, 2h).empty() ? "" : claim("ci", noon)[0].delivery.id, DeliveryState::delivered);
    auto flying = rebuild_;
    auto second = rebuild(noon + 10min, 2h);
    EXPECT_THAT(claim("ci", noon + 10min), IsEmpty());
    EXPECT_EQ(delivery(second).held_by, "rebuild " + flying);
    EXPECT_EQ(delivery(second).due_at, noon + 2h);
    auto two = cause_;
    auto third = rebuild(noon + 20min, 2h);
    EXPECT_THAT(claim("ci", noon + 20min), IsEmpty());
    auto claimed = claim("ci", noon + 2h);
    ASSERT_THAT(claimed, SizeIs(1));
    EXPECT_EQ(claimed[0].delivery.id, third);
    EXPECT_THAT(claimed[0].event_json, HasSubstr(two));
}

TEST_F(Rebuilding, OneWithoutADeadlineIsInFlightForNobody) {
    rebuild(noon);
    finish(claim("ci", noon)[0].delivery.id, DeliveryState::delivered);
    rebuild(noon + 10min, 2h);
    EXPECT_THAT(claim("ci", noon + 10min), SizeIs(1));
}

TEST_F(Rebuilding, OneThatAPersonAsksForWaitsForNone) {
    rebuild(noon, 2h);
    finish(claim("ci", noon)[0].delivery.id, DeliveryState::delivered);
    auto asked = rebuild(noon + 10min, 2h, {"ci"}, "requested: CVE-2026-1");
    EXPECT_EQ(claim("ci", noon + 10min).at(0).delivery.id, asked);
}

TEST_F(Rebuilding, OneThatFailedIsNoReasonToWait) {
    auto first = rebuild(noon, 2h);
    auto one = cause_;
    ASSERT_EQ(claim("ci", noon)[0].delivery.id, first);
    // Another cause comes while it is being sent.
    auto second = rebuild(noon + 1min, 2h);
    EXPECT_THAT(claim("ci", noon + 1min), IsEmpty()) << "the first may have arrived";
    finish(first, DeliveryState::waiting, noon + 5min);
    auto retried = claim("ci", noon + 5min);
    EXPECT_THAT(retried, IsEmpty()) << "the second has the causes of both";
    EXPECT_EQ(delivery(first).state, DeliveryState::dead);
    auto claimed = claim("ci", noon + 5min);
    ASSERT_THAT(claimed, SizeIs(1));
    EXPECT_EQ(claimed[0].delivery.id, second);
    EXPECT_THAT(claimed[0].event_json, HasSubstr(one));
}

TEST_F(Rebuilding, OneThatIsGivenUpLetsTheNextGo) {
    auto first = rebuild(noon, 2h);
    claim("ci", noon);
    auto second = rebuild(noon + 1min, 2h);
    claim("ci", noon + 1min);
    finish(first, DeliveryState::dead, std::nullopt, noon + 2min);
    EXPECT_EQ(claim("ci", noon + 2min).at(0).delivery.id, second);
}

TEST_F(Rebuilding, OutliveTheProcess) {
    auto first = rebuild(noon, 2h);
    claim("ci", noon);
    auto second = rebuild(noon + 1min, 2h);
    reopen();
    ASSERT_TRUE(run(store->release_claims(noon + 2min)).has_value());
    std::vector<std::string> sent;
    for (int i = 0; i < 3; ++i)
        for (const auto& one : claim("ci", noon + 2min)) sent.push_back(one.delivery.id);
    EXPECT_THAT(sent, ElementsAre(second)) << "one rebuild, not two";
    EXPECT_EQ(delivery(first).reason, "superseded");
}

}  // namespace
}  // namespace basewatch::store
