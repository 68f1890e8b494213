// Kill it at any moment: nothing that happened is lost, and nothing is told that did not happen.
#include "e2e/failpoints.hpp"
#include "e2e/moving_world.hpp"
#include "store/invariants.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <random>

namespace basewatch::test {
namespace {

constexpr int killed = 128 + SIGKILL;

// Runs on until all that happened was told, and ends well.
void expect_it_recovers(const MovingWorld& world, BasewatchProgram& program) {
    ASSERT_TRUE(program.ready()) << program.log();
    EXPECT_TRUE(eventually([&] { return world.all_told(); }, std::chrono::seconds(60))) << program.log();
    // In one look: a delivery goes from one open state to another.
    auto settled = [&] {
        auto ended = [&](const char* target) {
            auto rows = program.json({"deliveries", "--target", target, "--limit", "1000"})["items"];
            return std::all_of(rows.begin(), rows.end(), [](const auto& row) {
                return row["state"] == "delivered" || row["state"] == "dead";
            });
        };
        return ended("hook") && ended("chat");
    };
    EXPECT_TRUE(eventually(settled, std::chrono::seconds(60))) << program.log();
    EXPECT_EQ(program.stop(), 0) << program.log();
    EXPECT_THAT(store::broken_invariants(program.state_path()), testing::IsEmpty());
}

bool told_some_together(const MovingWorld& world) {
    auto messages = world.told_together();
    return std::any_of(messages.begin(), messages.end(),
                       [](const auto& message) { return message.size() > 1; });
}

TEST(Crash, KilledAtAnyMomentItLosesNothingAndInventsNothing) {
    constexpr int rounds = 10;
    std::random_device seeds;
    auto seed = seeds();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    MovingWorld world(200);
    BasewatchProgram program(world.configuration("100ms", false));
    // One round to the end of the baseline, so that every later move is a change.
    program.start();
    ASSERT_TRUE(program.ready()) << program.log();
    ASSERT_TRUE(eventually([&] { return program.has_recorded(world.tags()); }));
    for (int round = 0; round < rounds; ++round) {
        auto moves = 20 + random() % 80;
        for (std::size_t i = 0; i < moves; ++i) world.move(random() % world.tags());
        auto told_before = world.told().size();
        auto enough = random() % 60;
        // Killed when it has told of a few of them, each time another number, or after a moment without any.
        eventually([&] { return world.told().size() >= told_before + enough; }, std::chrono::seconds(2));
        program.kill();
        program.start();
    }
    expect_it_recovers(world, program);
    EXPECT_GT(expect_whole_chains(world, program.state_path()), rounds)
        << "hardly anything moved: this proved nothing";
    EXPECT_TRUE(told_some_together(world)) << "nothing came together: this proved nothing of groups";
}

// Those that a world passes whose tags are always there.
std::vector<std::string> passed_without_tags() {
    auto names = failpoints();
    std::erase_if(names, is_of_tags);
    return names;
}

class CrashAt : public testing::TestWithParam<std::string> {};

TEST_P(CrashAt, LosesNothingAndInventsNothing) {
    MovingWorld world(10);
    BasewatchProgram program(world.configuration("100ms", true));
    program.binary = TEST_PROGRAMS "/crashing_basewatch";
    program.start();
    ASSERT_TRUE(program.ready()) << program.log();
    ASSERT_TRUE(eventually([&] { return program.has_recorded(world.tags()); }));
    ASSERT_EQ(program.stop(), 0) << program.log();

    auto run_to_its_end = [&](const char* time) {
        for (std::size_t i = 0; i < world.tags(); ++i) world.move(i);
        program.environment["BASEWATCH_DIE_AT"] = GetParam() + time;
        program.start();
        auto died = [&] { return !program.running(); };
        eventually([&] { return died() || world.all_told(); }, std::chrono::seconds(30));
        // What is only done at an orderly end is reached by asking for one.
        bool soon = eventually(died, std::chrono::seconds(1));
        return soon ? killed : program.stop();
    };
    EXPECT_EQ(run_to_its_end(":1"), killed) << "it did not pass there: " << program.log();
    // Once more, further on; what is done once in a run ends well then.
    run_to_its_end(":2");
    program.environment.erase("BASEWATCH_DIE_AT");
    program.start();
    expect_it_recovers(world, program);
    EXPECT_GE(expect_whole_chains(world, program.state_path()), world.tags());
    EXPECT_TRUE(told_some_together(world)) << "nothing came together: this proved nothing of groups";
    auto disabled = world.disabled();
    ASSERT_EQ(disabled.size(), 1) << "told once, under one id, that nothing is sent there any more";
    EXPECT_EQ(disabled.begin()->second, "gone");
}

INSTANTIATE_TEST_SUITE_P(Failpoints, CrashAt, testing::ValuesIn(passed_without_tags()), failpoint_name);

TEST(Crash, FailpointsAreFoundAndEachStandsOnce) {
    auto names = failpoints();
    EXPECT_GE(names.size(), 15);
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace basewatch::test
