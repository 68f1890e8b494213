#include "watch/schedule.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Monotonic start{1000h};

model::Reference base(const std::string& text) {
    return *model::Reference::parse("registry.example.com/" + text);
}

model::Reference numbered(int i) {
    return base("team-" + std::to_string(i % 97) + "/image:" + std::to_string(i));
}

TEST(Schedule, ABaseNeverObservedIsDueAtOnceTheOthersAtTheirPhase) {
    Schedule schedule(1);
    schedule.add(base("new:1"), 15min, start, true);
    schedule.add(base("known:1"), 15min, start, false);
    EXPECT_EQ(schedule.due(base("new:1")), start);
    EXPECT_GT(*schedule.due(base("known:1")), start);
    EXPECT_LE(*schedule.due(base("known:1")), start + 15min + 90s);
    EXPECT_EQ(schedule.due(base("other:1")), std::nullopt);
    EXPECT_EQ(schedule.next(), start);
    EXPECT_EQ(schedule.due_count(start), 1u);
    EXPECT_THAT(schedule.take_due(start, 10), ElementsAre(base("new:1")));
    EXPECT_EQ(schedule.due(base("new:1")), std::nullopt) << "taken";
    EXPECT_THAT(schedule.take_due(start, 10), IsEmpty());
}

TEST(Schedule, TheSameReferenceTwiceIsOne) {
    Schedule schedule(1);
    schedule.add(base("a:1"), 15min, start, true);
    schedule.add(base("a:1"), 15min, start, true);
    EXPECT_EQ(schedule.size(), 1u);
    EXPECT_THAT(schedule.take_due(start, 10), SizeIs(1));
    schedule.add(base("a:1"), 15min, start, true);
    EXPECT_THAT(schedule.take_due(start, 10), IsEmpty()) << "it is under way";
}

TEST(Schedule, TagsOfOneRepositoryStandTogether) {
    Schedule schedule(1);
    for (const char* name : {"b/x:2", "a/x:1", "b/x:1", "a/y:1", "a/x:2"})
        schedule.add(base(name), 15min, start, true);
    EXPECT_THAT(schedule.take_due(start, 10),
                ElementsAre(base("a/x:1"), base("a/x:2"), base("a/y:1"), base("b/x:1"), base("b/x:2")));
}

TEST(Schedule, NoMoreThanAskedForAndTheOldestFirst) {
    Schedule schedule(1);
    for (const char* name : {"a:1", "b:1", "c:1"}) schedule.add(base(name), 15min, start, true);
    schedule.postpone(base("a:1"), start + 3s);
    schedule.postpone(base("b:1"), start + 2s);
    schedule.postpone(base("c:1"), start + 1s);
    EXPECT_THAT(schedule.take_due(start + 10s, 2), ElementsAre(base("b:1"), base("c:1")));
    EXPECT_THAT(schedule.take_due(start + 10s, 2), ElementsAre(base("a:1")));
}

// The next check comes one interval after the last, give or take the jitter, for as long as one looks.
TEST(Schedule, TurnsComeEveryIntervalWithTenPercentOfJitter) {
    Schedule schedule(7);
    auto interval = 10min;
    schedule.add(base("a:1"), interval, start, false);
    auto last = *schedule.due(base("a:1"));
    auto first = last;
    std::set<Milliseconds> gaps;
    for (int turn = 1; turn <= 1000; ++turn) {
        ASSERT_THAT(schedule.take_due(last, 1), SizeIs(1));
        schedule.done(base("a:1"), last + 50ms);
        auto next = *schedule.due(base("a:1"));
        auto gap = std::chrono::floor<Milliseconds>(next - last);
        EXPECT_GE(gap, interval * 8 / 10);
        EXPECT_LE(gap, interval * 12 / 10);
        gaps.insert(gap);
        last = next;
    }
    EXPECT_GT(gaps.size(), 500u) << "there is jitter";
    auto mean = (last - first) / 1000;
    EXPECT_NEAR(std::chrono::duration<double>(mean).count(), 600.0, 1.0);
}

TEST(Schedule, AfterAPauseABaseIsDueOnce) {
    Schedule schedule(7);
    schedule.add(base("a:1"), 10min, start, false);
    auto late = start + 24h;
    EXPECT_THAT(schedule.take_due(late, 10), SizeIs(1));
    schedule.done(base("a:1"), late);
    EXPECT_GE(*schedule.due(base("a:1")), late + 4min);
    EXPECT_THAT(schedule.take_due(late + 1min, 10), IsEmpty());
}

TEST(Schedule, ARestartBunchesNothing) {
    for (std::uint64_t seed : {1u, 2u}) {
        Schedule schedule(seed);
        std::vector<int> seconds(1010, 0);
        for (int i = 0; i < 9'000; ++i) {
            auto image = base("team/image-" + std::to_string(i) + ":1");
            schedule.add(image, 15min, start, false);
            auto wait = std::chrono::floor<std::chrono::seconds>(*schedule.due(image) - start);
            ++seconds.at(static_cast<std::size_t>(wait.count()));
        }
        // Ten a second on the average, for a quarter of an hour and the jitter behind it.
        EXPECT_LT(*std::max_element(seconds.begin(), seconds.end()), 35);
        for (std::size_t from = 0; from < 800; from += 100)
            EXPECT_NEAR(std::accumulate(&seconds[from], &seconds[from] + 100, 0), 1000, 150) << from;
    }
}

TEST(Schedule, ThePhaseIsTheBasesOwnWhateverTheSeedAndTheCompany) {
    Schedule one(1), other(2);
    one.add(base("a:1"), 1h, start, false);
    for (int i = 0; i < 100; ++i) other.add(numbered(i), 1h, start, false);
    other.add(base("a:1"), 1h, start + 1s, false);
    auto distance = *one.due(base("a:1")) - *other.due(base("a:1"));
    EXPECT_LE(std::chrono::abs(distance), 12min) << "at most twice the jitter";
}

// A token of Docker Hub's is good for 300 s: every sweep of a repository has to fit well into that.
TEST(Schedule, ARepositorysTagsMeetOneTokenInEverySweep) {
    Schedule schedule(3);
    std::vector<model::Reference> tags;
    for (int i = 0; i < 40; ++i) tags.push_back(base("library/ruby:3." + std::to_string(i)));
    for (const auto& tag : tags) schedule.add(tag, 15min, start, false);
    for (int sweep = 0; sweep < 50; ++sweep) {
        std::set<Monotonic> dues;
        for (const auto& tag : tags) dues.insert(*schedule.due(tag));
        EXPECT_LE(*dues.rbegin() - *dues.begin(), 10s) << sweep;
        EXPECT_GT(dues.size(), 20u) << "and they are no burst";
        auto now = *dues.rbegin();
        ASSERT_THAT(schedule.take_due(now, tags.size()), SizeIs(tags.size()));
        for (const auto& tag : tags) schedule.done(tag, now);
    }
}

TEST(Schedule, AShorterIntervalBringsABaseForwardALongerOneLeavesIt) {
    Schedule schedule(1);
    schedule.add(base("a:1"), 6h, start, false);
    auto due = *schedule.due(base("a:1"));
    schedule.add(base("a:1"), 24h, start, false);
    EXPECT_EQ(schedule.due(base("a:1")), due);
    schedule.add(base("a:1"), 1min, start, false);
    EXPECT_LE(*schedule.due(base("a:1")), start + 66s);
}

TEST(Schedule, PostponeHurryAndRemove) {
    Schedule schedule(1);
    for (const char* name : {"a:1", "b:1", "c:1"}) schedule.add(base(name), 15min, start, true);
    EXPECT_THAT(schedule.take_due(start, 1), ElementsAre(base("a:1")));
    schedule.postpone(base("a:1"), start + 30s);
    EXPECT_EQ(schedule.due(base("a:1")), start + 30s);
    schedule.hurry(base("a:1"), start + 1s);
    EXPECT_EQ(schedule.due(base("a:1")), start + 1s);
    schedule.remove(base("a:1"));
    schedule.remove(base("nobody:1"));
    EXPECT_EQ(schedule.size(), 2u);
    EXPECT_EQ(schedule.due(base("a:1")), std::nullopt);
    EXPECT_THAT(schedule.take_due(start + 1h, 10), ElementsAre(base("b:1"), base("c:1")));
    schedule.remove(base("b:1"));
    schedule.done(base("b:1"), start + 1h);
    EXPECT_EQ(schedule.size(), 1u) << "removed while it was taken";
}

// Against a plain list, over many random operations.
TEST(Schedule, BehavesLikeASortedList) {
    std::mt19937 random(5);
    Schedule schedule(3);
    std::map<std::string, Monotonic> expected;  // what is not taken
    std::set<std::string> taken;
    auto any = [&](auto& names) {
        return std::next(names.begin(), static_cast<std::ptrdiff_t>(random() % names.size()));
    };
    auto now = start;
    for (int step = 0; step < 10'000; ++step) {
        auto reference = numbered(static_cast<int>(random() % 300));
        auto name = reference.text();
        switch (random() % 5) {
            case 0:
                if (taken.contains(name) || expected.contains(name)) break;
                schedule.add(reference, 1min, now, true);
                expected[name] = now;
                break;
            case 1:
                schedule.remove(reference);
                expected.erase(name);
                taken.erase(name);
                break;
            case 2: {
                now += Milliseconds(random() % 2000);
                std::size_t most = random() % 5;
                for (const auto& due : schedule.take_due(now, most)) {
                    ASSERT_TRUE(expected.contains(due.text()));
                    ASSERT_LE(expected[due.text()], now);
                    expected.erase(due.text());
                    taken.insert(due.text());
                }
                break;
            }
            case 3:
                if (taken.empty()) break;
                name = *any(taken);
                schedule.postpone(*model::Reference::parse(name), now + Milliseconds(random() % 5000));
                expected[name] = *schedule.due(*model::Reference::parse(name));
                taken.erase(name);
                break;
            default:
                if (taken.empty()) break;
                name = *any(taken);
                schedule.done(*model::Reference::parse(name), now);
                expected[name] = *schedule.due(*model::Reference::parse(name));
                taken.erase(name);
        }
        ASSERT_EQ(schedule.size(), expected.size() + taken.size());
        auto earliest = std::min_element(expected.begin(), expected.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
        if (expected.empty())
            ASSERT_EQ(schedule.next(), std::nullopt);
        else
            ASSERT_EQ(schedule.next(), earliest->second);
    }
}

TEST(BackOff, DoublesToTheIntervalOrAQuarterOfAnHourWithFullJitter) {
    struct Case {
        int failures;
        Milliseconds interval;
        double random;
        Milliseconds wait;
    };
    const Case cases[] = {
        {1, 15min, 0.5, 15s}, {1, 15min, 0.999999, 29'999ms}, {2, 15min, 0.5, 30s},
        {3, 15min, 0.5, 60s}, {6, 15min, 0.5, 450s},          {40, 15min, 0.5, 450s},
        {40, 6h, 0.5, 3h},    {40, 1min, 0.5, 450s},          {5'000'000, 15min, 0.5, 450s},
        {1, 15min, 0.0, 1s},  {0, 15min, 0.5, 15s},
    };
    for (const auto& [failures, interval, random, wait] : cases)
        EXPECT_EQ(back_off(failures, interval, random), wait) << failures << " " << random;
}

}  // namespace
}  // namespace basewatch::watch
