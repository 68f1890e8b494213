#include "rules/match.hpp"

#include <chrono>

namespace basewatch::rules {
namespace {

using model::ChangeKind;

struct GlobCase {
    const char* pattern;
    const char* text;
    bool matches;
};

TEST(Glob, StarsQuestionMarksAndNothingElseIsSpecial) {
    const GlobCase cases[] = {
        {"", "", true},
        {"", "a", false},
        {"docker.io/library/ruby:3.3", "docker.io/library/ruby:3.3", true},
        {"docker.io/library/ruby:3.3", "docker.io/library/ruby:3.30", false},
        {"docker.io/library/ruby:*", "docker.io/library/ruby:3.3-alpine", true},
        {"docker.io/library/ruby:*", "docker.io/library/ruby:", true},
        {"docker.io/library/ruby:*", "docker.io/library/ruby", false},
        {"docker.io/library/*", "docker.io/library/ruby:3.3", true},
        {"docker.io/*", "docker.io/library/ruby:3.3", false},
        {"docker.io/**", "docker.io/library/ruby:3.3", true},
        {"**", "docker.io/library/ruby:3.3", true},
        {"*", "ruby", true},
        {"*", "library/ruby", false},
        {"**/ruby:*", "quay.io/a/b/ruby:1", true},
        {"**/ruby:*", "quay.io/a/ruby/b:1", false},
        {"*/shop/*:latest", "registry.example.com/shop/api:latest", true},
        {"*/shop/*:latest", "registry.example.com/shop/a/pi:latest", false},
        {"a***b", "a/x/b", true},
        {"a*?c", "abc", true},
        {"a*?c", "ac", false},
        {"?", "/", false},
        {"ruby:3.?", "ruby:3.3", true},
        {"ruby:3.?", "ruby:3.33", false},
        {"ruby:3.3", "ruby:3x3", false},
        {"ruby:[0-9]", "ruby:1", false},
        {"a*b*c", "axxbyybzzc", true},
        {"**a*b", "x/a/ab", true},
        {"**a*b", "x/ab/", false},
    };
    for (const auto& [pattern, text, matches] : cases)
        EXPECT_EQ(glob_matches(pattern, text), matches) << pattern << " on " << text;
}

TEST(Glob, KnowsOneWhenItSeesIt) {
    EXPECT_TRUE(is_glob("ruby:*"));
    EXPECT_TRUE(is_glob("ruby:3.?"));
    EXPECT_FALSE(is_glob("docker.io/library/ruby:3.3-alpine"));
}

// Following one way after the other through a pattern like this takes longer than the age of the universe.
TEST(Glob, ManyStarsTakeNoLongerThanTheProductOfLengths) {
    std::string pattern, text(2'000, 'a');
    for (int i = 0; i < 100; ++i) pattern += "**a*";
    pattern += "b";
    auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(glob_matches(pattern, text));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

model::Rule rule(std::string name, std::vector<std::string> bases, std::vector<ChangeKind> on,
                 std::vector<std::string> dependents = {}) {
    model::Rule made;
    made.name = std::move(name);
    made.bases = std::move(bases);
    if (!on.empty()) made.on = std::move(on);
    made.dependents = std::move(dependents);
    return made;
}

std::vector<std::string> names(const std::vector<const model::Rule*>& rules) {
    std::vector<std::string> found;
    for (const auto* each : rules) found.push_back(each->name);
    return found;
}

TEST(Matching, KindsTimesOnLists) {
    const std::string ruby = "docker.io/library/ruby:3.3";
    const std::vector<model::Rule> table = {
        rule("default", {ruby}, {}),
        rule("metadata too", {ruby}, {ChangeKind::content, ChangeKind::metadata}),
        rule("platforms", {ruby}, {ChangeKind::platform_added, ChangeKind::platform_removed}),
        rule("another base", {"docker.io/library/alpine:3.20"}, {}),
        rule("glob", {"docker.io/library/alpine:*", "docker.io/library/ruby:*"}, {}),
    };
    const std::pair<ChangeKind, std::vector<std::string>> cases[] = {
        {ChangeKind::content, {"default", "metadata too", "glob"}},
        {ChangeKind::reverted, {"default", "glob"}},
        {ChangeKind::metadata, {"metadata too"}},
        {ChangeKind::platform_added, {"platforms"}},
        {ChangeKind::platform_removed, {"platforms"}},
        {ChangeKind::unreachable, {}},
        {ChangeKind::recovered, {}},
    };
    for (const auto& [kind, expected] : cases)
        EXPECT_EQ(names(matching(table, {ruby}, kind)), expected) << model::to_string(kind);
}

TEST(Matching, AnAliasIsAsGoodAsTheName) {
    const std::vector<model::Rule> table = {rule("mirror", {"corp.example.com/mirror/ruby:3.3"}, {})};
    EXPECT_EQ(matching(table, {"docker.io/library/ruby:3.3"}, ChangeKind::content).size(), 0u);
    EXPECT_EQ(matching(table, {"docker.io/library/ruby:3.3", "corp.example.com/mirror/ruby:3.3"},
                       ChangeKind::content)
                  .size(),
              1u);
}

TEST(Cycle, IsFoundAlongTheTable) {
    using Cycle = std::vector<std::string>;
    const std::pair<std::vector<model::Rule>, Cycle> cases[] = {
        {{}, {}},
        {{rule("chain", {"a:1"}, {}, {"b:1"}), rule("on", {"b:1"}, {}, {"c:1"})}, {}},
        {{rule("diamond", {"a:1"}, {}, {"b:1", "c:1"}), rule("b", {"b:1"}, {}, {"d:1"}),
          rule("c", {"c:1"}, {}, {"d:1"})},
         {}},
        {{rule("itself", {"a:1"}, {}, {"a:1"})}, {"a:1", "a:1"}},
        {{rule("there", {"a:1"}, {}, {"b:1"}), rule("back", {"b:1"}, {}, {"a:1"})}, {"b:1", "a:1", "b:1"}},
        {{rule("in", {"x:1"}, {}, {"a:1"}), rule("a", {"a:1"}, {}, {"y:1", "b:1"}),
          rule("b", {"b:1"}, {}, {"c:1"}), rule("c", {"c:1"}, {}, {"a:1"})},
         {"a:1", "b:1", "c:1", "a:1"}},
        {{rule("a glob leads back", {"shop/*"}, {}, {"shop/api:1"})}, {"shop/api:1", "shop/api:1"}},
    };
    for (const auto& [rules, expected] : cases)
        EXPECT_EQ(find_cycle(rules), expected) << (rules.empty() ? "" : rules.front().name);
}

TEST(Cycle, ALongChainIsWalkedWithoutRecursion) {
    std::vector<model::Rule> rules;
    for (int i = 0; i < 20'000; ++i)
        rules.push_back(rule("r", {"image:" + std::to_string(i)}, {}, {"image:" + std::to_string(i + 1)}));
    EXPECT_TRUE(find_cycle(rules).empty());
    rules.push_back(rule("back", {"image:20000"}, {}, {"image:5"}));
    EXPECT_EQ(find_cycle(rules).size(), 19'997u);
}

}  // namespace
}  // namespace basewatch::rules
