// The Debian package: what is in it, what it asks for, and that its scripts are sound.

#include "systemd/staging.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Package : public testing::Test {
protected:
    void SetUp() override { file_ = make_package(folder_); }

    std::string field(const std::string& name) const {
        return run({"dpkg-deb", "--field", file_, name}).output;
    }

    TemporaryFolder folder_;
    std::string file_;
};

TEST_F(Package, HoldsWhatAServiceNeeds) {
    auto contents = run({"dpkg-deb", "--contents", file_}).output;
    for (const char* line : {
             "-rwxr-xr-x root/root .*/usr/bin/basewatch\n",
             "-rw-r--r-- root/root .*/lib/systemd/system/basewatch.service\n",
             "-rw-r--r-- root/root .*/lib/sysusers.d/basewatch.conf\n",
             "-rw-r--r-- root/root .*/etc/basewatch/basewatch.yaml\n",
             "drwx------ root/root .*/etc/basewatch/credentials/\n",
             "drwxr-xr-x root/root .*/etc/basewatch/conf.d/\n",
             "-rw-r--r-- root/root .*/usr/share/doc/basewatch/copyright\n",
             "-rw-r--r-- root/root .*/usr/share/doc/basewatch/changelog.gz\n",
             "-rw-r--r-- root/root .*/usr/share/man/man1/basewatch.1.gz\n",
         })
        EXPECT_THAT(contents, ContainsRegex(line));
    EXPECT_THAT(contents, Not(HasSubstr("/work")));
}

TEST_F(Package, AsksForTheLibrariesItUses) {
    auto depends = field("Depends");
    for (const char* library : {"libssl3", "libsqlite3-0", "libyaml-0-2", "libre2-9", "libjq1", "libc6"})
        EXPECT_THAT(depends, HasSubstr(library));
    EXPECT_THAT(depends, Not(HasSubstr("-dev")));
    // Loaded by the targets that need it: nobody has to have it.
    EXPECT_THAT(depends, Not(HasSubstr("libcurl")));
    EXPECT_THAT(field("Recommends"), HasSubstr("libcurl4"));
    EXPECT_THAT(depends, Not(HasSubstr("librdkafka")));
    EXPECT_THAT(depends, Not(HasSubstr("libnats")));
    EXPECT_THAT(field("Suggests"), AllOf(HasSubstr("libnats3.4"), HasSubstr("librdkafka1")));
    EXPECT_THAT(field("Package") + field("Architecture"), HasSubstr("basewatch"));
}

TEST_F(Package, KeepsAnEditedConfiguration) {
    auto control = folder_ / "control";
    ASSERT_EQ(run({"dpkg-deb", "--control", file_, control}).exit_code, 0);
    EXPECT_EQ(read_file(control + "/conffiles"), "/etc/basewatch/basewatch.yaml\n");
}

TEST_F(Package, HasSoundScripts) {
    auto control = folder_ / "control";
    ASSERT_EQ(run({"dpkg-deb", "--control", file_, control}).exit_code, 0);
    for (const char* script : {"/postinst", "/prerm", "/postrm"}) {
        auto text = read_file(control + script);
        EXPECT_THAT(text, testing::StartsWith("#!/bin/sh\n")) << script;
        EXPECT_THAT(text, HasSubstr("\nset -e\n")) << script;
        auto checked = run({"sh", "-n", control + script});
        EXPECT_EQ(checked.exit_code, 0) << checked.errors;
    }
    EXPECT_THAT(read_file(control + "/postinst"), Not(HasSubstr("systemctl enable")));
}

// The configuration that is shipped is one that the program takes.
TEST_F(Package, ShipsAConfigurationThatIsValid) {
    auto root = folder_ / "root";
    ASSERT_EQ(run({"dpkg-deb", "--extract", file_, root}).exit_code, 0);
    auto validated =
        run({root + "/usr/bin/basewatch", "validate", "-c", root + "/etc/basewatch/basewatch.yaml"});
    EXPECT_EQ(validated.exit_code, 0) << validated.output << validated.errors;
    EXPECT_THAT(validated.output + validated.errors, Not(HasSubstr("warning")));
}

}  // namespace
}  // namespace basewatch::test
