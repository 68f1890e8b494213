// A disk that is full, fails, is read-only or whose file somebody keeps locked: the daemon says so, keeps
// what it has, tells nothing that it could not record, and goes on by itself when it can.
#include "e2e/moving_world.hpp"
#include "store/invariants.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace basewatch::test {
namespace {

class Disk : public testing::Test {
protected:
    Disk() : world(6), program(world.configuration("100ms", false)) {
        program.environment["LD_PRELOAD"] = TEST_PROGRAMS "/libdisk_faults.so";
        program.environment["BASEWATCH_FAULTY_FILES"] = program.state_path();
        program.environment["BASEWATCH_DISK_FAULT"] = program.folder() / "fault";
        set_fault("");
    }

    // Replaced whole, so that nobody reads half a word.
    void set_fault(const std::string& word) const {
        auto next = program.folder().write("fault.next", word);
        std::filesystem::rename(next, program.folder() / "fault");
    }

    void start_and_see_every_base() {
        program.start();
        ASSERT_TRUE(program.ready()) << program.log();
        ASSERT_TRUE(eventually([&] { return program.has_recorded(world.tags()); })) << program.log();
    }

    void move_all() {
        for (std::size_t i = 0; i < world.tags(); ++i) world.move(i);
    }

    // What it says of its state, or why it cannot say; empty when all is well.
    std::string trouble() const {
        auto outcome = program.verb({"status", "--json"});
        auto answer = nlohmann::json::parse(outcome.output, nullptr, false);
        return answer.is_object() ? answer.value("state_trouble", std::string()) : outcome.errors;
    }

    // The trouble is over: what happened meanwhile is told, and the daemon says that it is well again.
    void expect_it_recovers() {
        EXPECT_TRUE(eventually([&] { return world.all_told(); }, std::chrono::seconds(60))) << program.log();
        EXPECT_TRUE(eventually([&] { return trouble().empty(); })) << trouble();
        EXPECT_TRUE(eventually(
            [&] {
                auto states = program.json({"status"})["deliveries"];
                return states.value("pending", 0) + states.value("waiting", 0) + states.value("sending", 0) ==
                       0;
            },
            std::chrono::seconds(60)))
            << program.log();
        EXPECT_EQ(program.stop(), 0) << program.log();
        EXPECT_THAT(store::broken_invariants(program.state_path()), testing::IsEmpty());
        EXPECT_GE(expect_whole_chains(world, program.state_path()), world.tags());
    }

    MovingWorld world;
    BasewatchProgram program;
};

class FailingDisk : public Disk, public testing::WithParamInterface<const char*> {};

TEST_P(FailingDisk, IsSaidAndNothingIsToldBeforeItIsRecorded) {
    start_and_see_every_base();
    set_fault(GetParam());
    move_all();
    ASSERT_TRUE(eventually([&] { return program.log().find("could not be stored") != std::string::npos; }))
        << program.log();
    EXPECT_THAT(program.log(), testing::HasSubstr("the disk that holds the state " + program.state_path()));
    EXPECT_TRUE(world.told().empty()) << "told before it was committed";
    EXPECT_TRUE(program.running());
    set_fault("");
    expect_it_recovers();
}

TEST_P(FailingDisk, DoesNotMakeItForgetWhatWasSent) {
    start_and_see_every_base();
    // The disk fails between a claim and the record of what came of it, at some of them.
    for (int round = 0; round < 4; ++round) {
        auto told = world.told().size();
        move_all();
        ASSERT_TRUE(eventually([&] { return world.told().size() > told; })) << program.log();
        set_fault(GetParam());
        world.move(0);
        ASSERT_TRUE(eventually([&] { return !program.running() || !trouble().empty(); })) << program.log();
        set_fault("");
        ASSERT_TRUE(eventually([&] { return world.all_told(); }, std::chrono::seconds(60))) << program.log();
    }
    expect_it_recovers();
}

INSTANTIATE_TEST_SUITE_P(Faults, FailingDisk, testing::Values("full", "broken"),
                         [](const auto& fault) { return std::string(fault.param); });

TEST_F(Disk, FullIsShownInStatusAndReadiness) {
    start_and_see_every_base();
    set_fault("full");
    move_all();
    ASSERT_TRUE(eventually([&] { return !trouble().empty(); })) << program.log();
    EXPECT_THAT(trouble(), testing::HasSubstr("is full: make room"));
    EXPECT_THAT(program.verb({"status"}).output, testing::HasSubstr("TROUBLE"));
    set_fault("");
    expect_it_recovers();
}

// What is to be stored of a configuration comes first; what it makes superfluous goes when it can.
TEST_F(Disk, FullAReloadIsTakenWholeOrNotAtAll) {
    auto base = [&](std::size_t i) {
        return "\"" + world.address() + "/crash/base:" + world.tag_name(i) + "\"";
    };
    auto configuration = [&](const std::string& watched, const std::string& rule,
                             const std::string& targets) {
        return "registries: {\"" + world.address() +
               "\": {plain_http: true}}\ndefaults: {interval: 300ms}\n" + "watch: [" + watched +
               "]\nrules: [{name: " + rule + ", base: \"" + world.address() +
               "/crash/*:*\", fire: hook}]\ntargets:\n  hook: {preset: webhook, url: \"http://" +
               world.address() + "/hook\"}\n" + targets;
    };
    const std::string spare = "  spare: {preset: webhook, url: \"http://" + world.address() +
                              "/care\"}\nnotify: [{events: base.recovered, fire: spare}]\n";
    auto targets = [&] { return program.json({"targets"})["items"].size(); };
    auto bases = [&] { return program.json({"bases"})["items"].size(); };
    program.write_configuration(configuration(base(0) + ", " + base(2), "all", spare));
    program.start();
    ASSERT_TRUE(program.ready()) << program.log();
    ASSERT_TRUE(eventually([&] { return program.has_recorded(2); })) << program.log();
    set_fault("full");

    program.write_configuration(configuration(base(0), "other", ""));
    program.reload();
    ASSERT_TRUE(eventually([&] { return program.log().find("was not reloaded") != std::string::npos; }))
        << program.log();
    EXPECT_EQ(bases(), 2u);
    EXPECT_EQ(targets(), 2u);

    program.write_configuration(configuration(base(0), "all", ""));
    program.reload();
    ASSERT_TRUE(eventually([&] { return program.log().find("reloaded; values of") != std::string::npos; }))
        << program.log();
    EXPECT_EQ(bases(), 1u);
    EXPECT_EQ(targets(), 1u);
    EXPECT_THAT(program.log(), testing::HasSubstr("is forgotten when the state can be written"));

    set_fault("");
    world.move(0);
    ASSERT_TRUE(eventually([&] { return !world.told().empty(); })) << program.log();
    EXPECT_EQ(program.stop(), 0) << program.log();
    EXPECT_THAT(store::broken_invariants(program.state_path()), testing::IsEmpty());
    SQLite::Database state(program.state_path());
    EXPECT_EQ(state.execAndGet("SELECT count(*) FROM bases").getInt(), 1) << "forgotten with the last marks";
}

TEST_F(Disk, ReadOnlyIsOneClearErrorAtTheStart) {
    set_fault("read-only");
    auto outcome = program.verb({"run"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.errors, testing::HasSubstr("cannot write in the folder"));
    EXPECT_THAT(outcome.errors, testing::HasSubstr(program.state_path() + ": Read-only file system"));
}

TEST_F(Disk, LockedBySomebodyElseIsSaidAndWaitedFor) {
    start_and_see_every_base();
    {
        SQLite::Database other(program.state_path(), SQLite::OPEN_READWRITE, 5000);
        other.exec("BEGIN IMMEDIATE");
        move_all();
        EXPECT_TRUE(eventually([&] {
            return program.log().find("another program keeps the state") != std::string::npos;
        })) << program.log();
        EXPECT_TRUE(world.told().empty());
        other.exec("ROLLBACK");
    }
    expect_it_recovers();
}

}  // namespace
}  // namespace basewatch::test
