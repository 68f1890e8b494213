// The configuration is read again at whatever moment of what is under way: memory and state say the same of
// every base, and nothing that moves later is lost.

#include "sweep_house.hpp"

#include <gmock/gmock.h>

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const std::string newcomer = "registry.example.com/base:3.2";

constexpr int most_turns = 10'000;

test::Built built_of(const std::string& layer) {
    test::ImageOptions options;
    options.layers = {layer};
    return test::image(options);
}

// Digests by base, of those that have one.
std::map<std::string, std::string> digests_of(const std::vector<model::BaseState>& states) {
    std::map<std::string, std::string> found;
    for (const auto& state : states)
        if (state.observed()) found[state.reference.text()] = state.current.digest.text();
    return found;
}

struct Reload {
    std::vector<Watched> bases;
    std::vector<Pattern> patterns{pattern("3.*")};
};

// Checks this base, and reads the configuration again after so many turns of the loop; false when the check
// had ended by then.
bool reload_during_check(SweepHouse& house, const std::string& base, int turns, Reload next) {
    bool checked = false, used = false;
    TaskGroup tasks(house.loop().get_executor());
    auto check = [](SweepHouse& at, std::string which, bool& done) -> Async<void> {
        co_await at.watcher().check_now(reference(which), model::DetectedBy::request);
        done = true;
    };
    auto use = [](SweepHouse& at, std::shared_ptr<const WatchTable> table, bool& done) -> Async<void> {
        auto taken = co_await at.watcher().use(std::move(table));
        EXPECT_TRUE(taken.has_value());
        done = true;
    };
    house.loop().restart();
    tasks.start("check", check(house, base, checked));
    for (int turn = 0; turn < turns && !checked; ++turn) house.loop().run_one_for(1s);
    bool in_time = !checked;
    house.loop().restart();
    tasks.start("use", use(house, table_of(std::move(next.bases), std::move(next.patterns)), used));
    for (int turn = 0; turn < most_turns && (!checked || !used); ++turn) house.loop().run_one_for(1s);
    EXPECT_TRUE(checked);
    EXPECT_TRUE(used);
    house.settle();
    house.await(tasks.wait());
    return in_time;
}

void expect_the_same_in_memory_and_state(SweepHouse& house) {
    auto stored = house.await(house.store().bases());
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(digests_of(*stored), digests_of(house.watcher().states()));
}

TEST(Reload, LosesNothingOfATagThatIsBeingTold) {
    bool in_time = true;
    for (int turns = 0; in_time; ++turns) {
        SCOPED_TRACE(turns);
        SweepHouse house;
        house.registry.push("base", "3.1", built_of("one"));
        house.registry.push("other", "1", built_of("other"));
        house.use({watched("registry.example.com/other:1")}, {pattern("3.*")});
        house.check_all();
        house.registry.push("base", "3.2", built_of("one"));
        in_time = reload_during_check(house, newcomer, turns, {});
        house.check(newcomer);
        expect_the_same_in_memory_and_state(house);
        house.registry.push("base", "3.2", built_of("two"));
        house.check(newcomer);
        EXPECT_THAT(house.told(), ElementsAre("tag_created 3.2", "content 3.2"));
        if (testing::Test::HasFailure()) break;
    }
}

TEST(Reload, AsksWhatIsNewByTheSettingsThatCameWithIt) {
    SweepHouse house;
    test::RegistryScript plain;
    plain.push("base", "1", built_of("one"));
    house.transport.serve("http://plain.example.com", plain);
    house.registry.push("other", "1", built_of("other"));
    house.use({watched("registry.example.com/other:1")});
    house.run();
    auto registries = std::make_shared<settings::RegistriesSettings>(*house.registries);
    registries->by_host["plain.example.com"].plain_http = true;
    auto table = std::make_shared<WatchTable>(*table_of({watched("plain.example.com/base:1")}));
    table->registries = registries;
    ASSERT_TRUE(house.await(house.watcher().use(table)).has_value());
    house.settle();
    EXPECT_EQ(house.watcher().progress().failures, 0u);
    EXPECT_TRUE(house.state("plain.example.com/base:1").observed());
    EXPECT_EQ(house.transport.count("", "https://plain.example.com"), 0u);
}

// A tag that is told as gone is named by the table that is read at that moment.
TEST(Reload, KeepsWhatIsNamedWhileItIsToldAsGone) {
    bool in_time = true;
    for (int turns = 0; in_time; ++turns) {
        SCOPED_TRACE(turns);
        SweepHouse house;
        house.registry.push("base", "3.1", built_of("one"));
        house.registry.push("base", "3.2", built_of("one"));
        house.use({}, {pattern("3.*")});
        house.check_all();
        house.registry.untag("base", "3.2");
        // Asked twice already, and long enough ago: the next answer is the last that it takes.
        for (int answers = 0; answers < 2; ++answers) house.check(newcomer);
        house.clock.advance(1h);
        in_time = reload_during_check(house, newcomer, turns, {{watched(newcomer)}});
        EXPECT_THAT(house.told(), ElementsAre("tag_deleted 3.2"));
        expect_the_same_in_memory_and_state(house);
        if (testing::Test::HasFailure()) break;
    }
}

}  // namespace
}  // namespace basewatch::watch
