// Intervals that a registry's rate cannot keep are told where they stand, before anything was asked.
#include "app/check_intervals.hpp"

#include "app/tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::app {
namespace {

using ::testing::ElementsAreArray;

std::string bases(const std::string& repository, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "  - " + repository + ":" + std::to_string(i) + "\n";
    return text;
}

struct Row {
    std::string what;
    std::string text;
    std::vector<std::string> warnings;
};

TEST(Intervals, ThatCannotBeKeptAreToldWhereTheyStand) {
    const std::string how =
        "; lengthen `interval`, or raise `rate` of docker.io under `registries` where it allows that";
    const std::vector<Row> rows{
        {"10 a second are 9,000 in a quarter of an hour", "watch:\n" + bases("alpine", 9000), {}},
        {"and not 12,000",
         "watch:\n" + bases("alpine", 12'000),
         {"2:5 asked every 20m, not every 15m: the 12000 bases of docker.io want 13.3/s, and it is asked at "
          "most 10/s" +
          how}},
        {"a rate of its own",
         "registries: {docker.io: {rate: 20/s}}\nwatch:\n" + bases("alpine", 12'000),
         {}},
        {"a slow one",
         "registries: {docker.io: {rate: 6/m}}\ndefaults: {interval: 1m}\nwatch:\n" + bases("alpine", 12),
         {"4:5 asked every 2m, not every 1m: the 12 bases of docker.io want 0.2/s, and it is asked at most "
          "0.1/s" +
          how}},
        {"a registry of this network is asked faster", "watch:\n" + bases("registry:5000/base", 12'000), {}},
        {"each registry by itself",
         "watch:\n" + bases("alpine", 6000) + bases("quay.io/team/base", 6000),
         {}},
        {"told at the base that is asked most often, of which all are slowed down alike",
         "defaults: {interval: 1m}\nwatch:\n" + bases("alpine", 600) +
             "  - {image: debian, interval: 100ms}\n",
         {"603:5 asked every 201ms, not every 100ms: the 601 bases of docker.io want 20/s, and it is asked "
          "at most 10/s" +
          how}},
        {"a base that a rule names",
         "registries: {docker.io: {rate: 1/m}}\ndefaults: {interval: 30s}\n"
         "rules: [{name: a, base: [\"debian:*\", \"alpine:3.20\"], dependents: [r.example.com/a], fire: x}]\n"
         "targets: {x: {preset: webhook, url: \"https://a.example.com/\"}}\n",
         {"3:38 asked every 1m, not every 30s: the 1 base of docker.io wants 0.0333/s, and it is asked at "
          "most 0.0167/s" +
          how}},
        {"a base that a rule names by an alias",
         "registries: {docker.io: {rate: 1/m}}\ndefaults: {interval: 30s}\n"
         "watch: [{image: alpine, aliases: [c.example.com/alpine]}]\n"
         "rules: [{name: a, base: \"c.example.com/alpine\", dependents: [r.example.com/a], fire: x}]\n"
         "targets: {x: {preset: webhook, url: \"https://a.example.com/\"}}\n",
         {"3:9 asked every 1m, not every 30s: the 1 base of docker.io wants 0.0333/s, and it is asked at "
          "most 0.0167/s" +
          how}},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.what);
        Problems problems;
        auto settings = settings::read_settings_text("f", row.text, settings::Environment{}, problems);
        ASSERT_TRUE(settings) << problems.sorted().front().what;
        warn_of_intervals(*settings, watched_bases(*settings), problems);
        std::vector<std::string> warnings;
        for (const auto& problem : problems.sorted()) {
            EXPECT_TRUE(problem.warning);
            warnings.push_back(problem.where.text().substr(2) + " " + problem.what);
        }
        EXPECT_THAT(warnings, ElementsAreArray(row.warnings));
    }
}

}  // namespace
}  // namespace basewatch::app
