// All tags of a repository, from registries that agree on little: a list is whole, or it is an Error.

#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using testing::ElementsAre;

std::string page_of(const std::vector<std::string>& tags) {
    std::string text;
    for (const auto& tag : tags) text += (text.empty() ? "\"" : ",\"") + tag + "\"";
    return R"({"name":"team/app","tags":[)" + text + "]}";
}

net::HttpResponse page(const std::vector<std::string>& tags, const std::string& link = "") {
    auto made = answer(200, {{"Content-Type", "application/json"}}, page_of(tags));
    if (!link.empty()) made.headers.set("Link", "<" + link + ">; rel=\"next\"");
    return made;
}

std::vector<std::string> numbered(int from, int to) {
    std::vector<std::string> tags;
    for (int i = from; i < to; ++i) tags.push_back("t" + std::to_string(100'000 + i));
    return tags;
}

class TagListTest : public ClientTest {
protected:
    using Handler = test::FakeTransport::Handler;
    static constexpr const char* list = "/v2/team/app/tags/list";

    Result<TagList> list_of(Handler handler, const std::string& name = "registry.example.com/team/app") {
        auto& asked = client();
        transport.serve("https://" + name.substr(0, name.find('/')), std::move(handler));
        return wait_for(asked.tags(reference(name)));
    }
    std::vector<std::string> targets() const {
        std::vector<std::string> found;
        for (const auto& request : transport.sent()) found.push_back(request.url.target);
        return found;
    }
};

TEST_F(TagListTest, OneAnswerIsSortedAndOneRequest) {
    auto tags = list_of([](const net::HttpRequest&) { return page({"b", "a", "b"}); });
    ASSERT_TRUE(tags) << tags.error().message();
    EXPECT_THAT(tags->tags, ElementsAre("a", "b"));
    EXPECT_TRUE(tags->complete);
    EXPECT_THAT(targets(), ElementsAre(std::string(list) + "?n=1000"));
}

TEST_F(TagListTest, FollowsLinksToTheEnd) {
    auto tags = list_of([](const net::HttpRequest& request) {
        bool first = request.url.target.find("last") == std::string::npos;
        return first ? page({"a", "b"}, std::string(list) + "?n=1000&last=b") : page({"c"});
    });
    ASSERT_TRUE(tags) << tags.error().message();
    EXPECT_THAT(tags->tags, ElementsAre("a", "b", "c"));
    EXPECT_TRUE(tags->complete);
    EXPECT_EQ(transport.sent().size(), 2u);
}

TEST_F(TagListTest, ARegistryWithoutLinksIsAskedForMoreAfterAFullPage) {
    auto tags = list_of([](const net::HttpRequest& request) {
        bool first = request.url.target.find("last") == std::string::npos;
        return first ? page(numbered(0, 1000)) : page(numbered(1000, 1003));
    });
    ASSERT_TRUE(tags) << tags.error().message();
    EXPECT_EQ(tags->tags.size(), 1003u);
    EXPECT_EQ(targets().back(), std::string(list) + "?n=1000&last=t100999");
}

// A mirror of several registries knows by `ns` alone whose tags are meant, on every page.
TEST_F(TagListTest, EveryPageOfAMirrorSaysWhoseTagsAreMeant) {
    auto& mirrored = settings->by_host["registry.example.com"];
    mirrored.mirrors = {{"cache.example.com", "hub"}};
    mirrored.mirror_only = true;
    const std::string there = "/v2/hub/team/app/tags/list?";
    const std::string ns = "ns=registry.example.com";
    for (const std::string link : {"", "n=1000&last=t100999", "last=t100999&ns=registry.example.com&n=1000",
                                   "ns=elsewhere.example.com&last=t100999"}) {
        SCOPED_TRACE(link);
        transport.forget();
        transport.serve("https://cache.example.com", [&](const net::HttpRequest& request) {
            bool first = request.url.target.find("last") == std::string::npos;
            return first ? page(numbered(0, 1000), link.empty() ? "" : there + link) : page({"x"});
        });
        auto tags = wait_for(client().tags(reference("registry.example.com/team/app")));
        ASSERT_TRUE(tags) << tags.error().message();
        EXPECT_EQ(tags->tags.size(), 1001u);
        auto sent = targets();
        ASSERT_EQ(sent.size(), 2u);
        EXPECT_EQ(sent.front(), there + ns + "&n=1000");
        auto values = test::form_values(test::query_of(sent.back()));
        EXPECT_EQ(values["ns"], "registry.example.com");
        EXPECT_EQ(values["last"], "t100999");
        EXPECT_EQ(sent.back().find("ns="), sent.back().rfind("ns="));
    }
}

TEST_F(TagListTest, AFullPageMayBeTheLast) {
    for (int status : {200, 400, 404}) {
        transport.forget();
        auto tags = list_of([&](const net::HttpRequest& request) {
            bool first = request.url.target.find("last") == std::string::npos;
            return first || status == 200 ? page(numbered(0, 1000)) : answer(status);
        });
        ASSERT_TRUE(tags) << status << " " << tags.error().message();
        EXPECT_EQ(tags->tags.size(), 1000u);
        EXPECT_TRUE(tags->complete) << status;
        EXPECT_EQ(transport.sent().size(), 2u);
    }
}

TEST_F(TagListTest, AFailingPageIsTheFailureOfTheWhole) {
    for (int status : {401, 403, 404, 429, 500, 503}) {
        auto tags = list_of([&](const net::HttpRequest& request) {
            bool first = request.url.target.find("last") == std::string::npos;
            return first ? page({"a"}, "?n=1000&last=a") : answer(status);
        });
        ASSERT_FALSE(tags) << status;
        if (status == 429) break;  // the host is paused from here on
    }
}

TEST_F(TagListTest, BrokenBodyInTheMiddleIsAFailure) {
    auto tags = list_of([](const net::HttpRequest& request) {
        bool first = request.url.target.find("last") == std::string::npos;
        return first ? page({"a"}, "?n=1000&last=a") : answer(200, {}, "<html>");
    });
    ASSERT_FALSE(tags);
    EXPECT_EQ(tags.error().kind(), ErrorKind::bad_answer);
}

TEST_F(TagListTest, PageOneForEverIsNotComplete) {
    auto tags = list_of([](const net::HttpRequest&) { return page({"a", "b"}, "?n=1000&last=b"); });
    ASSERT_TRUE(tags);
    EXPECT_THAT(tags->tags, ElementsAre("a", "b"));
    EXPECT_FALSE(tags->complete);
    EXPECT_EQ(transport.sent().size(), 2u);
}

TEST_F(TagListTest, PagesOfSignaturesAloneAreNoCircle) {
    auto signature = [](char c) { return "sha256-" + std::string(64, c) + ".sig"; };
    auto tags = list_of([&](const net::HttpRequest& request) {
        const auto& target = request.url.target;
        if (target.find("last=b") != std::string::npos) return page({"z"});
        if (target.find("last=a") != std::string::npos) return page({signature('b')}, "?n=1000&last=b");
        return page({signature('a')}, "?n=1000&last=a");
    });
    ASSERT_TRUE(tags);
    EXPECT_THAT(tags->tags, ElementsAre("z"));
    EXPECT_TRUE(tags->complete);
}

TEST_F(TagListTest, ARefusedPageSizeIsLeftOutAndRemembered) {
    for (int status : {400, 405}) {
        transport.forget();
        auto name = "r" + std::to_string(status) + ".example.com/team/app";
        auto handler = [&](const net::HttpRequest& request) {
            return request.url.target == list ? page({"a"}) : answer(status);
        };
        ASSERT_TRUE(list_of(handler, name));
        EXPECT_EQ(transport.sent().size(), 2u);
        ASSERT_TRUE(list_of(handler, name));
        EXPECT_EQ(transport.sent().size(), 3u);
    }
}

TEST_F(TagListTest, QuayIsAskedForItsOwnPageSizeAndItsInnerHostIsNotFollowed) {
    auto tags = list_of(
        [](const net::HttpRequest& request) {
            bool first = request.url.target.find("next_page") == std::string::npos;
            return first ? page({"a"}, "http://quay-app.inner/v2/team/app/tags/list?n=100&next_page=gAAA%3D")
                         : page({"b"});
        },
        "quay.io/team/app");
    ASSERT_TRUE(tags) << tags.error().message();
    EXPECT_THAT(targets(),
                ElementsAre(std::string(list) + "?n=100", std::string(list) + "?n=100&next_page=gAAA%3D"));
    for (const auto& request : transport.sent()) EXPECT_EQ(request.url.origin(), "https://quay.io");
}

TEST_F(TagListTest, ARedirectedListGoesOnWhereItLed) {
    transport.serve("https://store.example.net", [](const net::HttpRequest& request) {
        bool first = request.url.target.find("last") == std::string::npos;
        return first ? page({"a"}, std::string(list) + "?last=a") : page({"b"});
    });
    // The query is lost on the way, as registry.k8s.io does it.
    auto tags = list_of([](const net::HttpRequest&) {
        return answer(307, {{"Location", std::string("https://store.example.net") + list}});
    });
    ASSERT_TRUE(tags) << tags.error().message();
    EXPECT_THAT(tags->tags, ElementsAre("a", "b"));
    EXPECT_EQ(transport.count("GET", "https://registry.example.com"), 1u);
}

TEST_F(TagListTest, ATokenIsForTheRepositoryAndServesEveryPage) {
    registry.ask_for_token({.realm = "https://registry.example.com/token"});
    auto& asked = client();
    transport.serve("https://registry.example.com", [this](const net::HttpRequest& request) {
        bool listing = request.url.target.find("/tags/list") != std::string::npos;
        if (listing && request.headers.find("Authorization")) {
            bool first = request.url.target.find("last") == std::string::npos;
            return first ? page({"a"}, "?n=1000&last=a") : page({"b"});
        }
        auto given =
            registry.answer({request.method, listing ? "/v2/team/app/manifests/x" : request.url.target,
                             request.headers, request.body});
        net::HttpResponse response;
        response.status = given.status, response.headers = given.headers, response.body = given.body;
        return response;
    });
    auto tags = wait_for(asked.tags(reference("registry.example.com/team/app")));
    ASSERT_TRUE(tags) << tags.error().message();
    EXPECT_THAT(tags->tags, ElementsAre("a", "b"));
    EXPECT_EQ(report().tokens, 1u);
}

TEST_F(TagListTest, EndsAtAThousandPages) {
    int pages = 0;
    auto tags = list_of([&](const net::HttpRequest&) {
        ++pages;
        return page({"t" + std::to_string(pages)}, "?n=1000&last=t" + std::to_string(pages));
    });
    ASSERT_FALSE(tags);
    // Its own rate may let the time run out first.
    EXPECT_TRUE(tags.error().kind() == ErrorKind::too_large || tags.error().kind() == ErrorKind::timed_out);
    EXPECT_LE(pages, 1000);
}

}  // namespace
}  // namespace basewatch::registry
