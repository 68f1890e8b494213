// What a new list means beside the remembered one.

#include "watch/tag_news.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::watch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Tags = std::vector<std::string>;

Tags numbered(int from, int to) {
    Tags tags;
    for (int i = from; i < to; ++i) tags.push_back("3." + std::to_string(i));
    std::sort(tags.begin(), tags.end());
    return tags;
}

struct Case {
    const char* name;
    std::optional<Tags> known;
    Tags listed;
    model::TagChoice pattern;
    Tags after;
    Tags created;
    bool suspicious = false;
    bool complete = true;
    bool believe_short = false;
};

model::TagChoice glob(const std::string& text, std::optional<std::size_t> newest = std::nullopt) {
    return {.glob = text, .newest = newest};
}

class News : public testing::TestWithParam<Case> {};

const Case cases[] = {
    {"TheFirstListIsABaseline", std::nullopt, {"3.1", "3.2", "x"}, glob("3.*"), {"3.1", "3.2", "x"}, {}},
    {"AnEmptyRepositoryIsABaselineToo", Tags{}, {"3.1"}, glob("3.*"), {"3.1"}, {"3.1"}},
    {"ATagThatFitsIsCreated", Tags{"3.1"}, {"3.1", "3.2", "x"}, glob("3.*"), {"3.1", "3.2", "x"}, {"3.2"}},
    {"NothingNew", Tags{"3.1", "x"}, {"3.1", "x"}, glob("3.*"), {"3.1", "x"}, {}},
    // Watched tags stay until they are asked for and missing; others go as the list says.
    {"AWatchedTagStaysWhateverTheListSays",
     Tags{"3.1", "3.2", "3.3", "3.4", "3.5"},
     {"3.1", "3.2", "3.3", "3.4"},
     glob("3.*"),
     {"3.1", "3.2", "3.3", "3.4", "3.5"},
     {}},
    {"AnotherGoes",
     Tags{"3.1", "3.2", "3.3", "3.4", "x"},
     {"3.1", "3.2", "3.3", "3.4"},
     glob("3.*"),
     {"3.1", "3.2", "3.3", "3.4"},
     {}},
    {"MuchThatGoesAtOnceIsNotBelieved",
     Tags{"3.1", "x", "y", "z"},
     {"3.1"},
     glob("3.*"),
     {"3.1", "x", "y", "z"},
     {},
     true},
    {"AFifthIsBelieved",
     Tags{"3.1", "a", "b", "c", "d"},
     {"3.1", "a", "b", "c"},
     glob("3.*"),
     {"3.1", "a", "b", "c"},
     {}},
    {"AListThatIsNotWholeTakesNothingAway",
     Tags{"3.1", "a", "b", "c", "d", "e"},
     {"3.1", "3.2", "a", "b", "c", "d"},
     glob("3.*"),
     {"3.1", "3.2", "a", "b", "c", "d", "e"},
     {"3.2"},
     true,
     false},
    {"AShortListIsBelievedInTheEnd",
     Tags{"3.1", "x", "y", "z"},
     {"3.1"},
     glob("3.*"),
     {"3.1"},
     {},
     true,
     true,
     true},
    {"OneThatIsNotWholeNever",
     Tags{"3.1", "x", "y", "z"},
     {"3.1"},
     glob("3.*"),
     {"3.1", "x", "y", "z"},
     {},
     true,
     false,
     true},
    {"OnlyWhatIsAmongTheNewestIsCreated",
     Tags{"3.2", "3.3"},
     {"3.1", "3.2", "3.3", "3.4"},
     glob("3.*", 2),
     {"3.1", "3.2", "3.3", "3.4"},
     {"3.4"}},
    // What comes back among the newest because a newer one went was there all the time.
    {"WhatWasKnownIsNotCreated",
     Tags{"3.1", "3.2", "x"},
     {"3.1", "x"},
     glob("3.*", 1),
     {"3.1", "3.2", "x"},
     {},
     true},
    {"WithoutAPatternNothingIsCreated", Tags{"3.1"}, {"3.1", "3.2"}, glob("z"), {"3.1", "3.2"}, {}},
};

TEST_P(News, AreAsExpected) {
    const auto& test = GetParam();
    auto filter = *rules::TagFilter::compile(test.pattern);
    TagNewsInput input{test.known, test.listed, test.complete, {&filter}, {}, test.believe_short};
    auto news = tag_news(input);
    EXPECT_EQ(news.known, test.after);
    EXPECT_EQ(news.created, test.created);
    EXPECT_EQ(news.suspicious, test.suspicious);
}

INSTANTIATE_TEST_SUITE_P(Lists, News, testing::ValuesIn(cases),
                         [](const auto& info) { return info.param.name; });

TEST(TagNews, TwoOfFifteenHundredOfACacheWithADeadOriginTakeNothingAway) {
    auto filter = *rules::TagFilter::compile(glob("3.1*"));
    TagNewsInput input{numbered(0, 1504), {"3.0", "3.1"}, true, {&filter}, {}, false};
    auto news = tag_news(input);
    EXPECT_EQ(news.known.size(), 1504u);
    EXPECT_TRUE(news.suspicious);
    // And when it is back, nothing was created.
    input.known = news.known;
    input.listed = numbered(0, 1504);
    EXPECT_THAT(tag_news(input).created, IsEmpty());
}

TEST(TagNews, NewerVersionsAreOfTheSameFlavourAndAppeared) {
    TagNewsInput input;
    input.known = Tags{"3.3-alpine", "3.5-alpine"};
    input.listed = {"3.10-alpine", "3.2-alpine", "3.3-alpine", "3.4-alpine",    "3.4.1-alpine",
                    "3.5-alpine",  "3.6",        "3.7-slim",   "3.8-rc1-alpine"};
    input.named = {"3.3-alpine", "3.9", "latest"};
    auto news = tag_news(input);
    // 3.5 was there before; 3.4.1 has other numbers; 3.8-rc1 is none to move to.
    EXPECT_THAT(news.newer, ElementsAre(Pair("3.3-alpine", ElementsAre("3.10-alpine", "3.4-alpine"))));
    // The first list is a baseline for these as well.
    input.known.reset();
    EXPECT_THAT(tag_news(input).newer, IsEmpty());
}

}  // namespace
}  // namespace basewatch::watch
