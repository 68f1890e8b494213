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

TEST(Tables, a_pattern_is_watched_as_its_entry_says) {
    Problems problems;
    auto settings = settings::read_settings_text("f", R"(
watch:
  - image: ruby
    tags: {glob: "3.*", exclude: ["*-rc*"], newest: 5}
    interval: 5m
    aliases: [c.example.com/ruby]
  - {image: debian, tags: {semver: ">=12"}, platforms: all}
rules:
  - {name: one, base: ["ruby:3.*", "ruby:3.3", "c.example.com/ruby:3.2", "ruby:4"], fire: chat}
targets:
  chat: {preset: slack, url: "https://hooks.slack.com/services/x"}
)",
                                                 settings::Environment{}, problems);
    ASSERT_TRUE(settings) << problems.sorted().front().what;
    auto table = watch_table(*settings, "host");
    EXPECT_EQ(table->registries, settings->registries);
    ASSERT_EQ(table->patterns.size(), 2u);
    const auto& ruby = table->patterns[0];
    EXPECT_EQ(ruby.each.base.name(), "docker.io/library/ruby");
    EXPECT_EQ(ruby.each.interval, 5min);
    EXPECT_EQ(ruby.tags.newest, 5u);
    EXPECT_TRUE(ruby.chosen.fits("3.3"));
    EXPECT_FALSE(ruby.chosen.fits("3.3-rc1"));
    EXPECT_THAT(table->patterns[1].each.platforms.all(), IsEmpty());
    // What a rule names exactly, or by an alias, is watched as the pattern that fits says.
    std::vector<std::pair<std::string, Milliseconds>> named;
    for (const auto& base : table->bases) named.emplace_back(base.base.familiar(), base.interval);
    EXPECT_THAT(named, ElementsAre(Pair("ruby:3.3", 5min), Pair("ruby:3.2", 5min), Pair("ruby:4", 15min)));
    EXPECT_THAT(rules::names_of(*model::Reference::parse("ruby:3.9"), *table->planning),
                ElementsAre("docker.io/library/ruby:3.9", "c.example.com/ruby:3.9"));
    EXPECT_THAT(rules::names_of(*model::Reference::parse("ruby:4"), *table->planning),
                ElementsAre("docker.io/library/ruby:4"));
}

TEST(Tables, of_a_pinned_base_the_tag_is_watched) {
    const std::string pin = "sha256:" + std::string(64, 'a'), other = "sha256:" + std::string(64, 'b');
    Problems problems;
    auto settings =
        settings::read_settings_text("f",
                                     "watch: ['ruby:3.3@" + pin + "', {image: 'debian:12@" + other +
                                         "'}]\nrules:\n  - {name: one, base: ['ruby:3.3@" + other +
                                         "', 'alpine:3.20'], fire: chat}\n"
                                         "targets: {chat: {preset: slack, url: "
                                         "'https://hooks.slack.com/services/x'}}",
                                     settings::Environment{}, problems);
    ASSERT_TRUE(settings) << problems.sorted().front().what;
    auto table = watch_table(*settings, "host");
    std::vector<std::string> names;
    for (const auto& base : table->bases) names.push_back(base.base.familiar());
    EXPECT_THAT(names, ElementsAre("ruby:3.3", "debian:12", "alpine:3.20"));
    std::vector<std::string> pins;
    for (const auto& one : rules::pins_of("docker.io/library/ruby:3.3", *table->planning))
        pins.push_back(one.by + " " + one.digest.text());
    EXPECT_THAT(pins, ElementsAre("watch " + pin, "rule one " + other));
    EXPECT_THAT(rules::pins_of("docker.io/library/alpine:3.20", *table->planning), IsEmpty());
}

TEST(Tables, newer_versions_are_wanted_of_what_a_rule_names) {
    Problems problems;
    auto settings = settings::read_settings_text("f", R"(
watch: [{image: "ruby:3.3", interval: 5m}, "debian:12"]
rules:
  - {name: one, base: ["ruby:3.3", "alpine:latest", "node:*", "node:22"], on: newer_version, fire: chat}
  - {name: two, base: "debian:12", fire: chat}
targets:
  chat: {preset: slack, url: "https://hooks.slack.com/services/x"}
)",
                                                 settings::Environment{}, problems);
    ASSERT_TRUE(settings) << problems.sorted().front().what;
    auto table = watch_table(*settings, "host");
    std::vector<std::string> names;
    for (const auto& base : table->newer) names.push_back(base.familiar());
    EXPECT_THAT(names, ElementsAre("ruby:3.3", "node:22"));
    EXPECT_EQ(table->newer_interval, 5min);
}

TEST(Tables, what_is_watched_is_the_entries_and_then_what_rules_name) {
    auto table = watch_table(sample(), "host");
    std::vector<std::string> names;
    for (const auto& base : table->bases) names.push_back(base.base.familiar());
    EXPECT_THAT(names, ElementsAre("ruby:3.3", "debian:12", "alpine:3.20"));
    EXPECT_EQ(table->bases[0].interval, 5min);
    EXPECT_THAT(table->bases[0].platforms.all(), IsEmpty());  // all
    EXPECT_THAT(table->bases[0].ignore_labels, ElementsAre("x.*"));
    EXPECT_EQ(table->bases[2].interval, 10min);
    EXPECT_EQ(table->bases[2].platforms.all().at(0).text(), "linux/amd64");
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
