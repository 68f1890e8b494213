// One list for many tags: it spares HEADs, and never makes news.
#include "registry/worth_bulk.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using namespace std::chrono_literals;
using settings::Bulk;
using test::image;

test::Built numbered(int number) {
    test::ImageOptions options;
    options.created = std::to_string(2000 + number) + "-01-01T00:00:00Z";
    return image(options);
}

TEST(WorthBulk, APageStandsForSeveralHeads) {
    struct Row {
        Bulk wanted;
        BulkApi api;
        std::size_t tags, pages;
        bool worth;
    };
    const Row rows[] = {
        {Bulk::automatic, BulkApi::quay, 4, 0, true},
        {Bulk::automatic, BulkApi::quay, 3, 0, false},
        {Bulk::automatic, BulkApi::quay, 4, 1, true},
        {Bulk::automatic, BulkApi::quay, 7, 2, false},
        {Bulk::automatic, BulkApi::quay, 8, 2, true},
        {Bulk::automatic, BulkApi::google, 1000, 1, true},
        {Bulk::automatic, BulkApi::none, 1000, 1, false},
        {Bulk::automatic, BulkApi::harbor, 100'000, 50, true},
        {Bulk::automatic, BulkApi::harbor, 100'000, 51, false},
        {Bulk::always, BulkApi::quay, 1, 7, true},
        {Bulk::always, BulkApi::quay, 0, 1, false},
        {Bulk::always, BulkApi::quay, 1000, 51, false},
        {Bulk::always, BulkApi::none, 1000, 1, false},
        {Bulk::never, BulkApi::quay, 1000, 1, false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(worth_bulk(row.wanted, row.api, row.tags, row.pages), row.worth)
            << static_cast<int>(row.wanted) << " " << row.tags << " " << row.pages;
    EXPECT_EQ(bulk_pages_allowed(Bulk::automatic, 11), 2u);
    EXPECT_EQ(bulk_pages_allowed(Bulk::automatic, 1'000'000), 50u);
    EXPECT_EQ(bulk_pages_allowed(Bulk::always, 1), 50u);
}

TEST(BulkPage, IsReadStrictly) {
    auto a = model::Digest::of("a").text(), b = model::Digest::of("b").text();
    struct Row {
        BulkApi api;
        std::string body;
        std::size_t tags, rows;
        bool more;
    };
    const Row rows[] = {
        {BulkApi::quay, R"({"tags":[{"name":"1","manifest_digest":")" + a + R"("}],"has_additional":true})",
         1, 1, true},
        {BulkApi::quay,
         R"({"tags":[{"name":"1"},{"manifest_digest":")" + a + R"("},3,{"name":7,"manifest_digest":")" + a +
             R"("},{"name":"2","manifest_digest":"sha256:no"}]})",
         0, 5, false},
        {BulkApi::quay,
         R"({"tags":[{"name":"1","manifest_digest":")" + a + R"("},{"name":"1","manifest_digest":")" + b +
             R"("},{"name":"1","manifest_digest":")" + a + R"("}]})",
         0, 3, false},
        {BulkApi::docker_hub,
         R"({"count":2,"next":"https://hub.docker.com/x","results":[{"name":"1","digest":")" + a +
             R"(","images":[{"digest":")" + b + R"("}]},{"name":"old"}]})",
         1, 2, true},
        {BulkApi::docker_hub, R"({"next":null,"results":[]})", 0, 0, false},
        {BulkApi::harbor,
         R"([{"digest":")" + a + R"(","tags":[{"name":"1"},{"name":"2"}]},{"digest":")" + b +
             R"(","tags":null}])",
         2, 2, false},
        {BulkApi::google,
         R"({"manifest":{")" + a + R"(":{"tag":["1","2"]},")" + b +
             R"(":{"tag":[]},"nonsense":{"tag":["3"]}},"tags":["1","2"]})",
         2, 3, false},
    };
    for (const auto& row : rows) {
        auto page = parse_bulk_page(row.api, row.body);
        ASSERT_TRUE(page) << row.body;
        EXPECT_EQ(page->tags.size(), row.tags) << row.body;
        EXPECT_EQ(page->rows, row.rows) << row.body;
        EXPECT_EQ(page->more, row.more) << row.body;
        for (const auto& [tag, digest] : page->tags) EXPECT_EQ(digest.text(), a);
    }
    for (auto api : {BulkApi::none, BulkApi::quay, BulkApi::docker_hub, BulkApi::harbor, BulkApi::google})
        for (const char* body :
             {"", "null", "{}", "7", "<html>", "{\"tags\":{},\"results\":3,\"manifest\":[]}"})
            EXPECT_FALSE(parse_bulk_page(api, body)) << body;
}

TEST(BulkPage, IsAskedForByItsAddress) {
    EXPECT_EQ(bulk_target(BulkApi::quay, "org/app", 2),
              "/api/v1/repository/org/app/tag/?limit=100&page=2&onlyActiveTags=true");
    EXPECT_EQ(bulk_target(BulkApi::docker_hub, "library/ruby", 1),
              "/v2/repositories/library/ruby/tags?page_size=100&page=1&ordering=last_updated");
    EXPECT_EQ(
        bulk_target(BulkApi::harbor, "shop/team/app", 1),
        "/api/v2.0/projects/shop/repositories/team%252Fapp/artifacts?with_tag=true&page_size=100&page=1");
    EXPECT_EQ(bulk_target(BulkApi::google, "project/app", 1), "/v2/project/app/tags/list");
}

class BulkTest : public ClientTest {
protected:
    static constexpr int count = 12;
    BulkTest() {
        for (int i = 0; i < count; ++i)
            known.push_back(registry.push("team/app", std::to_string(i), numbered(i)));
        transport.serve("https://quay.io", registry);
        list();
    }
    settings::RegistrySettings& entry() { return settings->by_host["quay.io"]; }
    void watch(std::size_t tags) { client().expect_tags({{"quay.io/team/app", tags}}); }
    void answer_api(const std::string& target, const std::string& body, int status = 200) {
        test::Fault says;
        says.target = target;
        says.status = status;
        says.headers = {{"Content-Type", "application/json"}};
        says.body = body;
        registry.fail(says);
    }
    void fail_api(int status) { answer_api("/api/v1/repository/team/app/", "{}", status); }
    // What the API says, of the tags below `until`.
    void list(int until = count) {
        std::string rows;
        for (int i = 0; i < until; ++i)
            rows += std::string(i == 0 ? "" : ",") + R"({"name":")" + std::to_string(i) +
                    R"(","manifest_digest":")" + known[static_cast<std::size_t>(i)].text() + R"("})";
        answer_api("/api/v1/repository/team/app/tag/",
                   R"({"tags":[)" + rows + R"(],"page":1,"has_additional":false})");
    }
    Result<Pointer> poll(int tag, Milliseconds since_last = 15min) {
        auto index = static_cast<std::size_t>(tag);
        return wait_for(client().look_up(reference("quay.io/team/app:" + std::to_string(tag)),
                                         {known[index], clock.now() - since_last}));
    }
    // A minute in which nothing is due in full, so that only what the test is about is counted.
    void sweep() {
        for (int i = 0; i < count; ++i)
            EXPECT_EQ(poll(i, 0ms)->digest, known[static_cast<std::size_t>(i)]) << i;
    }
    std::size_t lists() const { return transport.count("GET", "/api/"); }
    std::size_t heads() const { return transport.count("HEAD", "/manifests/"); }

    std::vector<model::Digest> known;
};

TEST_F(BulkTest, OneListStandsForASweep) {
    watch(count);
    for (std::size_t sweeps = 1; sweeps <= 3; ++sweeps) {
        sweep();
        EXPECT_EQ(lists(), sweeps);
        EXPECT_EQ(heads(), 0u);
        clock.advance(15min);
    }
}

TEST_F(BulkTest, WhatMovedIsHeadsWord) {
    watch(count);
    auto before = known[3], moved = registry.push("team/app", "3", numbered(40));
    registry.recover();
    known[3] = moved;
    list();
    known[3] = before;
    EXPECT_EQ(poll(3, 0ms)->digest, moved);
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), 1u);
}

TEST_F(BulkTest, AskersShareOneList) {
    watch(count);
    client();
    transport.hold();
    std::vector<std::shared_ptr<std::optional<Result<Pointer>>>> asked;
    for (int i = 0; i < count; ++i)
        asked.push_back(begin(client().look_up(reference("quay.io/team/app:" + std::to_string(i)),
                                               {known[static_cast<std::size_t>(i)], clock.now()})));
    EXPECT_EQ(transport.held(), 1u);
    transport.release_all();
    clock.settle();
    for (const auto& one : asked) EXPECT_TRUE(*one && **one);
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), 0u);
}

TEST_F(BulkTest, ATagThatIsNotListedIsAskedFor) {
    registry.recover();
    list(10);
    watch(count);
    sweep();
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), 2u);
}

TEST_F(BulkTest, EveryTagIsAskedForByHeadEveryFourHours) {
    watch(count);
    EXPECT_EQ(poll(1, 4h)->digest, known[1]);
    EXPECT_EQ(heads(), 1u);
}

TEST_F(BulkTest, WhoWantsToKnowForCertainGetsHead) {
    watch(count);
    EXPECT_TRUE(look_up("quay.io/team/app:1"));
    EXPECT_EQ(lists(), 0u);
    EXPECT_EQ(heads(), 1u);
}

TEST_F(BulkTest, FewTagsAndNeverAreHeads) {
    watch(3);
    EXPECT_TRUE(poll(1, 0ms));
    EXPECT_EQ(lists(), 0u);
    entry().bulk = Bulk::always;
    client().replace_settings(settings);
    watch(1);
    EXPECT_TRUE(poll(1, 0ms));
    EXPECT_EQ(lists(), 1u);
    entry().bulk = Bulk::never;
    client().replace_settings(settings);
    clock.advance(15min);
    watch(count);
    EXPECT_TRUE(poll(1, 0ms));
    EXPECT_EQ(lists(), 1u);
}

TEST_F(BulkTest, AListThatFailsIsLeftAloneForLongerEachTime) {
    registry.recover();
    fail_api(500);
    watch(count);
    sweep();
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), static_cast<std::size_t>(count));
    clock.advance(15min);
    sweep();
    EXPECT_EQ(lists(), 2u);
    clock.advance(15min);
    sweep();
    EXPECT_EQ(lists(), 2u);
    clock.advance(15min);
    registry.recover();
    list();
    transport.forget();
    sweep();
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), 0u);
}

// As a private repository, whose robots may pull and not ask the API.
TEST_F(BulkTest, ARefusalIsOfItsRepository) {
    registry.push("team/other", "0", numbered(0));
    registry.recover();
    fail_api(401);
    client().expect_tags({{"quay.io/team/app", 12}, {"quay.io/team/other", 12}});
    sweep();
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), static_cast<std::size_t>(count));
    EXPECT_TRUE(wait_for(client().look_up(reference("quay.io/team/other:0"), {known[0], clock.now()})));
    EXPECT_EQ(transport.count("GET", "/api/v1/repository/team/other/"), 1u);
}

// A list of other digests (a platform's, a stale copy's) is found out by the HEADs it causes.
TEST_F(BulkTest, AListThatHeadContradictsIsNotUsedForADay) {
    auto real = known;
    registry.recover();
    for (auto& digest : known) digest = model::Digest::of("of another kind " + digest.text());
    list();
    known = real;
    watch(count);
    sweep();
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), static_cast<std::size_t>(count));
    clock.advance(23h);
    sweep();
    EXPECT_EQ(lists(), 1u);
    clock.advance(1h);
    sweep();
    EXPECT_EQ(lists(), 2u);
}

// Tags that are not due together cost one list each: dearer than their HEADs.
TEST_F(BulkTest, AListThatAnswersFewIsNotReadAgainForADay) {
    watch(count);
    EXPECT_TRUE(poll(1, 0ms));
    EXPECT_EQ(lists(), 1u);
    for (int i = 0; i < 5; ++i) {
        clock.advance(15min);
        EXPECT_TRUE(poll(1, 0ms));
    }
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), 5u);
    clock.advance(24h);
    sweep();
    EXPECT_EQ(lists(), 2u);
    clock.advance(15min);
    sweep();
    EXPECT_EQ(lists(), 3u);
    EXPECT_EQ(heads(), 5u);
}

TEST_F(BulkTest, PagesAreBoundedByWhatTheySpare) {
    registry.recover();
    std::string page = R"({"tags":[],"has_additional":true})";
    answer_api("/api/", page);
    watch(count);
    sweep();
    EXPECT_EQ(lists(), 3u);  // twelve tags, four for a page
    clock.advance(15min);
    sweep();
    EXPECT_EQ(lists(), 3u);
}

TEST_F(BulkTest, NoMorePagesAreReadThanItTakesToSeeAllThatAreWatched) {
    registry.recover();
    list();  // the first page, of very many
    std::string first = registry.answer({"GET", "/api/v1/repository/team/app/tag/?page=1", {}, ""}).body;
    first.replace(first.find("false"), 5, "true");
    registry.recover();
    answer_api("page=1&", first);
    answer_api("/api/", R"({"tags":[],"has_additional":true})");
    watch(count);
    for (int i = 0; i < 2; ++i) {
        sweep();
        clock.advance(15min);
    }
    transport.forget();
    for (std::size_t sweeps = 1; sweeps <= 3; ++sweeps) {
        sweep();
        EXPECT_EQ(lists(), sweeps);
        EXPECT_EQ(heads(), 0u);
        clock.advance(15min);
    }
    // What came to another repository is no reason to learn that again.
    transport.forget();
    client().expect_tags("quay.io/team/other", 7);
    sweep();
    EXPECT_EQ(lists(), 1u);
    clock.advance(15min);
    // Another tag is watched instead, and stands nowhere: it is asked for, and so are all that follow.
    client().expect_tags("quay.io/team/app", count + 1);
    auto gone = [&] {
        return wait_for(client().look_up(reference("quay.io/team/app:gone"), {known[0], clock.now()}));
    };
    for (int i = 0; i < 3; ++i) {
        transport.forget();
        sweep();
        EXPECT_FALSE(gone());
        EXPECT_LE(lists(), 3u) << "thirteen tags, four for a page";
        clock.advance(15min);
    }
}

TEST_F(BulkTest, DockerHubsOwnApiIsForThoseWhoAskForIt) {
    test::RegistryScript hub;
    transport.serve("https://registry-1.docker.io", registry);
    transport.serve("https://hub.docker.com", hub);
    test::Fault says;
    says.status = 200;
    says.body = R"({"next":null,"results":[{"name":"1","digest":")" + known[1].text() + R"("}]})";
    hub.fail(says);
    auto poll_hub = [&] {
        client().expect_tags({{"docker.io/team/app", 12}});
        return wait_for(client().look_up(reference("docker.io/team/app:1"), {known[1], clock.now()}));
    };
    EXPECT_TRUE(poll_hub());
    EXPECT_EQ(transport.count("", "hub.docker.com"), 0u);
    settings->by_host["docker.io"].bulk = Bulk::automatic;
    settings->by_host["docker.io"].username = "ci";
    settings->by_host["docker.io"].password = Secret("not-for-the-api");
    client().replace_settings(settings);
    transport.forget();
    EXPECT_EQ(poll_hub()->digest, known[1]);
    ASSERT_EQ(transport.sent().size(), 1u);
    EXPECT_EQ(
        transport.sent()[0].url.text(),
        "https://hub.docker.com/v2/repositories/team/app/tags?page_size=100&page=1&ordering=last_updated");
    EXPECT_FALSE(transport.sent()[0].headers.find("Authorization"));
}

// Known by the token server that it names, and asked with the user's password, which its API wants.
struct HarborBulkTest : BulkTest {
    HarborBulkTest() {
        test::TokenRules rules;
        rules.realm = "https://harbor.example.com/service/token";
        rules.path = "/service/token";
        rules.service = "harbor-registry";
        rules.username = "robot";
        rules.password = "only-for-harbor";
        registry.ask_for_token(rules);
        transport.serve("https://harbor.example.com", registry);
        log_in("only-for-harbor");
    }
    void log_in(const std::string& password) {
        auto& harbor = settings->by_host["harbor.example.com"];
        harbor.username = "robot";
        harbor.password = Secret(password);
    }
    Result<Pointer> poll_harbor(const std::string& repository = "team/app") {
        return wait_for(
            client().look_up(reference("harbor.example.com/" + repository + ":1"), {known[1], clock.now()}));
    }
};

TEST_F(HarborBulkTest, IsKnownByItsTokenServer) {
    answer_api("/api/v2.0/projects/team/repositories/app/artifacts",
               R"([{"digest":")" + known[1].text() + R"(","tags":[{"name":"1"}]}])");
    client().expect_tags({{"harbor.example.com/team/app", 12}});
    EXPECT_TRUE(poll_harbor());  // what it is, is told by its first challenge
    EXPECT_EQ(lists(), 0u);
    EXPECT_EQ(poll_harbor()->digest, known[1]);
    EXPECT_EQ(lists(), 1u);
    EXPECT_EQ(heads(), 2u);
    EXPECT_EQ(last_authorization("/api/v2.0/"), "Basic cm9ib3Q6b25seS1mb3ItaGFyYm9y");
}

// Five wrong passwords lock an account of many a directory, and there are hundreds of repositories.
TEST_F(HarborBulkTest, APasswordThatItsApiRefusesIsNotSentForTheNextRepository) {
    std::map<std::string, std::size_t> tags;
    for (int i = 0; i < 5; ++i) {
        std::string repository = "team/app" + std::to_string(i);
        registry.push(repository, "1", numbered(1));
        tags["harbor.example.com/" + repository] = 12;
    }
    client().expect_tags(tags);
    EXPECT_TRUE(poll_harbor("team/app0"));  // what it is, is told by its first challenge
    answer_api("/api/v2.0/", R"({"errors":[{"code":"UNAUTHORIZED"}]})", 401);
    auto poll_all = [&] {
        for (int i = 0; i < 5; ++i) EXPECT_EQ(poll_harbor("team/app" + std::to_string(i))->digest, known[1]);
    };
    poll_all();
    EXPECT_EQ(lists(), 1u) << "tags are asked for with tokens, which it still hands out";
    clock.advance(15min);
    poll_all();
    EXPECT_EQ(lists(), 2u);
    clock.advance(15min);
    poll_all();
    EXPECT_EQ(lists(), 2u) << "twice as long the second time";
    registry.token_rules().password = "another";
    log_in("another");
    client().replace_settings(settings);
    poll_all();
    EXPECT_EQ(lists(), 3u) << "a new password is tried at once";
}

TEST_F(BulkTest, ListsHaveABucketOfTheirOwn) {
    std::map<std::string, std::size_t> tags;
    for (int i = 0; i < 10; ++i) {
        std::string repository = "team/app" + std::to_string(i);
        registry.push(repository, "0", numbered(0));
        tags["quay.io/" + repository] = 4;
    }
    client().expect_tags(tags);
    auto begun = clock.now();
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(wait_for(client().look_up(reference("quay.io/team/app" + std::to_string(i) + ":0"),
                                              {known[0], clock.now()})));
    // Their list is refused (404), each at its turn.
    EXPECT_EQ(lists(), 10u);
    EXPECT_GE(clock.now() - begun, 8s);
}

}  // namespace
}  // namespace basewatch::registry
