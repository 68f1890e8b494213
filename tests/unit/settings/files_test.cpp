// A configuration of several files: conf.d beside the main file, in name order, joined; a name twice is told
// with both places.
#include "settings/settings.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::settings {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Files : public ::testing::Test {
protected:
    std::optional<Settings> read() {
        problems_ = Problems();
        return read_settings(folder_ / "basewatch.yaml", Environment{}, problems_);
    }
    // As told, with the folder cut away.
    std::vector<std::string> told() const {
        std::vector<std::string> out;
        for (const auto& problem : problems_.sorted()) {
            std::string text = problem.where.text() + ": " + problem.what;
            std::string folder = folder_.path().string() + "/";
            for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
                text.erase(at, folder.size());
            out.push_back(text);
        }
        return out;
    }

    test::TemporaryFolder folder_;
    Problems problems_;
};

TEST_F(Files, lists_and_names_are_joined_in_name_order) {
    folder_.write("basewatch.yaml",
                  "watch: [alpine:3.20]\ntargets: {a: {preset: webhook, url: 'https://a.example'}}\n"
                  "daemon: {listen: 'unix:/run/a.sock'}\n");
    folder_.write("conf.d/20-b.yaml", "watch: [debian:12]\ndaemon: {listen: 'unix:/run/b.sock'}\n");
    folder_.write("conf.d/10-a.yaml",
                  "watch: [ruby:3.3]\ntargets: {b: {preset: webhook, url: 'https://b.example'}}\n"
                  "daemon: {retention: 7d}\n");
    folder_.write("conf.d/.hidden.yaml", "nonsense: 1\n");
    folder_.write("conf.d/README", "not yaml: [\n");
    folder_.write("conf.d/30-empty.yaml", "# nothing yet\n");
    auto settings = read();
    EXPECT_THAT(told(), IsEmpty());
    ASSERT_TRUE(settings);
    std::vector<std::string> watched;
    for (const auto& watch : settings->watch) watched.push_back(watch.base.familiar());
    EXPECT_THAT(watched, ElementsAre("alpine:3.20", "ruby:3.3", "debian:12"));
    EXPECT_EQ(settings->targets.size(), 2u);
    EXPECT_THAT(settings->daemon.listen, ElementsAre("unix:/run/a.sock", "unix:/run/b.sock"));
}

TEST_F(Files, a_name_twice_is_told_with_both_places) {
    folder_.write("basewatch.yaml",
                  "daemon: {state: /a.db}\n"
                  "defaults: {interval: 5m}\n"
                  "registries: {docker.io: {}}\n"
                  "rules: [{name: r, base: alpine, fire: t}]\n"
                  "dependents: [{image: a/b}]\n"
                  "targets: {t: {preset: webhook, url: 'https://a.example'}}\n");
    folder_.write("conf.d/a.yaml",
                  "daemon: {state: /b.db}\n"
                  "defaults: {interval: 6m}\n"
                  "registries: {index.docker.io: {}}\n"
                  "rules: [{name: r, base: debian, fire: t}]\n"
                  "dependents: [{image: 'docker.io/a/b:latest'}]\n"
                  "targets: {t: {preset: webhook, url: 'https://b.example'}}\n");
    EXPECT_FALSE(read());
    EXPECT_THAT(
        told(),
        ElementsAre(
            "conf.d/a.yaml:1:10: `state` in `daemon` is given twice, first at basewatch.yaml:1:10: keep "
            "one of them",
            "conf.d/a.yaml:2:12: `interval` in `defaults` is given twice, first at "
            "basewatch.yaml:2:12: keep one of them",
            "conf.d/a.yaml:3:14: registry `docker.io` is given twice, first at basewatch.yaml:3:14: "
            "keep one of them",
            "conf.d/a.yaml:4:16: rule `r` is given twice, first at basewatch.yaml:4:16: keep one of "
            "them",
            "conf.d/a.yaml:5:22: dependent docker.io/a/b:latest is given twice, first at "
            "basewatch.yaml:5:22: keep one of them",
            "conf.d/a.yaml:6:11: target `t` is given twice, first at basewatch.yaml:6:11: keep one of "
            "them"));
}

TEST_F(Files, every_file_is_read_whatever_is_wrong_with_another) {
    folder_.write("basewatch.yaml", "watch: [\n");
    folder_.write("conf.d/a.yaml", "defaults: {interval: soon}\n");
    EXPECT_FALSE(read());
    ASSERT_EQ(told().size(), 2u);
    EXPECT_THAT(told()[0], HasSubstr("basewatch.yaml:2:1: not YAML"));
    EXPECT_THAT(told()[1], HasSubstr("conf.d/a.yaml:1:22: `interval`"));
}

TEST_F(Files, a_missing_file_is_told) {
    EXPECT_FALSE(read());
    EXPECT_THAT(told(),
                ElementsAre("basewatch.yaml: cannot read the configuration: No such file or directory"));
}

TEST_F(Files, a_file_that_looks_read_and_is_not_is_warned_of) {
    folder_.write("basewatch.yaml", "");
    folder_.write("conf.d/a.yml", "watch: [alpine]\n");
    EXPECT_TRUE(read());
    EXPECT_THAT(told(), ElementsAre("conf.d/a.yml: only *.yaml is read here: rename it"));
}

}  // namespace
}  // namespace basewatch::settings
