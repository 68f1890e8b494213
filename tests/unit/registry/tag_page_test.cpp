// What a page of a tag list may look like, and what its Link may say.

#include "registry/tag_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TagPage, KeepsTheRegistrysOrderAndCountsEverything) {
    auto page = parse_tag_page(R"({"name":"team/app","tags":["3.3","3.10","latest"]})");
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_THAT(page->tags, ElementsAre("3.3", "3.10", "latest"));
    EXPECT_EQ(page->listed, 3u);
    EXPECT_EQ(page->last, "latest");
}

TEST(TagPage, NullIsTheEmptyListOfAnOldRegistry) {
    for (const char* text : {R"({"name":"a","tags":null})", R"({"tags":[]})"}) {
        auto page = parse_tag_page(text);
        ASSERT_TRUE(page) << text;
        EXPECT_THAT(page->tags, IsEmpty());
        EXPECT_EQ(page->listed, 0u);
    }
}

TEST(TagPage, PassesOverWhatElseTheRegistryTells) {
    auto page = parse_tag_page(R"({"child":[{"tags":["no"]}],"manifest":{"sha256:ab":{"tag":["x"],"n":1.5}},
        "tags":["1"],"name":"a","more":{"tags":["no"]}})");
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_THAT(page->tags, ElementsAre("1"));
}

TEST(TagPage, LeavesOutWhatIsNoImage) {
    std::string hash(64, 'a');
    auto page = parse_tag_page(R"({"tags":["1","sha256-)" + hash + R"(.sig","sha256-)" + hash +
                               R"(","buildcache","1-attestation","sha256-beef","no tag","",".x"]})");
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_THAT(page->tags, ElementsAre("1", "sha256-beef"));
    EXPECT_EQ(page->listed, 9u);
}

TEST(TagPage, RefusesWhatIsNoTagList) {
    std::string deep = R"({"x":)";
    for (int i = 0; i < 100; ++i) deep += '[';
    for (const std::string& text :
         {std::string(), std::string("<html>"), std::string("null"), std::string("[]"), std::string("{}"),
          std::string(R"({"tags":"1"})"), std::string(R"({"tags":{}})"), std::string(R"({"tags":[1]})"),
          std::string(R"({"tags":[null]})"), std::string(R"({"tags":[["1"]]})"),
          std::string(R"({"tags":["1"],"tags":["2"]})"), std::string(R"({"tags":["1")"),
          std::string(R"({"tags":["1"]} x)"), deep}) {
        auto page = parse_tag_page(text);
        ASSERT_FALSE(page) << text;
        EXPECT_EQ(page.error().kind(), ErrorKind::bad_answer);
        EXPECT_THAT(page.error().message(), HasSubstr("no tag list"));
    }
}

TEST(NextLink, FollowsTheGrammar) {
    const std::pair<const char*, const char*> rows[] = {
        {R"(</v2/a/tags/list?n=3&last=b>; rel="next")", "/v2/a/tags/list?n=3&last=b"},
        {"</x?a>;rel=next", "/x?a"},
        {R"(</p?1>; rel="prev", </n?2>; rel="next")", "/n?2"},
        {R"(</n?2>; title="a, \"b\"; <c>"; REL="last NEXT")", "/n?2"},
        {R"(</n?a,b>; rel="next")", "/n?a,b"},
        {R"(</n>; flag; rel=next; rel=prev)", "/n"},
        {R"(</n>; rel=prev; rel=next)", nullptr},
        {"</n>", nullptr},
        {"/n; rel=next", nullptr},
        {"</n; rel=next", nullptr},
        {R"(</n>; rel="next)", nullptr},
        {"", nullptr},
    };
    for (const auto& [field, target] : rows)
        EXPECT_EQ(next_link(field), target ? std::optional<std::string>(target) : std::nullopt) << field;
    EXPECT_FALSE(next_link("<" + std::string(20'000, 'a') + ">; rel=next"));
}

TEST(NextPage, StaysWhereThisPageWasFound) {
    auto page = net::Url::parse("https://registry.example.com/v2/team/app/tags/list?n=2").value();
    const std::string expected = "https://registry.example.com/v2/team/app/tags/list?n=2&last=b";
    for (const char* link :
         {"/v2/team/app/tags/list?n=2&last=b",
          "https://registry.example.com/v2/team/app/tags/list?n=2&last=b", "?n=2&last=b",
          "http://10.0.0.1:8080/v2/team/app/tags/list?n=2&last=b", "/v2/app/tags/list?n=2&last=b"}) {
        auto next = next_page(page, {{"Link", "<" + std::string(link) + ">; rel=\"next\""}});
        ASSERT_TRUE(next && *next) << link;
        EXPECT_EQ((*next)->text(), expected) << link;
    }
}

TEST(NextPage, ALinkThatLeadsNowhereIsNoEnd) {
    auto page = net::Url::parse("https://registry.example.com/v2/team/app/tags/list").value();
    EXPECT_FALSE(next_page(page, {{"Link", "</elsewhere>; rel=next"}}));
    EXPECT_FALSE(next_page(page, {{"Link", "<ftp://x/?a>; rel=next"}}));
    auto end = next_page(page, {{"Link", "</x?y>; rel=prev"}});
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
}

}  // namespace
}  // namespace basewatch::registry
