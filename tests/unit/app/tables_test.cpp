// What the parts are given to run on.
#include "app/tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::app {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

settings::Settings sample() {
    Problems problems;
    auto settings = settings::read_settings_text("f", R"(
daemon: {public_url: "https://basewatch.example.com/"}
defaults: {interval: 10m, unreachable_after: 7, settle: 3m}
watch:
  - {image: "ruby:3.3", interval: 5m, platforms: all, settle: 1h, aliases: [c.example.com/ruby], ignore_labels: [x.*]}
  - debian:12
rules:
  - name: one
    base: ["c.example.com/ruby:3.3", "alpine:3.20", "ruby:*", "ruby:3.3"]
    dependents: [r.example.com/api]
    fire: [chat, ci]
  - {name: two, base: "alpine:3.20", fire: chat}
dependents:
  - {image: r.example.com/api, owner: team, deadline: 2h, with: {project: api}}
notify:
  - {events: [base.unreachable, base.recovered], fire: chat}
  - {events: base.unreachable, fire: [chat, mail]}
targets:
  chat: {preset: slack, url: "https://hooks.slack.com/services/x"}
  ci: {preset: webhook, per: dependent, url: "https://ci.example.com/{project}", timeout: 3s}
  mail: {preset: webhook, url: "https://mail.example.com/"}
)",
                                                 settings::Environment{}, problems);
    if (!settings) throw std::runtime_error(problems.sorted().front().what);
    return *settings;
}

TEST(Tables, what_is_watched_is_the_entries_and_then_what_rules_name) {
    auto table = watch_table(sample(), "host");
    std::vector<std::string> names;
    for (const auto& base : table->bases) names.push_back(base.base.familiar());
    EXPECT_THAT(names, ElementsAre("ruby:3.3", "debian:12", "alpine:3.20"));
    EXPECT_EQ(table->bases[0].interval, 5min);
    EXPECT_THAT(table->bases[0].platforms, IsEmpty());  // all
    EXPECT_THAT(table->bases[0].ignore_labels, ElementsAre("x.*"));
    EXPECT_EQ(table->bases[2].interval, 10min);
    EXPECT_EQ(table->bases[2].platforms.at(0).text(), "linux/amd64");
    EXPECT_EQ(table->bases[2].unreachable_after, 7);
    EXPECT_EQ(table->bases[0].settle, 1h);
    EXPECT_EQ(table->bases[1].settle, 3min);
    EXPECT_EQ(table->bases[2].settle, 3min);
}

TEST(Tables, planning_knows_bases_by_one_name) {
    auto planning = watch_table(sample(), "host")->planning;
    EXPECT_THAT(planning->rules.at(0).bases,
                ElementsAre("docker.io/library/ruby:3.3", "docker.io/library/alpine:3.20",
                            "docker.io/library/ruby:*"));
    EXPECT_THAT(planning->aliases,
                ElementsAre(Pair("docker.io/library/ruby:3.3", ElementsAre("c.example.com/ruby:3.3"))));
    std::map<std::string, bool> per_dependent;
    for (const auto& [name, target] : planning->targets) per_dependent[name] = target.per_dependent;
    EXPECT_THAT(per_dependent,
                UnorderedElementsAre(Pair("chat", false), Pair("ci", true), Pair("mail", false)));
    EXPECT_EQ(planning->dependents.at("r.example.com/api:latest").owner, "team");
    EXPECT_THAT(planning->notify, ElementsAre(Pair("base.unreachable", ElementsAre("chat", "mail")),
                                              Pair("base.recovered", ElementsAre("chat"))));
}

TEST(Tables, events_come_from_the_public_address_or_the_host) {
    auto settings = sample();
    EXPECT_EQ(watch_table(settings, "host")->planning->source, "https://basewatch.example.com");
    settings.daemon.public_url.clear();
    EXPECT_EQ(watch_table(settings, "host")->planning->source, "basewatch://host");
    EXPECT_EQ(watch_table(settings, "host")->planning->public_url, "");
}

TEST(Tables, dispatch_gets_targets_with_their_presets_filled_in) {
    auto table = dispatch_table(sample(), nullptr);
    EXPECT_EQ(table->targets.size(), 3u);
    EXPECT_EQ(table->targets.at("ci").per(), settings::Per::dependent);
    EXPECT_EQ(table->targets.at("ci").timeout(), 3s);
    EXPECT_EQ(table->targets.at("chat").fields.success_body, "ok");
    EXPECT_THAT(table->with,
                ElementsAre(Pair("r.example.com/api:latest", ElementsAre(Pair("project", "api")))));
}

}  // namespace
}  // namespace basewatch::app
