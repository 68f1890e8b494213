// OAuth2 client credentials: what is asked, how long a token serves, what a refusal costs, and that a
// receiver who knows better is believed once.

#include "dispatch/access_tokens.hpp"

#include "support/manual_clock.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

settings::OAuth2 credentials() {
    settings::OAuth2 how;
    how.token_url = "https://login.example.com/oauth2/token";
    how.client_id = "base watch";
    how.client_secret = Secret("a secret & a half");
    how.scope = "builds.write builds.read";
    return how;
}

struct AccessTokensTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};
    std::string granted = R"({"access_token":"first-access-token","token_type":"Bearer","expires_in":3600})";
    int token_status = 200;
    std::string good = "Bearer first-access-token";  // what the receiver takes

    void SetUp() override {
        transport.answer = [this](const net::HttpRequest& request) {
            if (request.url.host == "login.example.com")
                return AnsweringTransport::status(token_status, granted);
            bool right = request.headers.find("Authorization") == good;
            return AnsweringTransport::status(right ? 204 : 401);
        };
    }
    presets::Target target(settings::OAuth2 how = credentials()) {
        settings::TargetSettings made;
        made.name = "ci";
        made.preset = "webhook";
        made.fields.url = Secret("https://ci.example.com/hook");
        made.fields.auth = settings::AuthSettings{settings::Auth::oauth2, "", how};
        return must(presets::merge(made));
    }
    std::size_t asked(const std::string& host) const {
        std::size_t count = 0;
        for (const auto& sent : transport.sent) count += sent.request.url.host == host ? 1 : 0;
        return count;
    }
    std::string deliver() {
        auto id = house.give("ci");
        EXPECT_TRUE(house.until([&] { return house.delivery(id).attempts > 0; }));
        EXPECT_TRUE(house.until([&] { return house.report("ci").in_flight == 0; }));
        return id;
    }
};

TEST_F(AccessTokensTest, IsAskedForByTheBookAndServesMany) {
    house.use({target()});
    house.start();
    std::vector<std::string> ids;
    for (int i = 0; i < 20; ++i) ids.push_back(house.give("ci"));
    for (const auto& id : ids) ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    EXPECT_EQ(asked("login.example.com"), 1u) << "one for all, also for those who came meanwhile";
    const auto& question = transport.sent[0];
    EXPECT_EQ(question.request.method, "POST");
    EXPECT_EQ(question.request.body, "grant_type=client_credentials&scope=builds.write+builds.read");
    EXPECT_EQ(question.header("Content-Type"), "application/x-www-form-urlencoded");
    // base64 of `base+watch:a+secret+%26+a+half` (RFC 6749 §2.3.1)
    EXPECT_EQ(question.header("Authorization"), "Basic YmFzZSt3YXRjaDphK3NlY3JldCslMjYrYStoYWxm");
    EXPECT_EQ(question.request.policy->addresses, net::AddressRule::no_metadata);
}

TEST_F(AccessTokensTest, TheSecretGoesIntoTheBodyWhereThatIsWanted) {
    auto how = credentials();
    how.secret_in_body = true;
    how.audience = "https://api.example.com";
    house.use({target(how)});
    house.start();
    deliver();
    EXPECT_EQ(
        transport.sent[0].request.body,
        "grant_type=client_credentials&scope=builds.write+builds.read&audience=https%3A%2F%2Fapi.example."
        "com&client_id=base+watch&client_secret=a+secret+%26+a+half");
    EXPECT_EQ(transport.sent[0].header("Authorization"), "");
}

TEST_F(AccessTokensTest, IsRenewedShortlyBeforeItExpires) {
    house.use({target()});
    house.start();
    deliver();
    clock.advance(3539s);
    EXPECT_EQ(house.state(deliver()), DeliveryState::delivered);
    EXPECT_EQ(asked("login.example.com"), 1u);
    clock.advance(1s);
    EXPECT_EQ(house.state(deliver()), DeliveryState::delivered);
    EXPECT_EQ(asked("login.example.com"), 2u);
}

TEST_F(AccessTokensTest, ALifetimeIsReadInEveryFormThatIsWritten) {
    struct Row {
        const char* expires_in;
        Milliseconds serves;
    };
    for (const Row& row : {Row{"30", 15s}, Row{"\"3600\"", 3540s}, Row{"-1", 4min}, Row{"\"soon\"", 4min},
                           Row{"99999999999", 24h - 60s}}) {
        AccessTokensTest::granted =
            std::string(R"({"access_token":"first-access-token","expires_in":)") + row.expires_in + "}";
        dispatch::AccessTokens tokens(loop.get_executor(), clock, transport);
        transport.sent.clear();
        auto questions = [&] {
            must(run_async(loop, tokens.token("ci", credentials(), nullptr, 1s)));
            return asked("login.example.com");
        };
        EXPECT_EQ(questions(), 1u) << row.expires_in;
        clock.advance(row.serves - 1ms);
        EXPECT_EQ(questions(), 1u) << row.expires_in;
        clock.advance(1ms);
        EXPECT_EQ(questions(), 2u) << row.expires_in;
    }
}

TEST_F(AccessTokensTest, ARefusalIsAReasonAndNotRepeatedForEachDelivery) {
    token_status = 401;
    granted = R"({"error":"invalid_client","error_description":"a secret & a half is wrong"})";
    house.use({target()});
    house.start();
    auto id = deliver();
    auto attempt = house.attempts(id)[0];
    EXPECT_EQ(attempt.reason, "token");
    EXPECT_TRUE(model::is_delivery_reason(attempt.reason));
    EXPECT_THAT(attempt.detail, HasSubstr("401: invalid_client"));
    EXPECT_THAT(attempt.detail, Not(HasSubstr("half")));
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    auto other = deliver();
    EXPECT_EQ(house.attempts(other)[0].reason, "token");
    EXPECT_EQ(asked("login.example.com"), 1u);
    EXPECT_EQ(asked("ci.example.com"), 0u);

    // Mended: a reload forgets the refusal.
    token_status = 200;
    granted = R"({"access_token":"first-access-token"})";
    house.use({target()});
    EXPECT_EQ(house.state(deliver()), DeliveryState::delivered);
}

TEST_F(AccessTokensTest, AReceiverThatKnowsBetterGetsANewOneAtOnce) {
    house.use({target()});
    house.start();
    EXPECT_EQ(house.state(deliver()), DeliveryState::delivered);
    clock.advance(61s);  // not within a minute: a receiver that refuses all must not have us ask for each
    good = "Bearer second-access-token";  // the first was revoked
    granted = R"({"access_token":"second-access-token","token_type":"bearer","expires_in":3600})";
    auto id = deliver();
    EXPECT_EQ(house.state(id), DeliveryState::delivered);
    EXPECT_THAT(house.attempts(id), SizeIs(1));
    EXPECT_EQ(asked("login.example.com"), 2u);
    // Several at once, and one question.
    clock.advance(61s);
    good = "Bearer third-access-token";
    granted = R"({"access_token":"third-access-token","expires_in":3600})";
    std::vector<std::string> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(house.give("ci"));
    for (const auto& one : ids) EXPECT_TRUE(house.until_state(one, DeliveryState::delivered));
    EXPECT_EQ(asked("login.example.com"), 3u);
    // One that is new and refused all the same is the receiver's last word.
    good = "Bearer another";
    auto refused = deliver();
    EXPECT_EQ(house.state(refused), DeliveryState::dead);
    EXPECT_EQ(house.attempts(refused)[0].status, 401);
    EXPECT_EQ(asked("login.example.com"), 3u);
}

TEST_F(AccessTokensTest, AnAnswerThatIsNoBearerTokenSaysSo) {
    for (const char* answer :
         {"<html>", "{}", R"({"access_token":""})", R"({"access_token":"line\nbreak"})",
          R"({"access_token":5})", R"({"access_token":"mac-token","token_type":"mac"})"}) {
        granted = answer;
        dispatch::AccessTokens tokens(loop.get_executor(), clock, transport);
        auto token = run_async(loop, tokens.token("ci", credentials(), nullptr, 1s));
        ASSERT_FALSE(token) << answer;
        EXPECT_EQ(token.error().kind(), ErrorKind::bad_answer) << answer;
        EXPECT_THAT(token.error().message(), HasSubstr("token server"));
    }
    token_status = 503;
    dispatch::AccessTokens away(loop.get_executor(), clock, transport);
    EXPECT_EQ(run_async(loop, away.token("ci", credentials(), nullptr, 1s)).error().kind(),
              ErrorKind::server_error);
    token_status = 302;
    dispatch::AccessTokens tokens(loop.get_executor(), clock, transport);
    EXPECT_EQ(run_async(loop, tokens.token("ci", credentials(), nullptr, 1s)).error().kind(),
              ErrorKind::bad_answer);
}

TEST_F(AccessTokensTest, NothingOfItIsShownOrStored) {
    transport.answer = [&](const net::HttpRequest& request) {
        if (request.url.host == "login.example.com") return AnsweringTransport::status(200, granted);
        return AnsweringTransport::status(500, "you sent first-access-token");
    };
    house.use({target()});
    house.start();
    auto attempt = house.attempts(deliver())[0];
    EXPECT_THAT(attempt.answer, Not(HasSubstr("first-access-token")));
    EXPECT_THAT(attempt.detail, Not(HasSubstr("first-access-token")));

    model::Event event{"evt_1", "dev.basewatch.test",         "target:ci", clock.now(),
                       "",      R"({"id":"evt_1","data":{}})"};
    auto before = asked("login.example.com");
    auto looked = run_async(
        loop, dispatch::try_target(target(), event, "", {}, false, clock, transport, house.registry(),
                                   house.jq(), house.mail(), house.kafka(), house.nats()));
    EXPECT_THAT(looked.request, HasSubstr("POST https://ci.example.com"));
    EXPECT_EQ(asked("login.example.com"), before) << "what is only looked at asks nobody";
    auto tried = run_async(
        loop, dispatch::try_target(target(), event, "", {}, true, clock, transport, house.registry(),
                                   house.jq(), house.mail(), house.kafka(), house.nats()));
    EXPECT_THAT(tried.answer + tried.request, Not(HasSubstr("first-access-token")));
}

}  // namespace
}  // namespace basewatch::test
