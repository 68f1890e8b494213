// That many tags that move together hasten each other as if each did it for itself, in few rounds.

#include "watch/hastening.hpp"

#include "unit/watch/sweep_house.hpp"

#include <gmock/gmock.h>

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Monotonic start{1h};

TEST(HasteningDecision, TheFirstAtOnceAndThoseBehindItTogether) {
    Hastening hastening;
    EXPECT_TRUE(hastening.moved("one", start));
    EXPECT_FALSE(hastening.next());
    EXPECT_TRUE(hastening.moved("other", start + 1s));
    EXPECT_FALSE(hastening.moved("one", start + 2s));
    EXPECT_FALSE(hastening.moved("one", start + 9s));
    EXPECT_EQ(hastening.next(), start + 10s);
    EXPECT_THAT(hastening.due(start + 9s), IsEmpty());
    EXPECT_THAT(hastening.due(start + 10s), ElementsAre("one"));
    EXPECT_THAT(hastening.due(start + 10s), IsEmpty());
    EXPECT_FALSE(hastening.next());
    EXPECT_FALSE(hastening.moved("one", start + 11s)) << "a pause stands behind each round";
    EXPECT_THAT(hastening.due(start + 20s), ElementsAre("one"));
    EXPECT_TRUE(hastening.moved("one", start + 30s));
}

TEST(HasteningDecision, AThousandTagsAreGoneThroughElevenTimes) {
    Hastening hastening;
    std::size_t rounds = 0;
    auto now = start;
    for (int tag = 0; tag < 1000; ++tag, now += 100ms) {
        rounds += hastening.due(now).size();
        rounds += hastening.moved("one", now) ? 1 : 0;
    }
    rounds += hastening.due(now).size();
    EXPECT_EQ(rounds, 11u);
    EXPECT_FALSE(hastening.next());
}

// One that was looked at between two that moved is looked at again when a push may be over.
TEST(Hastened, IsWhatWasLookedAtBeforeTheLastOneMoved) {
    SweepHouse house;
    std::vector<Watched> bases;
    auto base = [](const char* tag) { return "registry.example.com/base:" + std::string(tag); };
    for (const char* tag : {"1", "2", "3"}) {
        house.registry.push("base", tag, test::image());
        bases.push_back(watched(base(tag), 6h));
    }
    house.use(bases);
    house.run();
    house.pass(24h * 40);
    auto due = [&](const char* tag) {
        return *house.watcher().next_check(reference(base(tag))) - house.clock.now();
    };
    while (due("3") < 8h) house.pass(1h);
    test::ImageOptions options;
    options.layers = {"mended"};
    house.registry.push("base", "1", test::image(options));
    house.check(base("1"));
    house.pass(2s);
    ASSERT_GT(due("3"), 3h) << "it was asked, and had not moved yet";
    house.registry.push("base", "2", test::image(options));
    house.check(base("2"));
    house.pass(10s);
    EXPECT_LE(due("3"), 3h);
}

}  // namespace
}  // namespace basewatch::watch
