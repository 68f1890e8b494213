// What a reference points to: one HEAD where it can be, a GET where it must be, and an Error for everything
// that is no answer.

#include "registry/manifests.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using test::Fault;
using test::image;
using testing::HasSubstr;

class LookUpTest : public ClientTest {
protected:
    LookUpTest() { built = image(), registry.push("team/app", "1.0", built); }
    test::Built built;
};

TEST_F(LookUpTest, IsOneHead) {
    for (int i = 0; i < 3; ++i) {
        auto pointer = look_up();
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, built.digest);
        EXPECT_EQ(pointer->media_type, built.media_type);
        EXPECT_FALSE(pointer->proven);
    }
    ASSERT_EQ(transport.sent().size(), 3u);
    const auto& request = transport.sent()[0];
    EXPECT_EQ(request.method, "HEAD");
    EXPECT_EQ(request.url.text(), "https://registry.example.com/v2/team/app/manifests/1.0");
    EXPECT_EQ(request.headers.find("Accept"), manifest_types);
    EXPECT_EQ(request.headers.all("Accept").size(), 1u);
    EXPECT_EQ(request.headers.find("Accept-Encoding"), "identity");
    EXPECT_EQ(request.headers.find("User-Agent"), "basewatch/" BASEWATCH_VERSION);
    EXPECT_FALSE(request.headers.find("Authorization"));
    EXPECT_FALSE(request.headers.find("If-None-Match"));
    EXPECT_EQ(report().requests, 3u);
    EXPECT_EQ(report().pulls, 0u);
}

TEST_F(LookUpTest, DockerHubIsAskedUnderItsOwnName) {
    registry.push("library/ruby", "3.3", built);
    transport.serve("https://registry-1.docker.io", registry);
    ASSERT_TRUE(look_up("ruby:3.3"));
    EXPECT_EQ(transport.sent()[0].url.text(), "https://registry-1.docker.io/v2/library/ruby/manifests/3.3");
    EXPECT_EQ(report("docker.io").requests, 1u);
}

TEST_F(LookUpTest, PlainHttpOnlyWhereItIsConfigured) {
    transport.serve("http://127.0.0.1:5000", registry);
    EXPECT_EQ(look_up("127.0.0.1:5000/team/app:1.0").error().kind(), ErrorKind::unreachable);
    auto changed = std::make_shared<settings::RegistriesSettings>();
    changed->by_host["127.0.0.1:5000"].plain_http = true;
    client().replace_settings(changed);
    EXPECT_TRUE(look_up("127.0.0.1:5000/team/app:1.0"));
}

TEST_F(LookUpTest, ByDigestOnlyTheSameDigestIsAnAnswer) {
    auto pinned = "registry.example.com/team/app@" + built.digest.text();
    ASSERT_TRUE(look_up(pinned));
    EXPECT_THAT(transport.sent()[0].url.target, HasSubstr("/manifests/" + built.digest.text()));
    registry.fail({.headers = {{"Docker-Content-Digest", digest("x").text()}}});
    EXPECT_EQ(look_up(pinned).error().kind(), ErrorKind::bad_answer);
    registry.recover();
    EXPECT_TRUE(look_up("registry.example.com/team/app:1.0@" + digest("x").text()))
        << "the tag is what moves";
}

// Every status of a HEAD, and whether one GET follows to learn why.
struct StatusRow {
    int status;
    ErrorKind kind;
    std::size_t gets;
};

class HeadStatus : public LookUpTest, public testing::WithParamInterface<StatusRow> {};

TEST_P(HeadStatus, IsAnErrorAndNeverAnAnswer) {
    const auto& row = GetParam();
    registry.fail({.status = row.status,
                   .headers = {{"Content-Type", "application/json"}},
                   .body = R"({"errors":[{"code":"CODE","message":"what it said"}]})"});
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), row.kind);
    EXPECT_EQ(pointer.error().status(), row.status);
    EXPECT_THAT(pointer.error().message(),
                HasSubstr("registry.example.com said " + std::to_string(row.status)));
    EXPECT_EQ(transport.count("HEAD"), 1u);
    EXPECT_EQ(transport.count("GET", "/manifests/"), row.gets);
    if (row.gets > 0) EXPECT_THAT(pointer.error().message(), HasSubstr("CODE: what it said"));
    EXPECT_EQ(report().failures, 1u);

    // The second time the reason is known.
    if (row.status == 429) return;
    transport.forget();
    auto again = look_up();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind(), row.kind);
    EXPECT_EQ(transport.count("HEAD"), 1u);
    EXPECT_EQ(transport.count("GET", "/manifests/"), row.status == 405 ? 1u : 0u);
    if (row.gets > 0) EXPECT_THAT(again.error().message(), HasSubstr("CODE: what it said"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, HeadStatus,
    testing::Values(StatusRow{204, ErrorKind::bad_answer, 0}, StatusRow{206, ErrorKind::bad_answer, 0},
                    StatusRow{300, ErrorKind::bad_answer, 0}, StatusRow{304, ErrorKind::bad_answer, 0},
                    StatusRow{400, ErrorKind::bad_answer, 1}, StatusRow{401, ErrorKind::unauthorized, 0},
                    StatusRow{403, ErrorKind::unauthorized, 1}, StatusRow{404, ErrorKind::not_found, 1},
                    StatusRow{405, ErrorKind::bad_answer, 1}, StatusRow{406, ErrorKind::bad_answer, 0},
                    StatusRow{408, ErrorKind::server_error, 0}, StatusRow{413, ErrorKind::bad_answer, 0},
                    StatusRow{414, ErrorKind::bad_answer, 0}, StatusRow{415, ErrorKind::bad_answer, 0},
                    StatusRow{416, ErrorKind::bad_answer, 0}, StatusRow{425, ErrorKind::server_error, 0},
                    StatusRow{429, ErrorKind::rate_limited, 0}, StatusRow{500, ErrorKind::server_error, 1},
                    StatusRow{502, ErrorKind::server_error, 1}, StatusRow{503, ErrorKind::server_error, 1},
                    StatusRow{504, ErrorKind::server_error, 1}),
    [](const auto& row) { return "Status" + std::to_string(row.param.status); });

TEST_F(LookUpTest, WhatKeptTheAnswerAwayIsPassedOn) {
    for (auto kind : {ErrorKind::name_lookup, ErrorKind::unreachable, ErrorKind::timed_out, ErrorKind::tls,
                      ErrorKind::bad_answer, ErrorKind::too_large}) {
        client();
        transport.serve(
            "https://registry.example.com",
            [kind](const net::HttpRequest&) -> Result<net::HttpResponse> { return Error(kind, "why"); });
        auto pointer = look_up();
        ASSERT_FALSE(pointer);
        EXPECT_EQ(pointer.error().kind(), kind);
    }
}

TEST_F(LookUpTest, WithoutADigestHeaderOneGetIsHashed) {
    registry.fail({.without = {"Docker-Content-Digest"}});
    auto pointer = look_up();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, built.digest);
    EXPECT_TRUE(pointer->proven);
    EXPECT_EQ(transport.count("HEAD"), 1u);
    EXPECT_EQ(transport.count("GET"), 1u);
    EXPECT_EQ(report().pulls, 1u);
    look_up();
    look_up();
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().size(), 1u) << "three times are enough to learn it";
    EXPECT_EQ(transport.sent()[0].method, "GET");
}

TEST_F(LookUpTest, AMalformedDigestHeaderIsAsGoodAsNone) {
    for (std::string header :
         std::vector<std::string>{"", "sha256:zz", "md5:abc", "SHA256:" + std::string(64, 'a'),
                                  "sha256:" + std::string(64, 'A')}) {
        registry.recover();
        registry.fail({.method = "HEAD", .headers = {{"Docker-Content-Digest", header}}});
        auto pointer = look_up();
        ASSERT_TRUE(pointer) << header;
        EXPECT_EQ(pointer->digest, built.digest);
        EXPECT_TRUE(pointer->proven);
    }
}

TEST_F(LookUpTest, ArtifactorysChecksumIsADigest) {
    registry.fail({.method = "HEAD",
                   .headers = {{"X-Checksum-Sha256", built.digest.text().substr(7)}},
                   .without = {"Docker-Content-Digest"}});
    auto pointer = look_up();
    ASSERT_TRUE(pointer);
    EXPECT_EQ(pointer->digest, built.digest);
    EXPECT_EQ(transport.count("GET"), 0u);
}

TEST_F(LookUpTest, WhereHeadIsNotAllowedGetIsLearned) {
    registry.fail({.method = "HEAD", .status = 405});
    ASSERT_TRUE(look_up());
    transport.forget();
    auto pointer = look_up();
    ASSERT_TRUE(pointer);
    EXPECT_TRUE(pointer->proven);
    EXPECT_EQ(transport.count("HEAD"), 0u);
    EXPECT_EQ(transport.count("GET"), 1u);
    clock.advance(std::chrono::hours(24 * 7 + 1));
    registry.recover();
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.count("HEAD"), 1u) << "a week later HEAD is tried again";
}

TEST_F(LookUpTest, WhereOnlyGetKnowsTheTagGetIsLearned) {
    registry.fail({.method = "HEAD", .status = 404});
    ASSERT_TRUE(look_up());
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.count("HEAD"), 0u);
    EXPECT_EQ(transport.count("GET"), 1u);
}

TEST_F(LookUpTest, AMissingTagCostsOneGetADay) {
    auto missing = [&] { return look_up("registry.example.com/team/app:gone"); };
    for (int i = 0; i < 5; ++i) {
        auto pointer = missing();
        ASSERT_FALSE(pointer);
        EXPECT_EQ(pointer.error().kind(), ErrorKind::not_found);
        EXPECT_THAT(pointer.error().message(), HasSubstr("MANIFEST_UNKNOWN: manifest unknown"));
    }
    EXPECT_EQ(transport.count("GET"), 1u);
    clock.advance(std::chrono::hours(25));
    missing();
    EXPECT_EQ(transport.count("GET"), 2u);
}

TEST_F(LookUpTest, AHeadThatIsForbiddenWhereAGetIsNotIsLearned) {
    registry.fail({.method = "HEAD", .status = 403});
    ASSERT_TRUE(look_up());
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.count("HEAD"), 0u);
}

TEST_F(LookUpTest, AHeadThatFailedForAMomentTeachesNothing) {
    registry.fail({.method = "HEAD", .times = 1, .status = 502});
    auto pointer = look_up();
    ASSERT_TRUE(pointer) << "the GET was answered";
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.count("HEAD"), 1u);
    EXPECT_EQ(transport.count("GET"), 0u);
}

TEST_F(LookUpTest, WebPagesAreNoManifests) {
    registry.fail({.headers = {{"Content-Type", "text/html"}}, .body = "<html>sign in</html>"});
    EXPECT_EQ(look_up().error().kind(), ErrorKind::bad_answer);
    registry.recover();
    registry.fail({.headers = {{"Content-Type", "text/html"}},
                   .body = "<html>sign in</html>",
                   .without = {"Docker-Content-Digest"}});
    EXPECT_EQ(look_up().error().kind(), ErrorKind::bad_answer);
}

TEST_F(LookUpTest, AGetThatCannotBeBelievedIsAnError) {
    struct Row {
        const char* what;
        Fault fault;
    };
    const Row rows[] = {
        {"another digest", {.headers = {{"Docker-Content-Digest", digest("x").text()}}}},
        {"compressed", {.headers = {{"Content-Encoding", "gzip"}}}},
        {"another body", {.body = "{}"}},
        {"a list", {.headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"}}}},
        {"bytes", {.headers = {{"Content-Type", "application/octet-stream"}}}},
        {"no type", {.without = {"Content-Type"}}},
        {"too much", {.body = std::string(9u << 20, 'x')}},
        {"an empty body with no digest", {.body = "", .without = {"Docker-Content-Digest"}}},
    };
    registry.fail({.method = "HEAD", .status = 405});
    ASSERT_TRUE(look_up());
    for (const auto& row : rows) {
        registry.recover();
        auto fault = row.fault;
        fault.method = "GET";
        registry.fail(fault);
        auto pointer = look_up();
        ASSERT_FALSE(pointer) << row.what;
        auto expected = row.what == std::string("too much") ? ErrorKind::too_large : ErrorKind::bad_answer;
        EXPECT_EQ(pointer.error().kind(), expected) << row.what;
    }
}

TEST_F(LookUpTest, StopsWhenToldTo) {
    client();
    transport.hold();
    auto value = begin(client().look_up(reference("registry.example.com/team/app:1.0")));
    EXPECT_EQ(transport.held(), 1u);
    tasks.cancel();
    clock.settle();
    ASSERT_TRUE(*value);
    EXPECT_EQ((*value)->error().kind(), ErrorKind::cancelled);
    EXPECT_EQ(report().failures, 0u);
}

}  // namespace
}  // namespace basewatch::registry
