// Which tags a watch means.

#include "rules/tag_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace basewatch::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> chosen(const model::TagChoice& choice, const std::vector<std::string>& tags) {
    return TagFilter::compile(choice).value().choose(tags);
}

const std::vector<std::string> ruby{
    "3",          "3.2-alpine",       "3.3",      "3.3-alpine", "3.3-alpine3.19", "3.3.1-alpine",
    "3.4-alpine", "3.4.0-rc1-alpine", "20240101", "latest"};

TEST(TagFilter, EveryConditionMustHold) {
    EXPECT_THAT(chosen({.glob = "3.?-alpine"}, ruby), ElementsAre("3.2-alpine", "3.3-alpine", "3.4-alpine"));
    EXPECT_THAT(chosen({.glob = "*-alpine", .semver = ">=3.3 <4"}, ruby),
                ElementsAre("3.3-alpine", "3.3.1-alpine", "3.4-alpine"));
    EXPECT_THAT(chosen({.glob = "3.*", .exclude = {"*-rc*", "*3.19"}}, ruby),
                ElementsAre("3.2-alpine", "3.3", "3.3-alpine", "3.3.1-alpine", "3.4-alpine"));
    EXPECT_THAT(chosen({.regex = "3\\.[34]"}, ruby), ElementsAre("3.3"));
    EXPECT_THAT(chosen({.semver = ">=9"}, ruby), IsEmpty());
    EXPECT_EQ(chosen({}, ruby).size(), ruby.size());
}

TEST(TagFilter, NewestPrefersReleasesThatMoveOn) {
    EXPECT_THAT(chosen({.glob = "*-alpine", .newest = 1}, ruby), ElementsAre("3.4-alpine"));
    EXPECT_THAT(chosen({.glob = "*-alpine", .newest = 3}, ruby),
                ElementsAre("3.3-alpine", "3.3.1-alpine", "3.4-alpine"));
    EXPECT_THAT(chosen({.newest = 1}, {"1.9", "1.10", "20240101", "latest", "2.0-rc1"}), ElementsAre("1.10"));
    EXPECT_THAT(chosen({.newest = 2}, {"1.2", "1.2.9", "1.3.0"}), ElementsAre("1.2", "1.3.0"));
    EXPECT_THAT(chosen({.newest = 2}, {"20240101", "20240301", "20240201"}),
                ElementsAre("20240201", "20240301"));
    EXPECT_THAT(chosen({.newest = 1}, {"bookworm", "trixie"}), ElementsAre("trixie"));
    EXPECT_THAT(chosen({.newest = 5}, {"2", "1"}), ElementsAre("1", "2"));
}

TEST(TagFilter, EveryOrderOfTheListChoosesTheSame) {
    std::vector<std::string> tags{"1", "1.2", "1.2.3", "1.2.4", "1.3", "1.3.0", "2-rc1", "v1.3", "x"};
    auto expected = chosen({.newest = 4}, tags);
    for (int i = 0; i < 5000 && std::next_permutation(tags.begin(), tags.end()); ++i)
        ASSERT_EQ(chosen({.newest = 4}, tags), expected);
}

TEST(TagFilter, SaysWhatIsWrong) {
    auto message = [](const model::TagChoice& choice) {
        auto made = TagFilter::compile(choice);
        return made ? std::string() : made.error().message();
    };
    EXPECT_THAT(message({.regex = "("}), HasSubstr("no regular expression of RE2"));
    EXPECT_THAT(message({.regex = "(a)\\1"}), HasSubstr("no regular expression of RE2"));
    EXPECT_THAT(message({.regex = "((a{100}){100}){100}"}), HasSubstr("no regular expression of RE2"));
    EXPECT_THAT(message({.semver = "latest"}), HasSubstr("no version"));
    EXPECT_THAT(message({.glob = std::string(501, '*')}), HasSubstr("longer than 500 bytes"));
    EXPECT_THAT(message({.exclude = {std::string(501, '*')}}), HasSubstr("longer than 500 bytes"));
}

}  // namespace
}  // namespace basewatch::rules
