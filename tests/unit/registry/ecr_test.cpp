// Amazon's registries: the API that lends their passwords, and what it may say.
#include "registry/ecr.hpp"

#include "foundation/bytes.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using test::image;
using testing::HasSubstr;
using testing::Not;

const std::string account = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const std::string api = "https://api.ecr.eu-west-1.amazonaws.com";
const std::string secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

settings::CloudLogin login(const std::string& region = "", const std::string& endpoint = "") {
    settings::CloudLogin made;
    made.provider = settings::Provider::ecr;
    made.region = region;
    made.endpoint = endpoint;
    return made;
}

std::string told(const std::string& host, const settings::CloudLogin& how = login()) {
    auto found = ecr_api(host, how);
    if (!found) return found.error().message();
    return found->url.text() + " " + found->region + " " + found->service;
}

TEST(Ecr, TheNameOfARegistrySaysWhereItsTokensAre) {
    EXPECT_EQ(told(account), "https://api.ecr.eu-west-1.amazonaws.com/ eu-west-1 ecr");
    EXPECT_EQ(told("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com"),
              "https://ecr-fips.us-gov-west-1.amazonaws.com/ us-gov-west-1 ecr");
    EXPECT_EQ(told("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"),
              "https://api.ecr.cn-north-1.amazonaws.com.cn/ cn-north-1 ecr");
    EXPECT_EQ(told("123456789012.dkr-ecr.eu-west-1.on.aws"), "https://ecr.eu-west-1.api.aws/ eu-west-1 ecr");
    EXPECT_EQ(told("public.ecr.aws"), "https://api.ecr-public.us-east-1.amazonaws.com/ us-east-1 ecr-public");
    EXPECT_EQ(told(account, login("", "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com")),
              "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com/ eu-west-1 ecr");
    EXPECT_EQ(told("mirror.example.com", login("eu-west-1", "https://api.ecr.eu-west-1.amazonaws.com")),
              "https://api.ecr.eu-west-1.amazonaws.com/ eu-west-1 ecr");
    EXPECT_EQ(told("localhost:4510", login("us-east-1", "http://localhost:4566")),
              "http://localhost:4566/ us-east-1 ecr");
}

TEST(Ecr, AnythingElseMustBeSaid) {
    for (const char* host :
         {"registry.example.com", "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
          "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", "123456789012.dkr.ecr.amazonaws.com",
          "123456789012.dkr.ecr.eu-west-1.example.com", "123456789012.dkr.ecrx.eu-west-1.amazonaws.com",
          "x23456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu/west.amazonaws.com"})
        EXPECT_THAT(told(host), HasSubstr("write `region` and `endpoint`")) << host;
    EXPECT_THAT(told("mirror.example.com", login("eu-west-1")), HasSubstr("write `endpoint`"));
    EXPECT_THAT(told(account, login("Europe West")), HasSubstr("such as eu-west-1"));
    EXPECT_THAT(told(account, login("", "http://api.example.com")), HasSubstr("https"));
    EXPECT_THAT(told(account, login("", "https://api.example.com/path")), HasSubstr("without a path"));
    EXPECT_THAT(told(account, login("", "https://u:p@api.example.com")), HasSubstr("without a path"));
}

net::HttpResponse token_answer(const std::string& password = "the-password-1", double seconds = 12 * 3600) {
    double end = 1795435200 + seconds;  // of 2026-11-23T12:00:00Z
    return answer(200, {{"Content-Type", "application/x-amz-json-1.1"}},
                  R"({"authorizationData":[{"authorizationToken":")" + base64("AWS:" + password) +
                      R"(","expiresAt":)" + std::to_string(end) + R"(,"proxyEndpoint":"https://x"}]})");
}

class EcrTest : public ClientTest {
protected:
    EcrTest() {
        settings->by_host[account].login = login();
        settings->by_host[account].login.access_key_id = "AKIDEXAMPLE";
        settings->by_host[account].login.secret_access_key = Secret(secret);
        registry.push("team/app", "1.0", image());
        registry.ask_for_password("AWS", "the-password-1");
        registry.challenge_with(
            {R"(Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com")"});
        transport.serve("https://" + account, registry);
        transport.serve(api, [this](const net::HttpRequest&) { return said; });
    }
    Result<Pointer> look() { return look_up(account + "/team/app:1.0"); }
    std::size_t asked() const { return transport.count("POST", api); }

    Result<net::HttpResponse> said = token_answer();
};

TEST_F(EcrTest, OneTokenIsAskedForAndServesForHours) {
    auto pointer = look();
    ASSERT_TRUE(pointer) << pointer.error().message();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(look());
    ASSERT_EQ(asked(), 1u);
    for (const auto& request : transport.sent()) {
        if (request.method != "POST") continue;
        EXPECT_EQ(request.url.text(), api + "/");
        EXPECT_EQ(request.body, "{}");
        EXPECT_THAT(std::string(*request.headers.find("Authorization")),
                    HasSubstr("44bff72e95ee1097264759d04c89ab3db3337f4669a6b4bb629dad8f45e13b67"));
        EXPECT_EQ(request.policy->addresses, net::AddressRule::no_metadata) << "an endpoint may be private";
    }
    EXPECT_EQ(last_authorization("/manifests/"), "Basic " + base64("AWS:the-password-1"));
    clock.advance(std::chrono::hours(6) + std::chrono::minutes(1));
    ASSERT_TRUE(look());
    EXPECT_EQ(asked(), 2u) << "renewed after half of its life";
}

TEST_F(EcrTest, WhileTheApiIsAwayTheLastPasswordServesToItsEnd) {
    ASSERT_TRUE(look());
    said = answer(503, {}, "");
    clock.advance(std::chrono::hours(7));
    EXPECT_TRUE(look());
    clock.advance(std::chrono::hours(5));
    auto over = look();
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().kind(), ErrorKind::server_error);
    EXPECT_THAT(over.error().message(), HasSubstr("the Amazon login of " + account));
}

TEST_F(EcrTest, APasswordThatTheRegistryRefusesIsReplacedAtOnce) {
    ASSERT_TRUE(look());
    clock.advance(std::chrono::minutes(2));
    registry.ask_for_password("AWS", "the-password-2");
    said = token_answer("the-password-2");
    auto pointer = look();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(asked(), 2u);
}

TEST_F(EcrTest, KeysThatAreRefusedAreLeftAlone) {
    said = answer(400, {},
                  R"({"__type":"com.amazon.coral.service#UnrecognizedClientException",)"
                  R"("message":"The security token included in the request is invalid."})");
    for (int i = 0; i < 3; ++i) {
        auto pointer = look();
        ASSERT_FALSE(pointer);
        EXPECT_EQ(pointer.error().kind(), ErrorKind::unauthorized);
        EXPECT_THAT(pointer.error().message(), HasSubstr("UnrecognizedClientException: The security token"));
    }
    EXPECT_EQ(asked(), 1u);
    EXPECT_EQ(transport.count("HEAD"), 0u) << "never asked without";
    clock.advance(std::chrono::minutes(5));
    EXPECT_FALSE(look());
    clock.advance(std::chrono::minutes(6));
    EXPECT_FALSE(look());
    EXPECT_EQ(asked(), 2u) << "for twice as long each time";
    client().replace_settings(settings);
    EXPECT_FALSE(look());
    EXPECT_EQ(asked(), 3u) << "a reload asks anew";
}

TEST_F(EcrTest, NothingOfAnOldLoginIsUsedWithANewOne) {
    ASSERT_TRUE(look());
    auto changed = std::make_shared<settings::RegistriesSettings>(*settings);
    changed->by_host[account].login.secret_access_key = Secret("another-secret-key");
    client().replace_settings(changed);
    said = answer(503, {}, "");
    EXPECT_FALSE(look());
}

TEST_F(EcrTest, AWrongClockIsNamed) {
    said = answer(
        403, {{"Date", "Mon, 23 Nov 2026 11:40:00 GMT"}},
        R"({"__type":"InvalidSignatureException","message":"Signature not yet current: 2026…)"
        R"(\n\nThe Canonical String for this request should have been\n'POST x-amz-security-token:IQo…'"})");
    auto pointer = look();
    ASSERT_FALSE(pointer);
    EXPECT_THAT(pointer.error().message(), HasSubstr("the clock of this machine is 20m ahead: set it right"));
    EXPECT_THAT(pointer.error().message(), Not(HasSubstr("IQo")));
}

TEST_F(EcrTest, TooManyQuestionsAreNoRefusalOfTheKeys) {
    said = answer(400, {}, R"({"__type":"ThrottlingException","message":"Rate exceeded"})");
    EXPECT_EQ(look().error().kind(), ErrorKind::rate_limited);
    said = token_answer();
    clock.advance(std::chrono::minutes(1));
    EXPECT_TRUE(look());
}

TEST_F(EcrTest, ARedirectIsNotFollowed) {
    said = answer(307, {{"Location", "http://169.254.169.254/"}}, "");
    EXPECT_EQ(look().error().kind(), ErrorKind::bad_answer);
    EXPECT_EQ(transport.count("", "169.254"), 0u);
}

TEST_F(EcrTest, NonsenseIsABadAnswerThatRepeatsNothing) {
    const std::string rows[] = {
        "",
        "[]",
        "{}",
        R"({"authorizationData":[]})",
        R"({"authorizationData":[7]})",
        R"({"authorizationData":[{"authorizationToken":7}]})",
        R"({"authorizationData":[{"authorizationToken":"!!"}]})",
        R"({"authorizationData":[{"authorizationToken":")" + base64("no-colon-here") + R"("}]})",
        R"({"authorizationData":[{"authorizationToken":")" + base64("AWS:") + R"("}]})",
        R"({"authorizationData":[{"authorizationToken":")" + base64("AWS:over-since-long") +
            R"(","expiresAt":1.0}]})",
    };
    for (const auto& body : rows) {
        auto read = read_ecr_answer(answer(200, {}, body), ecr_api(account, login()).value(), clock.now());
        ASSERT_FALSE(read) << body;
        EXPECT_EQ(read.error().kind(), ErrorKind::bad_answer) << body;
        EXPECT_THAT(read.error().message(), Not(HasSubstr("over-since"))) << body;
    }
}

TEST_F(EcrTest, EcrPublicIsLoggedInToByItsOwnApi) {
    settings->by_host["public.ecr.aws"].login = settings->by_host[account].login;
    registry.challenge_with({});
    registry.ask_for_token({.realm = "https://public.ecr.aws/token/",
                            .username = "AWS",
                            .password = "the-public-password",
                            .path = "/token/"});
    transport.serve("https://public.ecr.aws", registry);
    transport.serve("https://api.ecr-public.us-east-1.amazonaws.com", [](const net::HttpRequest& request) {
        EXPECT_EQ(request.headers.find("X-Amz-Target"), "SpencerFrontendService.GetAuthorizationToken");
        return answer(200, {},
                      R"({"authorizationData":{"authorizationToken":")" + base64("AWS:the-public-password") +
                          R"(","expiresAt":1795478400}})");
    });
    auto pointer = look_up("public.ecr.aws/team/app:1.0");
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(last_authorization("/token/"), "Basic " + base64("AWS:the-public-password"));
}

}  // namespace
}  // namespace basewatch::registry
