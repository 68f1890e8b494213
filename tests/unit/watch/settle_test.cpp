// When a change is told: the decision as a table, and any order of answers and restarts.

#include "watch/settle.hpp"

#include "foundation/time.hpp"
#include "sweep_house.hpp"

#include <random>

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Time start = from_unix_ms(1'790'000'000'000);
const auto amd64 = *model::Platform::parse("linux/amd64");
const auto arm64 = *model::Platform::parse("linux/arm64");

model::Digest digest(char letter) {
    return *model::Digest::parse("sha256:" + std::string(64, letter));
}

// An index whose images are named by a letter each; '-' where there is none.
model::Observation index(char name, char on_amd64 = '1', char on_arm64 = '2') {
    model::Observation made;
    made.digest = digest(name);
    made.detailed = true;
    if (on_amd64 != '-') made.platforms[amd64] = digest(on_amd64);
    if (on_arm64 != '-') made.platforms[arm64] = digest(on_arm64);
    return made;
}

// A base that is asked from time to time.
class Asked {
public:
    explicit Asked(Milliseconds settle, model::Observation recorded = index('a')) {
        input.settle = settle;
        input.recorded = std::move(recorded);
        input.platforms = {amd64, arm64};
    }
    std::string see(Milliseconds after, const model::Observation& seen) {
        now += after;
        input.seen = seen;
        auto settlement = settle(input, now);
        input.state = settlement.next;
        flaps_begun += settlement.began_to_flap ? 1 : 0;
        if (settlement.action == Settlement::Action::nothing) return "nothing";
        if (settlement.action == Settlement::Action::hold)
            return "held for " + format_duration(settlement.next.until - now);
        input.recorded = seen;
        return "fire";
    }
    SettleInput input;
    Time now = start;
    int flaps_begun = 0;
};

TEST(Settle, WithoutASettleTimeAChangeIsToldAtOnce) {
    Asked base(0s);
    EXPECT_EQ(base.see(15min, index('a')), "nothing");
    EXPECT_EQ(base.see(15min, index('b')), "fire");
    EXPECT_EQ(base.see(15min, index('c')), "fire");
    EXPECT_EQ(base.flaps_begun, 0);
}

TEST(Settle, AChangeIsHeldUntilItWasStill) {
    Asked base(10min);
    EXPECT_EQ(base.see(0s, index('b', '3')), "held for 10m");
    EXPECT_EQ(base.see(4min, index('b', '3')), "held for 6m");
    EXPECT_EQ(base.see(4min, index('c', '4')), "held for 10m");
    EXPECT_EQ(base.see(9min, index('c', '4')), "held for 1m");
    EXPECT_EQ(base.see(1min, index('c', '4')), "fire");
    EXPECT_FALSE(base.input.state.holds());
}

TEST(Settle, WhenEveryWatchedPlatformMovedThereIsNothingToWaitFor) {
    Asked base(10min);
    EXPECT_EQ(base.see(0s, index('b', '3')), "held for 10m");
    EXPECT_EQ(base.see(1min, index('c', '3', '4')), "fire");
    base.input.platforms = {amd64};
    EXPECT_EQ(base.see(1min, index('d', '5', '4')), "fire");
}

TEST(Settle, ThereAndBackIsNothing) {
    Asked base(10min);
    EXPECT_EQ(base.see(0s, index('b', '3')), "held for 10m");
    EXPECT_EQ(base.see(5min, index('a')), "nothing");
    EXPECT_FALSE(base.input.state.holds());
}

TEST(Settle, AMissingPlatformIsWaitedForUpToTheLongestHold) {
    Asked base(10min);
    EXPECT_EQ(base.see(0s, index('b', '3', '-')), "held for 2h");
    EXPECT_EQ(base.see(119min, index('b', '3', '-')), "held for 1m");
    EXPECT_EQ(base.see(1min, index('b', '3', '-')), "fire");
    EXPECT_EQ(longest_hold(10min), 2h);
    EXPECT_EQ(longest_hold(1h), 4h);
}

TEST(Settle, AnIndexThatNeverStandsStillIsToldAfterTheLongestHold) {
    Asked base(10min);
    std::string last;
    const std::string letters = "bcdef0345678";
    int looks = 0;
    while (last != "fire" && looks < 100) {
        char letter = letters[static_cast<std::size_t>(looks++) % letters.size()];
        last = base.see(looks == 1 ? 0min : 5min, index(letter, letter));
    }
    EXPECT_EQ(base.now - start, 2h);
}

TEST(Settle, WithoutDetailsTheIndexHasToBeStill) {
    model::Observation unread;
    unread.digest = digest('a');
    Asked base(10min, unread);
    EXPECT_EQ(base.see(0s, index('b', '3', '4')), "held for 10m");
}

TEST(Settle, AClockThatWasSetBackProlongsNothing) {
    Asked base(10min);
    base.see(0s, index('b', '3'));
    EXPECT_EQ(base.see(-24h, index('b', '3')), "held for 10m");
}

// --- registries that flap ---

TEST(Flapping, GivesOneChangeHoweverOftenTheAnswersTakeTurns) {
    Asked base(0s);
    int fired = 0;
    for (int i = 0; i < 500; ++i) fired += base.see(15min, index(i % 2 == 0 ? 'b' : 'a')) == "fire" ? 1 : 0;
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(base.flaps_begun, 1);
    EXPECT_TRUE(base.input.state.flaps());
}

TEST(Flapping, ARealReturnIsToldOnceItWasTheOnlyAnswerForAnHour) {
    Asked base(0s);
    EXPECT_EQ(base.see(0s, index('b')), "fire");
    EXPECT_EQ(base.see(15min, index('a')), "held for 1h");
    EXPECT_EQ(base.see(30min, index('a')), "held for 30m");
    EXPECT_EQ(base.see(30min, index('a')), "fire");
}

TEST(Flapping, SomethingNewMustBeAnsweredTwiceInARow) {
    Asked base(0s);
    base.see(0s, index('b'));
    base.see(15min, index('a'));
    EXPECT_EQ(base.see(1min, index('c')), "held for 1m");
    EXPECT_EQ(base.see(1min, index('d')), "held for 1m");
    EXPECT_EQ(base.see(1min, index('d')), "fire");
}

TEST(Flapping, AReturnAfterTheWindowIsNoFlapping) {
    Asked base(0s);
    base.see(0s, index('b'));
    EXPECT_EQ(base.see(61min, index('a')), "fire");
    EXPECT_EQ(base.flaps_begun, 0);
}

TEST(Flapping, IsForgottenWhenOnlyOneAnswerWasGivenForAnHour) {
    Asked base(0s);
    base.see(0s, index('b'));
    base.see(15min, index('a'));
    base.see(15min, index('b'));
    EXPECT_TRUE(worth_keeping(base.input.state, base.now));
    EXPECT_EQ(base.see(61min, index('b')), "nothing");
    EXPECT_FALSE(base.input.state.flaps());
    EXPECT_FALSE(worth_keeping(base.input.state, base.now));
}

// --- the sweep ---

const std::string ours = "registry.example.com/base:1";

class Settled : public testing::Test {
protected:
    void push(const std::string& first, const std::string& second) {
        house.registry.push("base", "1", of({{"linux/amd64", first}, {"linux/arm64", second}}));
    }
    test::Built of(const std::vector<std::pair<std::string, std::string>>& images) {
        std::vector<test::Built> made;
        for (const auto& [platform, layer] : images) {
            test::ImageOptions options;
            options.platform = platform;
            options.layers = {layer};
            made.push_back(test::image(options));
        }
        return test::index(made);
    }
    Watched both(Milliseconds settle) {
        auto made = watched(ours);
        made.platforms = {amd64, arm64};
        made.settle = settle;
        return made;
    }
    SweepHouse house;
};

TEST_F(Settled, PushedPlatformByPlatformIsOneChange) {
    push("one", "one");
    house.use({both(1h)});
    house.run();
    push("two", "one");
    house.pass(25min);
    EXPECT_THAT(house.kinds(), IsEmpty());
    auto held = house.state(ours).settling;
    ASSERT_TRUE(held && held->holds());
    push("two", "two");
    house.pass(25min);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
    EXPECT_THAT(house.changes().at(0).changed_platforms, SizeIs(2));
    EXPECT_EQ(house.changes().at(0).before.digest,
              of({{"linux/amd64", "one"}, {"linux/arm64", "one"}}).digest);
}

TEST_F(Settled, IsAskedAgainWhenTheTimeEndsNotAtTheNextTurn) {
    push("one", "one");
    auto base = both(5min);
    base.interval = 6h;
    house.use({base});
    house.run();
    push("two", "one");
    EXPECT_EQ(house.check(ours).outcome, CheckReport::Outcome::held);
    house.pass(5min);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

TEST_F(Settled, AHoldGoesOnAfterARestart) {
    push("one", "one");
    auto base = both(20min);
    base.interval = 6h;
    house.use({base});
    house.run();
    push("two", "one");
    house.check(ours);
    auto held = house.state(ours).settling;
    house.restart();
    house.use({base});
    EXPECT_EQ(house.state(ours).settling, held);
    house.run();
    house.pass(19min);
    EXPECT_THAT(house.kinds(), IsEmpty());
    house.pass(1min);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

TEST_F(Settled, ThereAndBackLeavesNothingBehind) {
    push("one", "one");
    house.use({both(30min)});
    house.check(ours);
    push("two", "one");
    auto report = house.check(ours);
    EXPECT_EQ(report.outcome, CheckReport::Outcome::held);
    EXPECT_EQ(report.held_because, "it must be still for 30m");
    push("one", "one");
    EXPECT_EQ(house.check(ours).outcome, CheckReport::Outcome::unchanged);
    house.clock.advance(2h);
    house.check(ours);
    EXPECT_FALSE(house.state(ours).settling);
    EXPECT_THAT(house.kinds(), IsEmpty());
}

// Only who was asked first may say that what is held is gone: a mirror that lags still has the old one.
TEST_F(Settled, AStaleMirrorDoesNotEndAHold) {
    for (bool by_hand : {true, false}) {
        SCOPED_TRACE(by_hand ? "found by hand" : "found by poll");
        SweepHouse mirrored;
        mirrored.registries->by_host[SweepHouse::host].mirrors = {{"cache.example.com", ""}};
        test::RegistryScript cache;
        mirrored.transport.serve("https://cache.example.com", cache);
        auto old = of({{"linux/amd64", "one"}, {"linux/arm64", "one"}});
        cache.push("base", "1", old);
        mirrored.registry.push("base", "1", old);
        mirrored.use({both(2h)});
        mirrored.run();
        mirrored.registry.push("base", "1", of({{"linux/amd64", "two"}, {"linux/arm64", "one"}}));
        if (by_hand)
            EXPECT_EQ(mirrored.check(ours).outcome, CheckReport::Outcome::held);
        else
            mirrored.pass(4h + 15min);
        mirrored.pass(2h + 15min);
        EXPECT_THAT(mirrored.kinds(), ElementsAre("content"));
    }
}

// Nor that nothing is new, while what is waits to be read.
TEST_F(Settled, AStaleMirrorDoesNotHideWhatWaitsForPulls) {
    SweepHouse mirrored;
    mirrored.registries->by_host[SweepHouse::host].mirrors = {{"cache.example.com", ""}};
    test::RegistryScript cache;
    mirrored.transport.serve("https://cache.example.com", cache);
    auto old = of({{"linux/amd64", "one"}});
    cache.push("base", "1", old);
    mirrored.registry.push("base", "1", old);
    mirrored.registry.always(
        {.headers = {{"RateLimit-Limit", "100;w=21600"}, {"RateLimit-Remaining", "5;w=21600"}}});
    cache.fail({.status = 500});
    mirrored.use({both(0s)});
    mirrored.run();
    mirrored.registry.push("base", "1", of({{"linux/amd64", "two"}}));
    mirrored.pass(30min);
    EXPECT_THAT(mirrored.kinds(), IsEmpty()) << "the rest is left to its owner";
    cache.recover();
    mirrored.pass(45min);
    EXPECT_THAT(mirrored.kinds(), ElementsAre("content"));
}

TEST_F(Settled, AFlappingRegistryIsToldOnce) {
    push("one", "one");
    house.use({both(0s)});
    house.run();
    for (int i = 0; i < 20; ++i) {
        push(i % 2 == 0 ? "two" : "one", "one");
        house.clock.advance(10min);
        house.check(ours);
    }
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
    EXPECT_TRUE(house.state(ours).settling->flaps());
}

// Whatever is answered, and whenever the process ends: each change begins where the one before it ended, and
// the last one where the base is recorded to be.
TEST_F(Settled, TheChainOfChangesIsWholeWhateverHappens) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        SweepHouse random_house;
        std::mt19937 dice(seed);
        auto base = both(seed % 3 == 0 ? 0min : 10min);
        random_house.registry.push("base", "1", of({{"linux/amd64", "a"}, {"linux/arm64", "a"}}));
        random_house.use({base});
        auto first = random_house.check(ours).after;
        for (int step = 0; step < 60; ++step) {
            std::string layers[] = {"a", "b", "c"};
            random_house.registry.push(
                "base", "1", of({{"linux/amd64", layers[dice() % 3]}, {"linux/arm64", layers[dice() % 3]}}));
            random_house.clock.advance(std::chrono::minutes(1 + dice() % 40));
            random_house.check(ours);
            if (dice() % 5 == 0) {
                random_house.restart();
                random_house.use({base});
            }
        }
        auto at = first;
        for (const auto& change : random_house.changes()) {
            EXPECT_EQ(change.before.digest, at) << "seed " << seed;
            at = change.after.digest;
        }
        EXPECT_EQ(random_house.state(ours).current.digest, at) << "seed " << seed;
        EXPECT_FALSE(random_house.changes().empty()) << "seed " << seed;
        // Left alone, the last answer is told in the end.
        random_house.registry.push("base", "1", of({{"linux/amd64", "z"}, {"linux/arm64", "z"}}));
        for (int i = 0; i < 4; ++i) {
            random_house.check(ours);
            random_house.clock.advance(1h);
        }
        EXPECT_EQ(random_house.state(ours).current.digest,
                  of({{"linux/amd64", "z"}, {"linux/arm64", "z"}}).digest);
    }
}

}  // namespace
}  // namespace basewatch::watch
