// Azure's registries: a token of Entra ID, a refresh token under nobody's name, a service principal.
#include "registry/azure.hpp"

#include "foundation/bytes.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using test::image;
using testing::HasSubstr;
using testing::Not;

const std::string registry_host = "shop.azurecr.io";

std::string web_token(std::int64_t end) {
    return "eyJhbGciOiJub25lIn0." + base64url(R"({"exp":)" + std::to_string(end) + "}") + ".c2lnbmF0dXJl";
}

class AzureTest : public ClientTest {
protected:
    AzureTest() { registry.push("team/app", "1.0", image()); }
    void want_tokens(test::TokenRules rules) {
        rules.realm = "https://shop.azurecr.io/oauth2/token";
        rules.path = "/oauth2/token";
        rules.service = registry_host;
        registry.ask_for_token(std::move(rules));
        transport.serve("https://" + registry_host, [this](const net::HttpRequest& request) {
            if (request.url.target == "/oauth2/exchange") {
                exchanged.push_back(request.body);
                return said;
            }
            auto made = registry.answer({request.method, request.url.target, request.headers, request.body});
            return Result<net::HttpResponse>(answer(made.status, made.headers, made.body));
        });
    }
    Result<Pointer> look() { return look_up(registry_host + "/team/app:1.0"); }
    void log_in_with_entra() {
        auto& login = settings->by_host[registry_host].login;
        login.provider = settings::Provider::azure;
        login.access_token = Secret("entra token+/=");
        login.tenant = "contoso.example";
    }

    Result<net::HttpResponse> said = Error();
    std::vector<std::string> exchanged;
};

TEST_F(AzureTest, ATokenOfEntraIsExchangedOnceAndThenRefreshes) {
    auto refresh = web_token(1795435200 + 3 * 3600);
    want_tokens({.refresh_token = refresh, .expires_in = 4200});
    said = answer(200, {}, R"({"refresh_token":")" + refresh + "\"}");
    log_in_with_entra();
    auto pointer = look();
    ASSERT_TRUE(pointer) << pointer.error().message();
    ASSERT_TRUE(look());
    ASSERT_EQ(exchanged.size(), 1u);
    EXPECT_EQ(exchanged[0],
              "grant_type=access_token&service=shop.azurecr.io&access_token=entra+token%2B%2F%3D"
              "&tenant=contoso.example");
    EXPECT_EQ(transport.count("POST", "/oauth2/token"), 1u);
    clock.advance(std::chrono::minutes(136));
    ASSERT_TRUE(look());
    EXPECT_EQ(exchanged.size(), 2u) << "after three quarters of what the token says";
}

TEST_F(AzureTest, WhatTheExchangeRefusesIsTold) {
    want_tokens({.refresh_token = "never"});
    log_in_with_entra();
    for (int status : {400, 401, 403}) {
        said = answer(status, {},
                      R"({"errors":[{"code":"UNAUTHORIZED","message":"AADSTS: bad entra token+/="}]})");
        auto pointer = look();
        ASSERT_FALSE(pointer);
        EXPECT_EQ(pointer.error().kind(), ErrorKind::unauthorized);
        EXPECT_THAT(pointer.error().message(), HasSubstr("the Azure login of " + registry_host));
        EXPECT_THAT(pointer.error().message(), Not(HasSubstr("entra token")));
        client().replace_settings(settings);
    }
    for (const char* body : {"", "{}", R"({"refresh_token":"two words"})", R"({"refresh_token":7})"}) {
        said = answer(200, {}, body);
        client().replace_settings(settings);
        EXPECT_EQ(look().error().kind(), ErrorKind::bad_answer) << body;
    }
    EXPECT_EQ(transport.count("HEAD"), 0u) << "never asked without";
}

TEST_F(AzureTest, NobodysPasswordIsARefreshToken) {
    want_tokens({.refresh_token = "refresh-of-az-acr-login"});
    auto& registry_settings = settings->by_host[registry_host];
    registry_settings.username = "00000000-0000-0000-0000-000000000000";
    registry_settings.password = Secret("refresh-of-az-acr-login");
    auto pointer = look();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(transport.count("POST", "/oauth2/token"), 1u);
    EXPECT_EQ(transport.count("GET", "/oauth2/token"), 0u);
}

TEST_F(AzureTest, AServicePrincipalIsAUserWithAPassword) {
    want_tokens({.username = "11111111-2222-3333-4444-555555555555", .password = "of-the-principal"});
    auto& registry_settings = settings->by_host[registry_host];
    registry_settings.username = "11111111-2222-3333-4444-555555555555";
    registry_settings.password = Secret("of-the-principal");
    ASSERT_TRUE(look());
    EXPECT_EQ(transport.count("GET", "/oauth2/token"), 1u);
    EXPECT_EQ(transport.count("POST"), 0u);
}

TEST(Azure, TheLifeOfATokenIsWhatItSaysWithinReason) {
    Time now{std::chrono::seconds(1795435200)};
    auto life = [&](const std::string& token) {
        auto lent = read_azure_answer(answer(200, {}, R"({"refresh_token":")" + token + "\"}"), "x", now);
        return lent ? std::chrono::duration_cast<std::chrono::minutes>(*lent->end).count() : -1;
    };
    EXPECT_EQ(life(web_token(1795435200 + 7200)), 120);
    EXPECT_EQ(life(web_token(1795435200 - 7200)), 5);
    EXPECT_EQ(life(web_token(9'999'999'999)), 24 * 60);
    for (const char* opaque : {"opaque", "a.b.c", "a.e30.c", "..", "a.!!!.c"})
        EXPECT_EQ(life(opaque), 60) << opaque;
}

}  // namespace
}  // namespace basewatch::registry
