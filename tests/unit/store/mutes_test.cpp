// Mutes hold back and end by themselves; priorities go first and starve nobody.

#include "fixture.hpp"
#include "store/invariants.hpp"

namespace basewatch::store {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Mutes : StoreTest {
    ~Mutes() override { EXPECT_THAT(broken_invariants(path), IsEmpty()); }

    void mute(const std::string& subject, Time until, Time at = noon) {
        ASSERT_TRUE(run(store->mute({subject, at, until})).has_value());
    }
    // A change of ruby with a delivery to `target`; the change's id.
    std::string change(const std::string& target, Time at = noon, std::optional<model::Grouping> group = {}) {
        if (at_ == 0) put(make.baseline("ruby:3.3", 0, at));
        auto finding = make.move("ruby:3.3", at_, at_ + 1, {target}, at);
        ++at_;
        finding.deliveries[0].group = group;
        auto id = finding.changes[0].id;
        put(std::move(finding));
        return id;
    }
    std::vector<ClaimedDelivery> claim(Time now) { return read(store->claim_due("chat", now, 100)); }
    model::Delivery newest() { return read(store->deliveries({1, ""}, {})).rows.at(0); }
    int at_ = 0;
};

TEST_F(Mutes, HoldWhatTheyAreAboutUntilTheyEnd) {
    for (std::string subject : {"target:chat", "base:docker.io/library/ruby:3.3"}) {
        auto start = noon + std::chrono::hours(24 * at_);
        mute(subject, start + 2h, start);
        change("chat", start + 1min);
        EXPECT_THAT(claim(start + 1h), IsEmpty()) << subject;
        EXPECT_EQ(newest().held_by, "mute " + subject);
        EXPECT_EQ(newest().due_at, start + 2h);
        EXPECT_THAT(claim(start + 2h), SizeIs(1)) << subject;
        EXPECT_THAT(read(store->mutes(start + 2h)), IsEmpty());
    }
}

TEST_F(Mutes, HoldWhatWasQueuedBeforeThem) {
    auto id = change("chat");
    mute("change:" + id, noon + 2h);
    EXPECT_THAT(claim(noon + 1h), IsEmpty());
    change("chat", noon + 1h);
    EXPECT_THAT(claim(noon + 1h), SizeIs(1)) << "another change";
    EXPECT_THAT(claim(noon + 2h), SizeIs(1));
}

TEST_F(Mutes, AreChangedAndEndedByHand) {
    change("chat");
    mute("target:chat", noon + 2h);
    EXPECT_THAT(claim(noon), IsEmpty());
    mute("target:chat", noon + 1h);
    EXPECT_THAT(claim(noon), IsEmpty());
    EXPECT_EQ(newest().due_at, noon + 1h);
    ASSERT_TRUE(run(store->unmute("target:chat", noon + 1min)).has_value());
    EXPECT_THAT(claim(noon + 1min), SizeIs(1));
    EXPECT_EQ(kind_of(store->unmute("target:chat", noon + 1min)), ErrorKind::not_found);
}

TEST_F(Mutes, OutliveTheProcess) {
    mute("target:chat", noon + 2h);
    reopen();
    change("chat");
    EXPECT_THAT(claim(noon + 1h), IsEmpty());
    auto kept = read(store->mutes(noon + 1h));
    ASSERT_THAT(kept, SizeIs(1));
    EXPECT_EQ(kept[0].until, noon + 2h);
}

TEST_F(Mutes, GatherWhatCanBeToldTogetherAndLeaveTheRestAlone) {
    mute("base:docker.io/library/ruby:3.3", noon + 2h);
    for (int i = 0; i < 3; ++i) change("chat", noon + std::chrono::minutes(i), model::Grouping{1min, 1min});
    auto other = make.news({"chat"}, noon);
    other.events[0].subject = "docker.io/library/alpine:3.20";
    other.deliveries[0].group = model::Grouping{1min, 1min};
    put(std::move(other));
    auto now = claim(noon + 1h);
    ASSERT_THAT(now, SizeIs(1)) << "what nobody muted";
    EXPECT_THAT(now[0].joined, IsEmpty());
    auto later = claim(noon + 2h);
    ASSERT_THAT(later, SizeIs(1));
    EXPECT_THAT(later[0].joined, SizeIs(2));
}

TEST_F(Mutes, OfADependentHoldItsRebuilds) {
    auto finding = make.news({"chat"});
    finding.deliveries[0].dependent = "docker.io/shop/api:latest";
    put(std::move(finding));
    mute("dependent:docker.io/shop/api:latest", noon + 2h);
    EXPECT_THAT(claim(noon), IsEmpty());
    EXPECT_THAT(claim(noon + 2h), SizeIs(1));
}

struct Priorities : Mutes {
    void queue(model::Priority priority, int count, Time at) {
        for (int i = 0; i < count; ++i) {
            auto finding = make.news({"chat"}, at);
            finding.deliveries[0].priority = priority;
            put(std::move(finding));
        }
    }
    std::vector<std::string> order(std::size_t limit, Claiming how = {}) {
        std::vector<std::string> found;
        for (const auto& one : read(store->claim_due("chat", noon, limit, how)))
            found.emplace_back(model::to_string(one.delivery.priority));
        return found;
    }
};

TEST_F(Priorities, SecurityGoesBeforeARefreshThatWasThereFirst) {
    using model::Priority;
    queue(Priority::bulk, 2, noon - 2h);
    queue(Priority::routine, 2, noon - 1h);
    queue(Priority::security, 1, noon);
    EXPECT_EQ(read(store->next_due("chat")), noon - 2h);
    EXPECT_THAT(order(2), ElementsAre("security", "routine"));
    Claiming bulk_first;
    bulk_first.order = {Priority::bulk, Priority::security, Priority::routine};
    EXPECT_THAT(order(2, bulk_first), ElementsAre("bulk", "bulk"));
    EXPECT_THAT(order(2), ElementsAre("routine"));
}

}  // namespace
}  // namespace basewatch::store
