#include "fixture.hpp"
#include "store/due.hpp"
#include "store/invariants.hpp"

namespace basewatch::store {
namespace {

using model::DeliveryState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Deliveries : StoreTest {
    model::Delivery delivery(const std::string& id) { return read(store->delivery(id)); }
    model::Attempt attempt(const std::string& id, DeliveryState next,
                           std::optional<Time> due = std::nullopt) {
        model::Attempt attempt;
        attempt.delivery_id = id;
        attempt.started_at = noon;
        attempt.duration = Milliseconds(12);
        attempt.status = 503;
        attempt.remote = "192.0.2.1:443";
        attempt.reason = "5xx";
        attempt.detail = "503 from the other side";
        attempt.answer = "busy";
        attempt.next = next;
        attempt.due_at = due;
        return attempt;
    }
    bool finish(const std::string& id, DeliveryState next, std::optional<Time> due = std::nullopt) {
        return run(store->finish_attempt(attempt(id, next, due))).has_value();
    }
};

TEST_F(Deliveries, AreClaimedOldestDueFirstOfTheirTargetOnly) {
    auto late = queued("ci", noon + Milliseconds(1));
    auto third = queued("ci", noon);
    auto first = queued("ci", noon - Milliseconds(2));
    auto second = queued("ci", noon - Milliseconds(1));
    queued("chat", noon - Milliseconds(9));
    EXPECT_THAT(claim("ci", noon, 2), ElementsAre(first, second));
    EXPECT_THAT(claim("ci"), ElementsAre(third));
    EXPECT_THAT(claim("ci"), IsEmpty());
    EXPECT_EQ(delivery(first).state, DeliveryState::sending);
    EXPECT_EQ(delivery(late).state, DeliveryState::pending);
    EXPECT_EQ(read(store->next_due("ci")), noon + Milliseconds(1));
    EXPECT_EQ(read(store->next_due("chat")), noon - Milliseconds(9));
    EXPECT_EQ(read(store->next_due("nobody")), std::nullopt);
}

TEST_F(Deliveries, AreClaimedWithTheirEvent) {
    auto finding = make.news({"ci"});
    auto event = finding.events[0];
    put(std::move(finding));
    auto claimed = read(store->claim_due("ci", noon, 10));
    ASSERT_THAT(claimed, SizeIs(1));
    EXPECT_EQ(claimed[0].event_json, event.json);
    EXPECT_EQ(claimed[0].event_type, event.type);
    EXPECT_EQ(claimed[0].delivery.state, DeliveryState::sending);
}

TEST_F(Deliveries, AnAttemptMovesItsDeliveryOn) {
    auto id = queued("ci");
    claim("ci");
    ASSERT_TRUE(finish(id, DeliveryState::waiting, noon + Milliseconds(5'000)));
    auto waiting = delivery(id);
    EXPECT_EQ(waiting.state, DeliveryState::waiting);
    EXPECT_EQ(waiting.attempts, 1);
    EXPECT_EQ(waiting.due_at, noon + Milliseconds(5'000));
    EXPECT_EQ(waiting.last_error, "503 from the other side");
    EXPECT_EQ(waiting.reason, "5xx");
    EXPECT_THAT(claim("ci", noon + Milliseconds(4'999)), IsEmpty());
    EXPECT_THAT(claim("ci", noon + Milliseconds(5'000)), ElementsAre(id));
    ASSERT_TRUE(finish(id, DeliveryState::delivered));
    EXPECT_EQ(delivery(id).state, DeliveryState::delivered);
    EXPECT_EQ(delivery(id).attempts, 2);
    EXPECT_EQ(delivery(id).last_error, "");
    EXPECT_EQ(delivery(id).reason, "");
    EXPECT_EQ(read(store->next_due("ci")), std::nullopt);

    auto attempts = read(store->attempts(id));
    ASSERT_THAT(attempts, SizeIs(2));
    EXPECT_EQ(attempts[0].number, 1);
    EXPECT_EQ(attempts[0].delivery_id, id);
    EXPECT_EQ(attempts[0].started_at, noon);
    EXPECT_EQ(attempts[0].duration, Milliseconds(12));
    EXPECT_EQ(attempts[0].status, 503);
    EXPECT_EQ(attempts[0].remote, "192.0.2.1:443");
    EXPECT_EQ(attempts[0].reason, "5xx");
    EXPECT_EQ(attempts[0].detail, "503 from the other side");
    EXPECT_EQ(attempts[0].answer, "busy");
    EXPECT_EQ(attempts[0].next, DeliveryState::waiting);
    EXPECT_EQ(attempts[0].due_at, noon + Milliseconds(5'000));
    EXPECT_EQ(attempts[1].number, 2);
    EXPECT_EQ(attempts[1].due_at, std::nullopt);
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Deliveries, AnAnswerIsKeptUpTo2KiBAndEndsWithAWholeCharacter) {
    auto id = queued("ci");
    claim("ci");
    auto long_one = attempt(id, DeliveryState::dead);
    long_one.answer = std::string(2047, 'x') + "\xc3\xa9" + std::string(9000, 'y');
    ASSERT_TRUE(run(store->finish_attempt(std::move(long_one))));
    EXPECT_EQ(read(store->attempts(id))[0].answer, std::string(2047, 'x'));
}

TEST_F(Deliveries, OnlyAClaimedOneCanBeFinished) {
    auto id = queued("ci");
    EXPECT_EQ(kind_of(store->finish_attempt(attempt(id, DeliveryState::delivered))), ErrorKind::conflict);
    claim("ci");
    ASSERT_TRUE(finish(id, DeliveryState::dead));
    EXPECT_EQ(kind_of(store->finish_attempt(attempt(id, DeliveryState::delivered))), ErrorKind::conflict);
    EXPECT_EQ(kind_of(store->finish_attempt(attempt("dlv_none", DeliveryState::dead))), ErrorKind::not_found);
    EXPECT_THAT(read(store->attempts(id)), SizeIs(1));
}

TEST_F(Deliveries, AnAttemptEndsOrSaysWhenToTryAgain) {
    auto id = queued("ci");
    claim("ci");
    for (auto next : {DeliveryState::pending, DeliveryState::sending, DeliveryState::waiting})
        EXPECT_EQ(kind_of(store->finish_attempt(attempt(id, next))), ErrorKind::invalid);
    EXPECT_EQ(delivery(id).state, DeliveryState::sending);
}

TEST_F(Deliveries, UnclaimedOnesAreAsTheyWere) {
    auto fresh = queued("ci");
    auto tried = queued("ci");
    claim("ci");
    ASSERT_TRUE(finish(tried, DeliveryState::waiting, noon + Milliseconds(1)));
    claim("ci", noon + Milliseconds(1));
    ASSERT_TRUE(run(store->unclaim(fresh)));
    ASSERT_TRUE(run(store->unclaim(tried)));
    EXPECT_EQ(delivery(fresh).state, DeliveryState::pending);
    EXPECT_EQ(delivery(fresh).due_at, noon);
    EXPECT_EQ(delivery(tried).state, DeliveryState::waiting);
    EXPECT_EQ(delivery(tried).due_at, noon + Milliseconds(1));
    EXPECT_EQ(delivery(tried).attempts, 1);
    EXPECT_EQ(kind_of(store->unclaim("dlv_none")), ErrorKind::not_found);
}

TEST_F(Deliveries, WhatAnEndedProcessWasSendingIsDueAtOnce) {
    auto sending = queued("ci", noon - Milliseconds(9));
    claim("ci");
    auto waiting = queued("ci", noon + Milliseconds(60'000));
    reopen();
    auto now = noon + Milliseconds(1);
    ASSERT_TRUE(run(store->release_claims(now)));
    EXPECT_EQ(delivery(sending).state, DeliveryState::pending);
    EXPECT_EQ(delivery(sending).due_at, now);
    EXPECT_EQ(delivery(waiting).due_at, noon + Milliseconds(60'000));
    EXPECT_THAT(claim("ci", now), ElementsAre(sending));
}

TEST_F(Deliveries, ThoseToVanishedTargetsAreDeadWithTheReason) {
    auto kept = queued("ci");
    auto open = queued("chat");
    auto sending = queued("scan");
    auto done = queued("scan");
    claim("scan");
    ASSERT_TRUE(finish(done, DeliveryState::delivered));
    ASSERT_TRUE(run(store->bury_deliveries_but({"ci"}, noon)));
    EXPECT_EQ(delivery(kept).state, DeliveryState::pending);
    EXPECT_EQ(delivery(done).state, DeliveryState::delivered);
    for (const auto& id : {open, sending}) {
        EXPECT_EQ(delivery(id).state, DeliveryState::dead);
        EXPECT_EQ(delivery(id).last_error, "the target is no longer configured");
        EXPECT_EQ(delivery(id).reason, "target removed");
        EXPECT_THAT(read(store->attempts(id)), IsEmpty());
    }
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Deliveries, OneThatWasBuriedWhileItWasSentIsNotTriedAgain) {
    auto lost = queued("ci");
    auto arrived = queued("ci");
    claim("ci");
    ASSERT_TRUE(run(store->bury_deliveries_but({}, noon)));
    ASSERT_TRUE(run(store->unclaim(lost)));
    EXPECT_EQ(delivery(lost).state, DeliveryState::dead);
    ASSERT_TRUE(finish(lost, DeliveryState::waiting, noon));
    EXPECT_EQ(delivery(lost).state, DeliveryState::dead);
    EXPECT_EQ(delivery(lost).last_error, "the target is no longer configured");
    ASSERT_TRUE(finish(arrived, DeliveryState::delivered));
    EXPECT_EQ(delivery(arrived).state, DeliveryState::delivered);
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Deliveries, AreFoundByAnIndexOnWhatIsStillToBeDone) {
    SQLite::Database other(path, SQLite::OPEN_READONLY, 5000);
    for (const std::string& question :
         {std::string("SELECT *") + due_deliveries, std::string(next_due_time)}) {
        SQLite::Statement plan(other, "EXPLAIN QUERY PLAN " + question);
        std::string text;
        while (plan.executeStep()) text += plan.getColumn(3).getString() + "\n";
        EXPECT_THAT(text, HasSubstr("SEARCH deliveries USING"));
        EXPECT_THAT(text, HasSubstr("INDEX deliveries_due"));
        EXPECT_THAT(text, Not(HasSubstr("TEMP B-TREE")));
    }
}

}  // namespace
}  // namespace basewatch::store
