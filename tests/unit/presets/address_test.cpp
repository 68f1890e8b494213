// Addresses with places.

#include "presets/address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace basewatch;
using namespace basewatch::presets;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(Places, AreNamedOnceInOrderWithoutTheToken) {
    EXPECT_THAT(places("https://h/{b}/{a}?x={b}&t={token}"), ElementsAre("b", "a"));
    EXPECT_THAT(places("https://h/plain"), ElementsAre());
    EXPECT_THAT(places("https://h/{}/{open"), ElementsAre());
}

TEST(Filled, EncodesTheWholeValue) {
    std::map<std::string, std::string> values{{"project", "shop/api"}, {"odd", "a b?c#d&e=f%é"}};
    struct {
        const char* address;
        const char* expected;
    } cases[] = {
        {"https://h/p/{project}/go", "https://h/p/shop%2Fapi/go"},
        {"https://h/{odd}", "https://h/a%20b%3Fc%23d%26e%3Df%25%C3%A9"},
        {"https://h/?t={token}&p={project}", "https://h/?t=s%2Fe&p=shop%2Fapi"},
        {"https://h/plain", "https://h/plain"},
    };
    for (const auto& test : cases) {
        auto address = filled(test.address, values, "s/e");
        ASSERT_TRUE(address) << address.error().message();
        EXPECT_EQ(*address, test.expected);
    }
}

TEST(Filled, NamesThePlaceThatHasNoValueAndNotTheAddress) {
    std::map<std::string, std::string> values{{"empty", ""}, {"up", ".."}, {"here", "."}};
    for (const char* name : {"missing", "empty", "up", "here"}) {
        auto address = filled("https://h/secret-path/{" + std::string(name) + "}", values, "");
        ASSERT_FALSE(address) << name;
        EXPECT_EQ(address.error().kind(), ErrorKind::invalid);
        EXPECT_THAT(address.error().message(), HasSubstr("{" + std::string(name) + "}"));
        EXPECT_THAT(address.error().message(), Not(HasSubstr("secret-path")));
    }
}

TEST(WithPath, OnlyWhereThereIsNone) {
    struct {
        const char* address;
        const char* expected;
    } cases[] = {
        {"http://clair:6060", "http://clair:6060/index"},
        {"http://clair:6060/", "http://clair:6060/index"},
        {"http://clair:6060/behind/proxy", "http://clair:6060/behind/proxy"},
        {"http://clair:6060?x=1", "http://clair:6060?x=1"},
    };
    for (const auto& test : cases) EXPECT_EQ(with_path(test.address, "/index"), test.expected);
}

TEST(WithParameter, AddsToTheQuery) {
    EXPECT_EQ(with_parameter("https://h/p", "api key", "a&b"), "https://h/p?api%20key=a%26b");
    EXPECT_EQ(with_parameter("https://h/p?x=1", "k", "v"), "https://h/p?x=1&k=v");
}

TEST(WithToken, ReplacesEachAndNotTwice) {
    EXPECT_EQ(with_token("Token {token}/{token}", "{token}"), "Token {token}/{token}");
    EXPECT_EQ(with_token("Bearer {token}", "abc"), "Bearer abc");
}

}  // namespace
