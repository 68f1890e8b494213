// Targets that are told by other ways than a request, by the verbs that a person tries them with.

#include "support/basewatch_program.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>

namespace basewatch::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(WaysOut, AProgramIsTriedWhenToldSo) {
    TemporaryFolder folder;
    auto script =
        folder.write("program", "#!/bin/sh\ncat >'" + (folder / "event") + "'\necho heard \"$1\"\n");
    chmod(script.c_str(), 0700);
    BasewatchProgram program(
        "rules: [{name: r, base: alpine, fire: here}]\n"
        "targets: {here: {preset: exec, command: ['" +
        script + "', '{BASE_IMAGE}']}}\n");
    EXPECT_EQ(program.verb({"validate"}).exit_code, 0);
    auto asked = program.verb({"test", "here"});
    EXPECT_EQ(asked.exit_code, 2);
    EXPECT_THAT(asked.errors, HasSubstr("--yes"));
    EXPECT_EQ(read_file(folder / "event"), "");
    auto told = program.verb({"test", "here", "--yes"});
    EXPECT_EQ(told.exit_code, 0) << told.errors;
    EXPECT_THAT(told.output, AllOf(HasSubstr(script + " docker.io/library/alpine\n"),
                                   HasSubstr("BASEWATCH_DELIVERY_ID=dlv_"), HasSubstr("success: exit code 0"),
                                   HasSubstr("heard docker.io/library/alpine")));
    auto event = nlohmann::json::parse(read_file(folder / "event"));
    EXPECT_EQ(event["type"], "dev.basewatch.test");

    auto simulated = program.verb({"simulate", "alpine"});
    EXPECT_EQ(simulated.exit_code, 0) << simulated.errors;
    EXPECT_THAT(simulated.output, HasSubstr(script + " docker.io/library/alpine\n"));
    EXPECT_THAT(program.verb({"presets"}).output, HasSubstr("exec"));
}

}  // namespace
}  // namespace basewatch::test
