// Durations, rates and patterns as the configuration writes them.
#include "settings/values.hpp"

#include "foundation/time.hpp"
#include "settings/base_pattern.hpp"
#include "settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::settings {
namespace {

TEST(Rates, as_written) {
    struct Row {
        std::string_view text;
        double per_second;
    };
    for (const auto& row : std::initializer_list<Row>{
             {"1/s", 1}, {"20/s", 20}, {"90/m", 1.5}, {"3600/h", 1}, {"1000000/s", 1e6}}) {
        auto rate = parse_rate(row.text);
        ASSERT_TRUE(rate) << row.text;
        EXPECT_DOUBLE_EQ(rate->per_second, row.per_second) << row.text;
    }
    for (std::string_view text : {"", "20", "20/", "/s", "0/s", "-1/s", "1.5/s", "20 /s", "20/ s", "20/d",
                                  "20/S", "1000001/s", "99999999999999999999/s", "20/s "})
        EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(Durations, as_written) {
    using namespace std::chrono_literals;
    struct Row {
        std::string text;
        Milliseconds duration;
    };
    for (const auto& row : std::initializer_list<Row>{
             {"100ms", 100ms}, {"90s", 90s}, {"15m", 15min}, {"6h", 6h}, {"7d", 24h * 7}}) {
        Problems problems;
        auto settings = read_settings_text("f.yaml", "defaults: {interval: " + row.text + "}", {}, problems);
        ASSERT_TRUE(settings) << row.text;
        EXPECT_EQ(settings->defaults.interval, row.duration);
    }
    for (std::string_view text : {"15", "15 m", "1.5h", "-5m", "5M", "1w", "''", "m", "[5m]", "1m30s", "31d",
                                  "99999999999999999999d"}) {
        Problems problems;
        EXPECT_FALSE(
            read_settings_text("f.yaml", "defaults: {interval: " + std::string(text) + "}", {}, problems))
            << text;
    }
}

TEST(BasePatterns, are_filled_up_as_references_are) {
    struct Row {
        std::string_view text;
        std::string_view pattern;
    };
    for (const auto& row : std::initializer_list<Row>{
             {"ruby:*", "docker.io/library/ruby:*"},
             {"ruby:3.?-alpine", "docker.io/library/ruby:3.?-alpine"},
             {"rub?", "docker.io/library/rub?:latest"},
             {"ruby*", "docker.io/library/ruby*"},
             {"*", "docker.io/library/*"},
             {"**", "**"},
             {"**/ruby:3.3", "**/ruby:3.3"},
             {"bitnami/*:1", "docker.io/bitnami/*:1"},
             {"docker.io/ruby:*", "docker.io/library/ruby:*"},
             {"index.docker.io/library/ruby:*", "docker.io/library/ruby:*"},
             {"docker.io/**", "docker.io/**"},
             {"Registry.Example.com/Team/../x*", ""},
             {"Registry.Example.com/team/*:Stable", "registry.example.com/team/*:Stable"},
             {"*.example.com/team/app:1", "*.example.com/team/app:1"},
             {"localhost:5000/app:*", "localhost:5000/app:*"},
             {"localhost:5000/**", "localhost:5000/**"},
             {"[::1]:5000/app*", "[::1]:5000/app*"},
         }) {
        auto pattern = normalised_pattern(row.text);
        EXPECT_EQ(pattern ? *pattern : "", row.pattern) << row.text;
    }
}

TEST(BasePatterns, that_cannot_be) {
    for (std::string_view text :
         {"ruby:{3.2,3.3}*", "ruby:*@sha256:abc", "ruby:3.*:x", "Team/ruby*", "ruby*:", "/ruby*", "a//b*",
          "ghcr.io/*/", "ru by*", "ruby:[3]*", "ghcr.io/a[b]/c*"})
        EXPECT_FALSE(normalised_pattern(text)) << text;
    EXPECT_FALSE(normalised_pattern(std::string(513, '*')));
}

TEST(Names, of_targets) {
    EXPECT_TRUE(is_name("rebuild-shop_2.x"));
    for (std::string_view text : {"", "-a", ".a", "a b", "a/b", "ä"}) EXPECT_FALSE(is_name(text)) << text;
    EXPECT_FALSE(is_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace basewatch::settings
