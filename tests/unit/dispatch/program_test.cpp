// The way out through a program, with real programs: what they get, what becomes of their end, and that
// nothing of them stays.

#include "support/manual_clock.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

struct ProgramTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};
    TemporaryFolder folder;

    ProgramTest() { std::signal(SIGPIPE, SIG_IGN); }

    std::string script(const std::string& text) {
        auto path = folder.write("program", "#!/bin/sh\n" + text);
        chmod(path.c_str(), 0700);
        return path;
    }
    presets::Target exec(std::vector<std::string> command) {
        settings::TargetSettings target;
        target.name = "program";
        target.preset = "exec";
        target.command = std::move(command);
        return must(presets::merge(target));
    }
    // One delivery, until it has been tried.
    std::string tried(presets::Target target, std::string dependent = "") {
        house.use({std::move(target)});
        house.start();
        auto id = house.give_to({"program"}, std::move(dependent)).front();
        EXPECT_TRUE(house.until([&] { return house.delivery(id).attempts > 0; }));
        return id;
    }
    model::Attempt attempt_of(const std::string& id) { return house.attempts(id).at(0); }
    std::string written(const std::string& name) { return read_file(folder / name); }
};

TEST_F(ProgramTest, GetsArgumentsEventAndAnEnvironmentOfItsOwn) {
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/basewatch", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "not-for-programs", 1);
    house.event_data = R"({"base":{"reference":"docker.io/library/ruby:3.3"}})";
    auto path = script("cd '" + folder.path().string() +
                       "'\nfor a in \"$@\"; do echo \"<$a>\"; done >arguments\n"
                       "cat /dev/stdin >input\ntr '\\0' '\\n' </proc/$$/environ >environment\n"
                       "echo done; echo and said >/dev/stderr\n");
    auto id = tried(exec({path, "--base", "{BASE_REF}", "{project}", "a b;$(id)", "{BASE_TAG}"}),
                    "registry.example.com/shop/api:latest");
    unsetenv("CREDENTIALS_DIRECTORY");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    EXPECT_EQ(house.state(id), DeliveryState::delivered);
    EXPECT_EQ(written("arguments"), "<--base>\n<docker.io/library/ruby:3.3>\n<shop/api>\n<a b;$(id)>\n<>\n");
    EXPECT_EQ(written("input"), house.event_json(id)) << "the event's own bytes";
    std::vector<std::string> environment;
    std::istringstream lines(written("environment"));
    for (std::string line; std::getline(lines, line);) environment.push_back(line);
    EXPECT_THAT(environment, Contains("BASEWATCH_DELIVERY_ID=" + id));
    EXPECT_THAT(environment, Contains("BASEWATCH_BASE_REF=docker.io/library/ruby:3.3"));
    EXPECT_THAT(environment, Contains("BASEWATCH_EVENT_TYPE=dev.basewatch.base.changed"));
    EXPECT_THAT(environment, Contains("BASEWATCH_TARGET=program"));
    for (const auto& variable : environment)
        EXPECT_THAT(variable, testing::AnyOf(StartsWith("BASEWATCH_"), StartsWith("PATH="), "LANG=C.UTF-8"));
    EXPECT_EQ(attempt_of(id).answer, "done and said ") << "output and errors, on one line";
    EXPECT_EQ(attempt_of(id).detail, "exit code 0");
    EXPECT_THAT(transport.sent, IsEmpty());
}

TEST_F(ProgramTest, AValueThatLooksLikeAnOptionIsRefused) {
    house.event_data = R"({"base":{"reference":"--delete-everything"}})";
    auto id = tried(exec({script("touch '" + (folder / "ran") + "'"), "{BASE_REF}"}));
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_EQ(attempt_of(id).reason, "render");
    EXPECT_THAT(attempt_of(id).detail, AllOf(HasSubstr("{BASE_REF}"), HasSubstr("begins with `-`")));
    EXPECT_FALSE(std::filesystem::exists(folder / "ran"));
}

TEST_F(ProgramTest, APlaceWithoutAValueIsSaid) {
    auto id = tried(exec({script("exit 0"), "{project}"}));
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_THAT(attempt_of(id).detail, HasSubstr("{project}"));
}

TEST_F(ProgramTest, TheBodyIsItsInputWhereThereIsOne) {
    auto target = exec({script("cat")});
    target.fields.body = R"("\(.type)\n")";
    auto id = tried(target);
    EXPECT_EQ(attempt_of(id).answer, "dev.basewatch.base.changed ");
}

struct EndRow {
    const char* script;
    DeliveryState state;
    const char* detail;
};

TEST_F(ProgramTest, EveryEndHasItsMeaning) {
    const EndRow rows[] = {
        {"exit 0", DeliveryState::delivered, "exit code 0"},
        {"echo no luck; exit 75", DeliveryState::waiting, "exit code 75; it said: no luck "},
        {"exit 1", DeliveryState::waiting, "exit code 1"},
        {"exit 127", DeliveryState::waiting, "exit code 127"},
        {"exit 64", DeliveryState::dead, "exit code 64, which says that another try is useless"},
        {"exit 65", DeliveryState::dead, "exit code 65, which says that another try is useless"},
        {"exit 77", DeliveryState::dead, "exit code 77, which says that another try is useless"},
        {"exit 78", DeliveryState::dead, "exit code 78, which says that another try is useless"},
        {"kill -TERM $$", DeliveryState::waiting, "ended by signal 15"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.script);
        House other(loop, clock, transport);
        other.use({exec({script(row.script)})});
        other.start();
        auto id = other.give("program");
        ASSERT_TRUE(other.until([&] { return other.delivery(id).attempts > 0; }));
        EXPECT_EQ(other.state(id), row.state);
        auto attempt = other.attempts(id).at(0);
        EXPECT_EQ(attempt.detail, row.detail);
        EXPECT_EQ(attempt.reason, row.state == DeliveryState::delivered ? "delivered" : "exit");
        EXPECT_EQ(attempt.status, 0);
        EXPECT_EQ(model::is_delivery_reason(attempt.reason), row.state != DeliveryState::delivered);
    }
}

TEST_F(ProgramTest, WhatCannotBeExecutedIsTriedAgain) {
    auto id = tried(exec({"/nonexistent/program"}));
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    EXPECT_EQ(attempt_of(id).reason, "exit");
    EXPECT_THAT(attempt_of(id).detail, HasSubstr("cannot execute /nonexistent/program: No such file"));
}

TEST_F(ProgramTest, AtTheTimeoutTheWholeGroupEnds) {
    auto target = exec({script("sleep 1000 & echo $! >'" + (folder / "child") + "'\necho begun\nwait\n")});
    house.use({target});
    house.start();
    auto id = house.give("program");
    ASSERT_TRUE(house.until([&] { return !read_file(folder / "child").empty(); }));
    clock.advance(59'999ms);
    EXPECT_EQ(house.state(id), DeliveryState::sending);
    clock.advance(1ms);
    ASSERT_TRUE(house.until_state(id, DeliveryState::waiting));
    EXPECT_EQ(attempt_of(id).reason, "timeout");
    EXPECT_EQ(attempt_of(id).detail, "the program did not end within 60000 ms");
    auto child = std::atoi(written("child").c_str());
    EXPECT_TRUE(eventually([&] { return kill(child, 0) != 0; }));
}

TEST_F(ProgramTest, WhatItLeavesRunningEndsWithIt) {
    auto id = tried(exec({script("sleep 1000 & echo $! >'" + (folder / "child") + "'\nexit 0\n")}));
    EXPECT_EQ(house.state(id), DeliveryState::delivered);
    auto child = std::atoi(written("child").c_str());
    ASSERT_GT(child, 0);
    EXPECT_TRUE(eventually([&] { return kill(child, 0) != 0; }));
}

TEST_F(ProgramTest, OneThatReadsNothingAndFloodsIsHeardToItsEnd) {
    auto target = exec({script("head -c 3000000 /dev/zero | tr '\\0' x; exit 3")});
    target.fields.body = R"("y" * 300000)";
    auto id = tried(target);
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    EXPECT_THAT(attempt_of(id).detail, StartsWith("exit code 3; it said: xxx"));
    EXPECT_EQ(attempt_of(id).answer, std::string(2048, 'x'));
}

TEST_F(ProgramTest, SecretsAreStruckOutOfItsOutput) {
    register_secret("hunter2-hunter2");
    auto id = tried(exec({script("echo the key is hunter2-hunter2; exit 1")}));
    EXPECT_THAT(attempt_of(id).answer, AllOf(HasSubstr("[redacted]"), Not(HasSubstr("hunter2"))));
    EXPECT_THAT(attempt_of(id).detail, Not(HasSubstr("hunter2")));
}

TEST_F(ProgramTest, AStopEndsItAndPutsTheDeliveryBack) {
    house.use({exec({script("echo $$ >'" + (folder / "self") + "'\nexec sleep 1000\n")})});
    house.start();
    auto id = house.give("program");
    ASSERT_TRUE(house.until([&] { return !read_file(folder / "self").empty(); }));
    house.stop();
    EXPECT_EQ(house.state(id), DeliveryState::pending);
    EXPECT_EQ(house.delivery(id).attempts, 0);
    EXPECT_NE(kill(std::atoi(written("self").c_str()), 0), 0) << "ended and reaped";
}

TEST_F(ProgramTest, EveryAttemptHasTheSameDeliveryId) {
    auto target = exec({script("echo $BASEWATCH_DELIVERY_ID >>'" + (folder / "ids") + "'\nexit 75\n")});
    target.fields.retries = {1s, 1s};
    auto id = tried(target);
    for (int attempts = 2; attempts <= 3; ++attempts)
        ASSERT_TRUE(house.until([&] {
            if (clock.next()) clock.advance(100ms);
            return house.delivery(id).attempts == attempts;
        }));
    EXPECT_EQ(written("ids"), id + "\n" + id + "\n" + id + "\n");
}

}  // namespace
}  // namespace basewatch::test
