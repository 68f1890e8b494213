// Sending again by request: what may be, in which order it is claimed, and that nothing of the past is lost.

#include "fixture.hpp"
#include "store/invariants.hpp"

namespace basewatch::store {
namespace {

using model::DeliveryState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

struct ReplayTest : StoreTest {
    void finish(const std::string& id, DeliveryState next, bool replay = false) {
        model::Attempt attempt;
        attempt.delivery_id = id;
        attempt.started_at = noon;
        attempt.reason = next == DeliveryState::delivered ? "delivered" : "tls";
        attempt.next = next;
        attempt.replay = replay;
        if (next == DeliveryState::waiting) attempt.due_at = noon + hour;
        auto done = run(store->finish_attempt(attempt));
        if (!done) throw std::runtime_error(done.error().message());
    }
    // One that has come to `state`.
    std::string that_is(DeliveryState state, const std::string& target = "ci", Time due = noon) {
        auto id = queued(target, due);
        claim(target, due);
        finish(id, state);
        return id;
    }
    model::Delivery delivery(const std::string& id) { return read(store->delivery(id)); }
    Replayed replay(Replay what, bool dry_run = false) {
        if (what.targets.empty()) what.targets = {"ci", "chat"};
        return read(store->replay(std::move(what), later, dry_run));
    }
    Replay since(Time time) {
        Replay what;
        what.since = time;
        return what;
    }

    static constexpr Milliseconds hour{3'600'000};
    const Time later = noon + Milliseconds(600'000);
};

TEST_F(ReplayTest, ARetryIsDueNowWithItsPastKept) {
    for (auto state : {DeliveryState::dead, DeliveryState::waiting}) {
        auto id = that_is(state);
        ASSERT_TRUE(run(store->retry_delivery(id, later)));
        auto again = delivery(id);
        EXPECT_EQ(again.state, DeliveryState::waiting);
        EXPECT_EQ(again.due_at, later);
        EXPECT_EQ(again.replayed_at, later);
        EXPECT_EQ(again.attempts, 1);
        EXPECT_EQ(again.attempts_before, 1);
        EXPECT_THAT(claim("ci", later), ElementsAre(id));
        finish(id, DeliveryState::delivered, true);
        auto attempts = read(store->attempts(id));
        ASSERT_THAT(attempts, SizeIs(2));
        EXPECT_FALSE(attempts[0].replay);
        EXPECT_TRUE(attempts[1].replay);
    }
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(ReplayTest, ARetryOfAnythingElseSaysWhyNot) {
    auto arrived = that_is(DeliveryState::delivered);
    auto refusal = [&](const std::string& id) { return run(store->retry_delivery(id, later)).error(); };
    EXPECT_EQ(refusal(arrived).kind(), ErrorKind::conflict);
    EXPECT_THAT(refusal(arrived).message(), HasSubstr("basewatch replay --delivery " + arrived));
    auto id = queued("ci");
    EXPECT_THAT(refusal(id).message(), HasSubstr("was never tried"));
    claim("ci");
    EXPECT_THAT(refusal(id).message(), HasSubstr("being sent"));
    EXPECT_EQ(refusal("dlv_unknown").kind(), ErrorKind::not_found);
    EXPECT_EQ(delivery(arrived).state, DeliveryState::delivered);
}

TEST_F(ReplayTest, OfATimeTakesWhatWasCreatedInIt) {
    auto before = that_is(DeliveryState::delivered, "ci", noon - hour);
    auto arrived = that_is(DeliveryState::delivered);
    auto dead = that_is(DeliveryState::dead);
    auto waiting = that_is(DeliveryState::waiting);
    auto untried = queued("ci");
    auto after = that_is(DeliveryState::delivered, "ci", noon + Milliseconds(2));

    auto what = since(noon);
    what.until = noon + Milliseconds(1);
    auto counted = replay(what, true);
    EXPECT_EQ(counted.deliveries, 3);
    EXPECT_EQ(delivery(arrived).state, DeliveryState::delivered) << "it was only counted";

    auto replayed = replay(what);
    EXPECT_EQ(replayed.deliveries, 3);
    EXPECT_THAT(replayed.targets, ElementsAre(Pair("ci", 3)));
    EXPECT_THAT(replayed.states, ElementsAre(Pair("dead", 1), Pair("delivered", 1), Pair("waiting", 1)));
    for (const auto& id : {arrived, dead, waiting}) {
        EXPECT_EQ(delivery(id).state, DeliveryState::waiting);
        EXPECT_EQ(delivery(id).due_at, later);
    }
    EXPECT_EQ(delivery(before).state, DeliveryState::delivered);
    EXPECT_EQ(delivery(after).state, DeliveryState::delivered);
    EXPECT_EQ(delivery(untried).replayed_at, std::nullopt) << "it is on its way as it is";
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(ReplayTest, IsNarrowedByTargetStateChangeAndId) {
    put(make.baseline("ruby:3.3", 0));
    auto moved = make.move("ruby:3.3", 0, 1, {"ci", "chat"});
    auto change = moved.changes[0].id;
    std::vector<std::string> ids{moved.deliveries[0].id, moved.deliveries[1].id};
    put(std::move(moved));
    for (const char* target : {"ci", "chat"}) claim(target);
    for (const auto& id : ids) finish(id, DeliveryState::dead);
    auto other = that_is(DeliveryState::delivered);

    auto narrowed = since(noon);
    narrowed.states = {DeliveryState::dead};
    EXPECT_EQ(replay(narrowed, true).deliveries, 2);
    narrowed.target = "chat";
    EXPECT_EQ(replay(narrowed, true).deliveries, 1);
    Replay of_change;
    of_change.change_id = change;
    EXPECT_EQ(replay(of_change, true).deliveries, 2);
    of_change.targets = {"chat"};
    auto skipping = replay(of_change);
    EXPECT_EQ(skipping.deliveries, 1);
    EXPECT_THAT(skipping.skipped, ElementsAre(Pair("ci", 1)));
    EXPECT_EQ(delivery(ids[0]).state, DeliveryState::dead) << "nobody is there to send to";
    Replay one;
    one.delivery_id = other;
    EXPECT_EQ(replay(one).deliveries, 1);
    EXPECT_EQ(delivery(other).state, DeliveryState::waiting);
}

TEST_F(ReplayTest, IsClaimedBehindWhatIsNew) {
    auto old = that_is(DeliveryState::delivered);
    auto hasty = that_is(DeliveryState::dead);
    Replay one;
    one.delivery_id = old;
    replay(one);
    ASSERT_TRUE(run(store->retry_delivery(hasty, later)));
    auto fresh = queued("ci", later + Milliseconds(5));
    auto now = later + Milliseconds(10);
    EXPECT_EQ(read(store->next_due("ci")), later);
    EXPECT_THAT(claim("ci", now, 1), ElementsAre(hasty)) << "somebody waits for it";
    EXPECT_THAT(claim("ci", now, 1), ElementsAre(fresh));
    EXPECT_EQ(read(store->next_due("ci")), later);
    EXPECT_THAT(claim("ci", now, 5), ElementsAre(old));
}

TEST_F(ReplayTest, OfTooManyIsRefusedWhole) {
    auto finding = make.news({}, noon);
    for (std::size_t i = 0; i <= most_replayed; ++i) {
        finding.deliveries.push_back(make.delivery(finding.events[0].id, "ci"));
        finding.deliveries.back().dependent = "docker.io/shop/" + std::to_string(i) + ":1";
        finding.deliveries.back().state = DeliveryState::dead;
    }
    put(std::move(finding));
    auto what = since(noon);
    what.targets = {"ci"};
    for (bool dry_run : {true, false}) {
        auto refused = run(store->replay(what, later, dry_run));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind(), ErrorKind::invalid);
        EXPECT_THAT(refused.error().message(), HasSubstr("more than 10000"));
    }
    EXPECT_EQ(read(store->next_due("ci")), std::nullopt);
}

}  // namespace
}  // namespace basewatch::store
