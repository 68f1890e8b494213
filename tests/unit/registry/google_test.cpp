// Google's registries: a service account's key, an access token, the machine's own token.
#include "registry/google.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "support/blocking_http.hpp"
#include "support/rsa_key.hpp"
#include "support/temporary_folder.hpp"
#include "unit/registry/client_fixture.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::registry {
namespace {

using test::answer;
using test::image;
using testing::HasSubstr;
using testing::Not;

const std::string registry_host = "europe-docker.pkg.dev", token_server = "https://oauth2.googleapis.com",
                  metadata = "http://metadata.google.internal";

const test::RsaKey& rsa() {
    static const test::RsaKey key;
    return key;
}

std::string token_json(const std::string& token, int seconds = 3599) {
    return R"({"access_token":")" + token + R"(","expires_in":)" + std::to_string(seconds) +
           R"(,"token_type":"Bearer"})";
}

TEST(Google, SignsAnAssertionThatSaysWhoAsksForWhatAndWhen) {
    auto key = parse_google_key(rsa().google_key_file("https://oauth2.googleapis.com/token"));
    ASSERT_TRUE(key) << key.error().message();
    Time now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12)};
    auto request = google_request(*key, now);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->url.text(), "https://oauth2.googleapis.com/token");
    const std::string start = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    ASSERT_TRUE(request->body.starts_with(start));
    std::string assertion = request->body.substr(start.size());
    auto first = assertion.find('.'), second = assertion.rfind('.');
    EXPECT_EQ(unbase64(assertion.substr(0, first)), R"({"alg":"RS256","kid":"key-1","typ":"JWT"})");
    auto claims = parse_json(*unbase64(assertion.substr(first + 1, second - first - 1))).value();
    EXPECT_EQ(string_member(claims, "iss"), "reader@shop.iam.gserviceaccount.com");
    EXPECT_EQ(string_member(claims, "aud"), "https://oauth2.googleapis.com/token");
    EXPECT_EQ(string_member(claims, "scope"), "https://www.googleapis.com/auth/cloud-platform.read-only");
    EXPECT_EQ(integer_member(claims, "iat"), 1795435200);
    EXPECT_EQ(integer_member(claims, "exp"), 1795435200 + 3600);
    EXPECT_TRUE(rsa().signed_this(assertion.substr(0, second), *unbase64(assertion.substr(second + 1))));
}

TEST(Google, WhatIsNoKeyFileIsRefusedWithoutRepeatingIt) {
    auto file = [](const std::string& name, const nlohmann::json& value) {
        auto made = nlohmann::json::parse(rsa().google_key_file("https://oauth2.googleapis.com/token"));
        made[name] = value;
        return made.dump();
    };
    const std::pair<std::string, std::string> rows[] = {
        {"", "no JSON object"},
        {"[]", "no JSON object"},
        {R"({"type":"authorized_user","refresh_token":"leaked"})", "\"authorized_user\""},
        {R"({"private_key":"leaked"})", "service account"},
        {file("client_email", ""), "client_email"},
        {file("private_key", ""), "private_key"},
        {file("private_key", "-----BEGIN PRIVATE KEY-----\nleaked\n-----END PRIVATE KEY-----\n"),
         "no RSA key"},
        {file("token_uri", "http://169.254.169.254/leaked"), "no https address"},
        {file("token_uri", "https://user:leaked@oauth2.googleapis.com/"), "no https address"},
    };
    for (const auto& [text, why] : rows) {
        auto key = parse_google_key(text);
        ASSERT_FALSE(key) << text;
        EXPECT_THAT(key.error().message(), HasSubstr(why));
        EXPECT_THAT(key.error().message(), Not(HasSubstr("leaked")));
    }
    EXPECT_FALSE(rs256_sign("", "x"));
    EXPECT_FALSE(rs256_sign(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "x"));
}

class GoogleTest : public ClientTest {
protected:
    GoogleTest() {
        registry.push("shop/app", "1.0", image());
        expect_token("ya29.first-token");
        transport.serve("https://" + registry_host, registry);
        settings->by_host[registry_host].login.provider = settings::Provider::google;
    }
    void expect_token(const std::string& token) {
        registry.ask_for_token({.realm = "https://europe-docker.pkg.dev/v2/token",
                                .username = "oauth2accesstoken",
                                .password = token,
                                .path = "/v2/token"});
    }
    settings::CloudLogin& login() { return settings->by_host[registry_host].login; }
    Result<Pointer> look() { return look_up(registry_host + "/shop/app:1.0"); }

    test::TemporaryFolder folder;
};

TEST_F(GoogleTest, AKeyFileBecomesAnAccessTokenThatIsRenewedBeforeItEnds) {
    login().key_file = folder.write("key.json", rsa().google_key_file(token_server + "/token"));
    std::string token = "ya29.first-token";
    transport.serve(token_server,
                    [&](const net::HttpRequest&) { return answer(200, {}, token_json(token)); });
    auto pointer = look();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(last_authorization("/v2/token"), "Basic " + base64("oauth2accesstoken:ya29.first-token"));
    ASSERT_TRUE(look());
    EXPECT_EQ(transport.count("POST", token_server), 1u);
    clock.advance(std::chrono::minutes(57));
    token = "ya29.second-token";
    expect_token(token);
    EXPECT_TRUE(look());
    EXPECT_EQ(transport.count("POST", token_server), 2u);
}

TEST_F(GoogleTest, ARefusedKeyIsLeftAloneAndNeverReplacedByNobody) {
    login().key_file = folder.write("key.json", rsa().google_key_file(token_server + "/token"));
    transport.serve(token_server, [](const net::HttpRequest&) {
        return answer(400, {{"Content-Type", "application/json"}},
                      R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
    });
    for (int i = 0; i < 3; ++i) {
        auto pointer = look();
        ASSERT_FALSE(pointer);
        EXPECT_EQ(pointer.error().kind(), ErrorKind::unauthorized);
        EXPECT_THAT(pointer.error().message(), HasSubstr("Invalid JWT Signature"));
        EXPECT_THAT(pointer.error().message(), HasSubstr("the Google login of " + registry_host));
    }
    EXPECT_EQ(transport.count("POST", token_server), 1u);
    EXPECT_EQ(transport.count("", registry_host), 0u);
}

TEST_F(GoogleTest, AnAccessTokenIsUsedAsItIs) {
    login().access_token = Secret("ya29.first-token");
    ASSERT_TRUE(look());
    EXPECT_EQ(transport.count("", "googleapis"), 0u);
    EXPECT_EQ(transport.count("", "metadata"), 0u);
}

TEST_F(GoogleTest, TheMachinesOwnTokenComesFromTheMetadataServiceAlone) {
    transport.serve(metadata, [](const net::HttpRequest& request) {
        EXPECT_EQ(request.headers.find("Metadata-Flavor"), "Google");
        EXPECT_EQ(request.url.target, "/computeMetadata/v1/instance/service-accounts/default/token");
        EXPECT_EQ(request.policy->addresses, net::AddressRule::metadata_only);
        EXPECT_TRUE(request.policy->direct);
        return answer(200, {{"Metadata-Flavor", "Google"}}, token_json("ya29.first-token"));
    });
    auto pointer = look();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(transport.count("GET", metadata), 1u);
}

TEST_F(GoogleTest, WhoeverElseAnswersForTheMetadataServiceIsNotBelieved) {
    const Result<net::HttpResponse> rows[] = {
        answer(200, {}, token_json("ya29.first-token")),
        answer(301, {{"Location", "https://elsewhere.example/"}, {"Metadata-Flavor", "Google"}}),
        answer(200, {{"Metadata-Flavor", "Google"}}, "<html>"),
        answer(200, {{"Metadata-Flavor", "Google"}}, token_json("two words")),
        answer(200, {{"Metadata-Flavor", "Google"}}, token_json("ya29.first-token", 5)),
        answer(404, {{"Metadata-Flavor", "Google"}}, "no service account"),
        Error(ErrorKind::blocked, "connections to this address are not allowed"),
    };
    for (const auto& row : rows) {
        transport.serve(metadata, [&](const net::HttpRequest&) { return row; });
        auto pointer = look();
        ASSERT_FALSE(pointer);
        EXPECT_EQ(transport.count("", registry_host), 0u);
        clock.advance(std::chrono::minutes(2));
    }
    EXPECT_EQ(transport.count("", "elsewhere"), 0u);
}

}  // namespace
}  // namespace basewatch::registry
