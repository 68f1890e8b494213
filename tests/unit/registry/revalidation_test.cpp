// Who may be asked "is it still this digest?", as a table of what was asked and answered.

#include "registry/revalidation.hpp"

#include "registry/look_due.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace basewatch::registry {
namespace {

using State = Revalidation::State;
using Way = Revalidation::Way;
using std::chrono::hours;
using std::chrono::minutes;
const Monotonic start{hours(1000)};

using Step = std::function<void(Revalidation&)>;
const Step offers = [](Revalidation& host) { host.answered(Way::plain, true, true, start); };
const Step offers_nothing = [](Revalidation& host) { host.answered(Way::plain, false, true, start); };
const Step full_to_nothing = [](Revalidation& host) {
    host.answered(Way::of_no_manifest, true, true, start);
};
const Step untagged_to_nothing = [](Revalidation& host) {
    host.answered(Way::of_no_manifest, false, true, start);
};
const Step unmodified_to_nothing = [](Revalidation& host) {
    EXPECT_FALSE(host.not_modified(Way::of_no_manifest, start));
};
const Step unmodified = [](Revalidation& host) { EXPECT_TRUE(host.not_modified(Way::of_the_last, start)); };
const Step unmodified_unasked = [](Revalidation& host) {
    EXPECT_FALSE(host.not_modified(Way::plain, start));
};
const Step full_though_same = [](Revalidation& host) { host.answered(Way::of_the_last, true, true, start); };
const Step moved = [](Revalidation& host) { host.answered(Way::of_the_last, true, false, start); };
const Step refuses = [](Revalidation& host) { host.refused(start); };
const Step contradicts = [](Revalidation& host) { host.contradicted(start); };

struct Row {
    const char* name;
    std::vector<Step> steps;
    State state;
    Way next;
};

class Proof : public testing::TestWithParam<Row> {};

TEST_P(Proof, IsTwoLookUpsThatWereDueAnyway) {
    Revalidation host;
    for (const auto& step : GetParam().steps) step(host);
    EXPECT_EQ(host.state(start), GetParam().state);
    EXPECT_EQ(host.next(start), GetParam().next);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Proof,
    testing::Values(
        Row{"Unknown", {}, State::unknown, Way::plain},
        Row{"TagsThatAreNoDigests", {offers_nothing}, State::unknown, Way::plain},
        Row{"Offered", {offers}, State::offered, Way::of_no_manifest},
        Row{"SaysStillToWhatNeverWas", {offers, unmodified_to_nothing}, State::wrong, Way::plain},
        Row{"LooksAtTheTag", {offers, full_to_nothing}, State::checked, Way::of_the_last},
        Row{"LosesItsTag", {offers, untagged_to_nothing}, State::ignored, Way::plain},
        Row{"Honoured", {offers, full_to_nothing, unmodified}, State::honoured, Way::of_the_last},
        Row{"Ignored", {offers, full_to_nothing, full_though_same}, State::ignored, Way::plain},
        Row{"MovedOnTrial", {offers, full_to_nothing, moved}, State::checked, Way::of_the_last},
        Row{"MovedLater", {offers, full_to_nothing, unmodified, moved}, State::honoured, Way::of_the_last},
        Row{"ChangedItsMind",
            {offers, full_to_nothing, unmodified, full_though_same},
            State::ignored,
            Way::plain},
        Row{"Refused", {offers, refuses}, State::ignored, Way::plain},
        Row{"Contradicted", {offers, full_to_nothing, unmodified, contradicts}, State::wrong, Way::plain},
        Row{"WrongIsNotForgiven", {offers, contradicts, offers, offers}, State::wrong, Way::plain},
        Row{"UnaskedFor", {unmodified_unasked}, State::wrong, Way::plain}),
    [](const auto& row) { return row.param.name; });

TEST(Revalidation, OnlyOneIsOnTrialAtATime) {
    Revalidation host;
    offers(host);
    EXPECT_EQ(host.next(start), Way::of_no_manifest);
    EXPECT_EQ(host.next(start), Way::plain);
    EXPECT_EQ(host.next(start + minutes(1)), Way::plain);
    EXPECT_EQ(host.next(start + minutes(2)), Way::of_no_manifest) << "that answer never came";
}

TEST(Revalidation, IsForgottenAfterAWeek) {
    Revalidation host;
    contradicts(host);
    EXPECT_EQ(host.state(start + hours(7 * 24) - minutes(1)), State::wrong);
    EXPECT_EQ(host.state(start + hours(7 * 24)), State::unknown);
    host.answered(Way::plain, true, true, start + hours(7 * 24));
    EXPECT_EQ(host.state(start + hours(7 * 24)), State::offered);
}

// Whatever the interval, a full look once in 24 hours and no more.
TEST(Revalidation, EachReferenceIsLookedAtInFullOnceADay) {
    for (auto interval : {minutes(5), minutes(15), minutes(60), minutes(7 * 60)}) {
        for (std::string name : {"docker.io/library/ruby:3.3", "registry.example.com/team/app:1"}) {
            int full = 0;
            Time last{hours(490'000)};
            Time end = last + hours(10 * 24);
            for (Time now = last + interval; now <= end; last = now, now += interval)
                full += look_due(name, full_look_every, last, now);
            EXPECT_NEAR(full, 10, 1) << name << " every " << interval.count() << " min";
        }
    }
    Time now{hours(490'000)};
    EXPECT_TRUE(look_due("x", full_look_every, Time{}, now));
    EXPECT_TRUE(look_due("x", full_look_every, now + minutes(5), now)) << "the clock was set back";
}

}  // namespace
}  // namespace basewatch::registry
