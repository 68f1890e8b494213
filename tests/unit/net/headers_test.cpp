// Header fields: names without case, order kept, and nothing in them that could end a line.
#include "net/headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

using testing::ElementsAre;

TEST(Headers, FindsByNameWithoutCase) {
    Headers headers{{"Content-Type", "a"}, {"X-Two", "1"}, {"x-two", "2"}};
    EXPECT_EQ(headers.find("content-TYPE"), "a");
    EXPECT_EQ(headers.find("X-TWO"), "1");
    EXPECT_EQ(headers.find("missing"), std::nullopt);
    EXPECT_THAT(headers.all("X-Two"), ElementsAre("1", "2"));
    EXPECT_EQ(headers.size(), 3u);
}

TEST(Headers, SetReplacesEveryOneInPlace) {
    Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
    headers.set("a", "4");
    headers.set("C", "5");
    headers.remove("b");
    EXPECT_THAT(std::vector(headers.begin(), headers.end()),
                ElementsAre(std::pair<std::string, std::string>("a", "4"),
                            std::pair<std::string, std::string>("C", "5")));
    headers.remove("A");
    headers.remove("c");
    EXPECT_TRUE(headers.empty());
}

TEST(Headers, RefusesWhatCouldEndALine) {
    struct Row {
        std::string name, value;
        bool valid;
    };
    const Row rows[] = {
        {"X-A", "value with spaces\tand tabs", true},
        {"x_a.b~!#$%&'*+-^`|", "é", true},
        {"X", "", true},
        {"", "x", false},
        {"X A", "x", false},
        {"X:", "x", false},
        {"X\r\nY", "x", false},
        {"X", "a\r\nY: b", false},
        {"X", "a\nb", false},
        {"X", std::string("a\0b", 3), false},
        {std::string("X\0", 2), "a", false},
        {"X", "\x7f", false},
        {"Ü", "a", false},
    };
    for (const auto& row : rows) EXPECT_EQ(valid_header(row.name, row.value), row.valid) << row.name;
}

TEST(Headers, MediaTypeWithoutParameters) {
    EXPECT_EQ(media_type("Application/JSON; charset=utf-8"), "application/json");
    EXPECT_EQ(media_type(" text/html\t;q=1"), "text/html");
    EXPECT_EQ(media_type(""), "");
}

TEST(Headers, ComparesWithoutCase) {
    EXPECT_TRUE(equal_without_case("Close", "cLOSE"));
    EXPECT_FALSE(equal_without_case("close", "closed"));
    // Only letters have a case: `[` and `{` differ by the same bit.
    EXPECT_FALSE(equal_without_case("[", "{"));
}

}  // namespace
}  // namespace basewatch::net
