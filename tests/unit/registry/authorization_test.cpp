// Challenges answered: tokens shared, kept and renewed; passwords only where they belong and not too often.

#include "foundation/bytes.hpp"
#include "support/temporary_folder.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using test::image;
using testing::HasSubstr;
using testing::Not;

class AuthorizationTest : public ClientTest {
protected:
    AuthorizationTest() {
        for (const char* repository : {"team/app", "team/web"}) registry.push(repository, "1.0", image());
        auth.ask_for_token({});
    }
    void want_tokens(test::TokenRules rules = {}) {
        rules.realm = "https://auth.example.com/token";
        registry.ask_for_token(std::move(rules));
        // The registry's own script issues the tokens, so that it knows them.
        transport.serve("https://auth.example.com", registry);
    }
    void log_in(const std::string& username = "ci", const std::string& password = "s3cret-password") {
        auto changed = std::make_shared<settings::RegistriesSettings>(*settings);
        changed->by_host["registry.example.com"].username = username;
        changed->by_host["registry.example.com"].password = Secret(password);
        settings = changed;
        client().replace_settings(settings);
    }
    void use_auth_file(const std::string& text) {
        auto changed = std::make_shared<settings::RegistriesSettings>(*settings);
        changed->by_host["registry.example.com"].auth_file = folder.write("auth.json", text);
        settings = changed;
        client().replace_settings(settings);
    }
    std::size_t tokens() const { return transport.count("", "auth.example.com"); }

    test::RegistryScript auth;
    test::TemporaryFolder folder;
};

TEST_F(AuthorizationTest, AnonymousTokensAreLearnedOnceAndKept) {
    want_tokens();
    ASSERT_TRUE(look_up());
    ASSERT_EQ(transport.sent().size(), 3u) << "HEAD, token, HEAD: nothing is asked before it is needed";
    const auto& token = transport.sent()[1];
    EXPECT_EQ(token.url.text(),
              "https://auth.example.com/token?service=fake-registry&scope=repository%3Ateam%2Fapp%3Apull"
              "&client_id=basewatch");
    EXPECT_FALSE(token.headers.find("Authorization"));
    EXPECT_EQ(last_authorization("/manifests/"), "Bearer token-1");
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().size(), 8u) << "one HEAD each";
    ASSERT_TRUE(look_up("registry.example.com/team/web:1.0"));
    EXPECT_EQ(transport.sent().size(), 10u) << "the realm is known: token, HEAD";
    EXPECT_EQ(tokens(), 2u) << "a token is for one repository";
    EXPECT_EQ(report().tokens, 2u);
}

TEST_F(AuthorizationTest, TokensAreRenewedBeforeTheyExpire) {
    want_tokens({.expires_in = 300});
    look_up();
    clock.advance(std::chrono::seconds(269));
    look_up();
    EXPECT_EQ(tokens(), 1u);
    clock.advance(std::chrono::seconds(2));
    look_up();
    EXPECT_EQ(tokens(), 2u) << "a tenth of its life before the end";
    EXPECT_EQ(transport.count("HEAD"), 4u) << "without another 401";
}

TEST_F(AuthorizationTest, AnAnswerWithoutALifetimeLivesAMinute) {
    want_tokens({.expires_in = 0});
    look_up();
    clock.advance(std::chrono::seconds(50));
    look_up();
    EXPECT_EQ(tokens(), 1u);
    clock.advance(std::chrono::seconds(5));
    look_up();
    EXPECT_EQ(tokens(), 2u);
}

TEST_F(AuthorizationTest, ConcurrentAskersShareOneToken) {
    want_tokens();
    look_up();
    clock.advance(std::chrono::hours(1));
    transport.forget();
    transport.hold();
    std::vector<std::shared_ptr<std::optional<Result<Pointer>>>> values;
    for (int i = 0; i < 5; ++i)
        values.push_back(begin(client().look_up(reference("registry.example.com/team/app:1.0"))));
    EXPECT_EQ(transport.held(), 1u) << "one asks for the token, four wait";
    transport.release_all();
    clock.settle();
    for (auto& value : values) EXPECT_TRUE(*value && (*value)->has_value());
    EXPECT_EQ(tokens(), 1u);
    EXPECT_EQ(transport.count("HEAD"), 5u);
}

TEST_F(AuthorizationTest, ConcurrentAskersShareTheFailureToo) {
    want_tokens();
    look_up();
    clock.advance(std::chrono::hours(1));
    transport.forget();
    transport.serve("https://auth.example.com", [](const net::HttpRequest&) { return answer(500); });
    transport.hold();
    std::vector<std::shared_ptr<std::optional<Result<Pointer>>>> values;
    for (int i = 0; i < 5; ++i)
        values.push_back(begin(client().look_up(reference("registry.example.com/team/app:1.0"))));
    transport.release_all();
    clock.settle();
    for (auto& value : values) EXPECT_EQ((*value)->error().kind(), ErrorKind::server_error);
    EXPECT_EQ(tokens(), 1u);
    EXPECT_THAT((*values[0])->error().message(), HasSubstr("the token server auth.example.com said 500"));
}

TEST_F(AuthorizationTest, WhoeverWaitsGoesItselfWhenTheFirstIsToldToStop) {
    want_tokens();
    look_up();
    clock.advance(std::chrono::hours(1));
    transport.forget();
    transport.hold();
    TaskGroup first(loop.get_executor());
    auto stopped = std::make_shared<std::optional<Result<Pointer>>>();
    first.start("first", store(client().look_up(reference("registry.example.com/team/app:1.0")), stopped));
    clock.settle();
    auto second = begin(client().look_up(reference("registry.example.com/team/app:1.0")));
    first.cancel();
    clock.settle();
    ASSERT_TRUE(*stopped);
    EXPECT_EQ((*stopped)->error().kind(), ErrorKind::cancelled);
    transport.release_all();
    clock.settle();
    ASSERT_TRUE(*second);
    EXPECT_TRUE((*second)->has_value());
}

TEST_F(AuthorizationTest, APasswordGoesToTheTokenServerAndNotToTheRegistry) {
    want_tokens({.username = "ci", .password = "s3cret-password"});
    log_in();
    auto pointer = look_up();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(last_authorization("auth.example.com"), "Basic " + base64("ci:s3cret-password"));
    EXPECT_THAT(transport.sent()[1].url.target, HasSubstr("&account=ci"));
    for (const auto& request : transport.sent())
        if (request.url.host == "registry.example.com")
            EXPECT_THAT(std::string(request.headers.find("Authorization").value_or("")),
                        Not(HasSubstr("Basic")));
}

TEST_F(AuthorizationTest, AWrongPasswordIsNotTriedAgainAtOnceNorElsewhere) {
    want_tokens({.username = "ci", .password = "another"});
    log_in();
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::unauthorized);
    EXPECT_THAT(pointer.error().message(), HasSubstr("incorrect username or password"));
    EXPECT_THAT(pointer.error().message(), HasSubstr("asked as \"ci\""));
    EXPECT_THAT(pointer.error().message(), Not(HasSubstr("s3cret")));
    for (int i = 0; i < 3; ++i) look_up();
    EXPECT_EQ(look_up("registry.example.com/team/web:1.0").error().kind(), ErrorKind::unauthorized);
    EXPECT_EQ(tokens(), 1u) << "an account must not be locked by us";
    EXPECT_TRUE(look_up().error().retry_after());
    clock.advance(std::chrono::minutes(14));
    look_up();
    EXPECT_EQ(tokens(), 1u);
    clock.advance(std::chrono::minutes(1));
    look_up();
    EXPECT_EQ(tokens(), 2u);
    clock.advance(std::chrono::minutes(15));
    look_up();
    EXPECT_EQ(tokens(), 2u) << "twice as long the second time";
    log_in("ci", "another");
    EXPECT_TRUE(look_up()) << "a new password is tried at once";
}

TEST_F(AuthorizationTest, APasswordThatWasGoodIsOnlyRefusedWhereItIsNotEnough) {
    want_tokens({.username = "ci", .password = "s3cret-password"});
    log_in();
    ASSERT_TRUE(look_up());
    registry.fail({.target = "team%2Fweb", .status = 401});
    EXPECT_FALSE(look_up("registry.example.com/team/web:1.0"));
    EXPECT_FALSE(look_up("registry.example.com/team/web:1.0"));
    EXPECT_EQ(tokens(), 2u);
    clock.advance(std::chrono::minutes(6));
    EXPECT_TRUE(look_up()) << "the other repository is still read";
}

TEST_F(AuthorizationTest, APasswordThatExpiredIsNotTriedOnEveryRepository) {
    want_tokens({.username = "ci", .password = "s3cret-password"});
    log_in();
    std::vector<std::string> bases;
    for (int number = 0; number < 20; ++number) {
        auto repository = "team/app-" + std::to_string(number);
        registry.push(repository, "1.0", image());
        bases.push_back("registry.example.com/" + repository + ":1.0");
        ASSERT_TRUE(look_up(bases.back()));
    }
    registry.token_rules().password = "the-next-password";
    clock.advance(std::chrono::minutes(6));
    transport.forget();
    for (const auto& base : bases) EXPECT_EQ(look_up(base).error().kind(), ErrorKind::unauthorized);
    EXPECT_EQ(tokens(), 1u) << "where a token was given before, a 401 means the password";
    for (int hour = 0; hour < 24; ++hour) {
        clock.advance(std::chrono::hours(1));
        for (const auto& base : bases) look_up(base);
    }
    EXPECT_LE(tokens(), 2u * 24) << "an account must not be locked by us";
    log_in("ci", "the-next-password");
    for (const auto& base : bases) EXPECT_TRUE(look_up(base));
}

// Some servers say 401 to whom they let in before, where a right was taken away.
TEST_F(AuthorizationTest, ARepositoryThatWasTakenAwayShutsTheOthersOutOnce) {
    want_tokens({.username = "ci", .password = "s3cret-password"});
    log_in();
    ASSERT_TRUE(look_up());
    ASSERT_TRUE(look_up("registry.example.com/team/web:1.0"));
    registry.fail({.target = "team%2Fweb", .times = 1000, .status = 401});
    clock.advance(std::chrono::minutes(6));
    EXPECT_FALSE(look_up("registry.example.com/team/web:1.0"));
    EXPECT_FALSE(look_up());
    for (int quarter = 0; quarter < 96; ++quarter) {
        clock.advance(std::chrono::minutes(16));
        EXPECT_FALSE(look_up("registry.example.com/team/web:1.0"));
        EXPECT_TRUE(look_up()) << quarter;
    }
}

TEST_F(AuthorizationTest, ARevokedTokenIsFetchedAnewOnce) {
    want_tokens();
    look_up();
    registry.revoke_tokens();
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().size(), 3u) << "HEAD, token, HEAD";
}

TEST_F(AuthorizationTest, AFreshTokenThatIsNotEnoughIsTheEnd) {
    want_tokens({.closed = {"team/app"}});
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::unauthorized);
    EXPECT_THAT(pointer.error().message(), HasSubstr("insufficient_scope"));
    EXPECT_EQ(transport.sent().size(), 3u);
    transport.forget();
    EXPECT_FALSE(look_up());
    EXPECT_EQ(transport.sent().size(), 1u) << "the same token says the same; the token server is left alone";
    clock.advance(std::chrono::minutes(10));
    registry.token_rules().closed.clear();
    EXPECT_TRUE(look_up()) << "the next token may be enough";
}

TEST_F(AuthorizationTest, APasswordIsAskedForByBasic) {
    registry.ask_for_password("ci", "s3cret-password");
    log_in();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().size(), 2u);
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().size(), 3u) << "known from now on";
    EXPECT_EQ(last_authorization("/manifests/"), "Basic " + base64("ci:s3cret-password"));
}

TEST_F(AuthorizationTest, BasicWithoutAPasswordSaysSo) {
    registry.ask_for_password("ci", "s3cret-password");
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::unauthorized);
    EXPECT_THAT(pointer.error().message(), HasSubstr("a user name and a password, and none is configured"));
    EXPECT_THAT(pointer.error().message(), HasSubstr("asked without credentials"));
}

TEST_F(AuthorizationTest, AWrongBasicPasswordIsLockedAwayAfterThreeTimes) {
    registry.ask_for_password("ci", "another");
    log_in();
    for (int i = 0; i < 6; ++i) EXPECT_EQ(look_up().error().kind(), ErrorKind::unauthorized);
    EXPECT_EQ(transport.count("HEAD"), 4u) << "the first without, and three with the password";
    clock.advance(std::chrono::minutes(15));
    look_up();
    EXPECT_EQ(transport.count("HEAD"), 5u);
    log_in("ci", "another");
    EXPECT_TRUE(look_up());
}

TEST_F(AuthorizationTest, BearerIsPreferredAndHarborsBasicAfterAnOldTokenIsNotFollowed) {
    want_tokens({.username = "ci", .password = "s3cret-password"});
    log_in();
    look_up();
    registry.revoke_tokens();
    registry.fail({.method = "HEAD",
                   .times = 1,
                   .status = 401,
                   .headers = {{"WWW-Authenticate", "Basic realm=\"harbor\""}}});
    ASSERT_TRUE(look_up());
    EXPECT_THAT(last_authorization("/manifests/"), HasSubstr("Bearer"));
    for (const auto& request : transport.sent())
        if (request.url.host == "registry.example.com")
            EXPECT_THAT(std::string(request.headers.find("Authorization").value_or("")),
                        Not(HasSubstr("Basic")));
}

TEST_F(AuthorizationTest, ARegistryThatIsSilentIsAskedWhatItWants) {
    want_tokens();
    registry.fail({.method = "HEAD", .times = 1, .status = 401});
    auto pointer = look_up();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(transport.count("GET", "https://registry.example.com/v2/"), 1u);
}

TEST_F(AuthorizationTest, A401WithoutEndEnds) {
    client();
    transport.serve("https://registry.example.com", [](const net::HttpRequest&) {
        static int turn = 0;
        return answer(401,
                      {{"WWW-Authenticate", "Bearer realm=\"https://auth.example.com/token\",service=\"" +
                                                std::to_string(++turn) + "\""}});
    });
    transport.serve("https://auth.example.com",
                    [](const net::HttpRequest&) { return answer(200, {}, R"({"token":"t"})"); });
    EXPECT_EQ(look_up().error().kind(), ErrorKind::unauthorized);
    EXPECT_LE(transport.sent().size(), 6u);
}

TEST_F(AuthorizationTest, SchemesThatWeDoNotSpeakAreNamed) {
    registry.fail({.status = 401, .headers = {{"WWW-Authenticate", "Negotiate"}}});
    EXPECT_THAT(look_up().error().message(), HasSubstr("negotiate, which we do not speak"));
}

TEST_F(AuthorizationTest, ARelativeRealmIsTheRegistrysOwn) {
    registry.ask_for_token({.realm = "/token"});
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.count("GET", "https://registry.example.com/token?"), 1u);
}

TEST_F(AuthorizationTest, RealmsThatCannotBeTrustedAreRefused) {
    struct Row {
        const char* realm;
        ErrorKind kind;
    };
    const Row rows[] = {
        {"http://auth.example.com/token", ErrorKind::blocked},
        {"https://user:password@auth.example.com/token", ErrorKind::blocked},
        {"ftp://auth.example.com/token", ErrorKind::bad_answer},
        {"https://", ErrorKind::bad_answer},
    };
    for (const auto& row : rows) {
        registry.ask_for_token({.realm = row.realm});
        auto pointer = look_up();
        ASSERT_FALSE(pointer) << row.realm;
        EXPECT_EQ(pointer.error().kind(), row.kind) << row.realm;
        EXPECT_EQ(transport.count("", "auth.example.com"), 0u);
    }
}

TEST_F(AuthorizationTest, APublicRegistryMayNotSendPasswordsToLocalAddresses) {
    want_tokens();
    look_up();
    auto rule_of = [&](const std::string& address) {
        for (const auto& request : transport.sent())
            if (request.url.text().find(address) != std::string::npos) return request.policy->addresses;
        throw std::runtime_error("no request");
    };
    EXPECT_EQ(rule_of("auth.example.com"), net::AddressRule::public_only);
    EXPECT_EQ(rule_of("registry.example.com"), net::AddressRule::no_metadata) << "the user named it";

    // One that itself answers from a private address is a registry of this network.
    transport.forget();
    transport.serve("https://corp.example.com", [this](const net::HttpRequest& request) {
        auto made = registry.answer({request.method, request.url.target, request.headers, request.body});
        auto response = answer(made.status, made.headers, made.body);
        response.remote = "10.0.0.7:443";
        return response;
    });
    look_up("corp.example.com/team/app:1.0");
    EXPECT_EQ(rule_of("auth.example.com"), net::AddressRule::no_metadata);
}

TEST_F(AuthorizationTest, IdentityTokensAreExchangedByPost) {
    want_tokens({.refresh_token = "long-lived"});
    use_auth_file(R"({"auths":{"registry.example.com":{"auth":"MDAwOg==","identitytoken":"long-lived"}}})");
    auto pointer = look_up();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(transport.count("POST", "auth.example.com"), 1u);
    EXPECT_EQ(transport.count("GET", "auth.example.com"), 0u);
    const auto& post = transport.sent()[1];
    EXPECT_EQ(post.body,
              "grant_type=refresh_token&client_id=basewatch&scope=repository%3Ateam%2Fapp%3Apull"
              "&refresh_token=long-lived&service=fake-registry");
    EXPECT_FALSE(post.headers.find("Authorization"));
}

TEST_F(AuthorizationTest, ServersThatKnowOnlyGetAreAskedByGet) {
    for (int status : {404, 405, 401, 400}) {
        want_tokens({.username = "000", .password = "long-lived"});
        registry.fail({.method = "POST", .status = status});
        use_auth_file(
            R"({"auths":{"registry.example.com":{"auth":"MDAwOg==","identitytoken":"long-lived"}}})");
        clock.advance(std::chrono::hours(24));
        transport.forget();
        auto pointer = look_up();
        ASSERT_TRUE(pointer) << status << ": " << pointer.error().message();
        EXPECT_EQ(transport.count("POST", "auth.example.com"), 1u);
        EXPECT_EQ(last_authorization("auth.example.com"), "Basic " + base64("000:long-lived"));
        registry.recover();
    }
}

TEST_F(AuthorizationTest, RegistryTokensAreSentAsTheyAre) {
    use_auth_file(R"({"auths":{"registry.example.com":{"registrytoken":"ready-made"}}})");
    look_up();
    EXPECT_EQ(last_authorization("registry.example.com"), "Bearer ready-made");
}

TEST_F(AuthorizationTest, ARegistryTokenThatIsRefusedIsLeftAlone) {
    registry.ask_for_password("ci", "another-way-in");
    use_auth_file(R"({"auths":{"registry.example.com":{"registrytoken":"ready-made"}}})");
    for (int i = 0; i < 6; ++i) {
        auto pointer = look_up();
        ASSERT_FALSE(pointer);
        EXPECT_EQ(pointer.error().kind(), ErrorKind::unauthorized);
        EXPECT_THAT(pointer.error().message(), HasSubstr("its registrytoken is not accepted"));
        EXPECT_THAT(pointer.error().message(), Not(HasSubstr("ready-made")));
    }
    EXPECT_EQ(transport.sent().size(), 3u);
    use_auth_file(R"({"auths":{"registry.example.com":{"registrytoken":"newly-made"}}})");
    look_up();
    EXPECT_EQ(last_authorization("registry.example.com"), "Bearer newly-made");
}

TEST_F(AuthorizationTest, ARefreshTokenThatIsReplacedIsUsedFromThenOn) {
    std::vector<std::string> shown;
    want_tokens();
    transport.serve("https://auth.example.com", [&](const net::HttpRequest& request) {
        shown.push_back(request.body);
        return answer(200, {},
                      R"({"access_token":"of-no-use","refresh_token":"second-one","expires_in":60})");
    });
    use_auth_file(R"({"auths":{"registry.example.com":{"identitytoken":"first-one"}}})");
    look_up();
    clock.advance(std::chrono::minutes(10));
    look_up("registry.example.com/team/web:1.0");
    ASSERT_GE(shown.size(), 2u);
    EXPECT_THAT(shown.front(), HasSubstr("refresh_token=first-one"));
    EXPECT_THAT(shown.back(), HasSubstr("refresh_token=second-one"));
}

TEST_F(AuthorizationTest, EachNamespaceIsAskedForWithItsOwnCredential) {
    registry.push("other/app", "1.0", image());
    want_tokens();
    use_auth_file(R"({"auths":{"registry.example.com":{"auth":")" + base64("all:all-secret") +
                  R"("},"registry.example.com/team":{"auth":")" + base64("team:team-secret") +
                  R"("},"registry.example.com/team/web":{"auth":")" + base64("web:web-secret") + R"("}}})");
    auto asked_as = [&](const std::string& repository) {
        look_up("registry.example.com/" + repository + ":1.0");
        return last_authorization("auth.example.com");
    };
    EXPECT_EQ(asked_as("team/app"), "Basic " + base64("team:team-secret"));
    EXPECT_EQ(asked_as("team/web"), "Basic " + base64("web:web-secret"));
    EXPECT_EQ(asked_as("other/app"), "Basic " + base64("all:all-secret"));
}

TEST_F(AuthorizationTest, AHelperThatIsNotThereIsAnErrorAndNotAnonymous) {
    use_auth_file(R"({"credHelpers":{"registry.example.com":"ecr-login"}})");
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::unsupported);
    EXPECT_THAT(pointer.error().message(), HasSubstr("docker-credential-ecr-login is not in PATH"));
    EXPECT_TRUE(transport.sent().empty());
}

TEST_F(AuthorizationTest, TokenAnswersThatAreNoneAreRefused) {
    for (std::string body : {"", "{}", "[]", "token", R"({"token":""})", R"({"token":7})",
                             R"({"token":"a b"})", R"({"token":"a\r\nX: y"})"}) {
        want_tokens();
        transport.serve("https://auth.example.com",
                        [body](const net::HttpRequest&) { return answer(200, {}, body); });
        auto pointer = look_up();
        ASSERT_FALSE(pointer) << body;
        EXPECT_EQ(pointer.error().kind(), ErrorKind::bad_answer) << body;
    }
    transport.serve("https://auth.example.com", [](const net::HttpRequest&) {
        return answer(302, {{"Location", "https://evil.example.com/token"}});
    });
    EXPECT_EQ(look_up().error().kind(), ErrorKind::bad_answer);
    EXPECT_EQ(transport.count("", "evil.example.com"), 0u);
}

TEST_F(AuthorizationTest, ATokenServerThatIsTiredIsLeftAlone) {
    want_tokens();
    transport.serve("https://auth.example.com",
                    [](const net::HttpRequest&) { return answer(429, {{"Retry-After", "60"}}); });
    EXPECT_EQ(look_up().error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(look_up("registry.example.com/team/web:1.0").error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(tokens(), 1u);
    EXPECT_FALSE(client().paused_until("registry.example.com")) << "the registry itself said nothing";
    clock.advance(std::chrono::seconds(61));
    look_up();
    EXPECT_EQ(tokens(), 2u);
}

TEST_F(AuthorizationTest, WhatEchoesOurTokenDoesNotTellIt) {
    want_tokens();
    look_up();
    registry.fail({.status = 403, .headers = {{"Content-Type", "text/plain"}}, .body = "no: Bearer token-1"});
    EXPECT_THAT(look_up().error().message(), Not(HasSubstr("token-1")));
}

}  // namespace
}  // namespace basewatch::registry
