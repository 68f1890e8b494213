// What a host taught us over a restart: kept while it holds, forgotten when it is over or proves wrong.

#include "unit/registry/client_fixture.hpp"

#include <algorithm>

namespace basewatch::registry {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::image;
using Conditions = test::RegistryScript::Conditions;

class MemoryTest : public ClientTest {
protected:
    MemoryTest() { built = image(), registry.push("team/app", "1.0", built); }
    // Another process that remembers what this one would have saved.
    RegistryClient& after_restart() {
        auto memories = client().unsaved();
        next = std::make_unique<RegistryClient>(loop.get_executor(), clock, transport, settings);
        next->remember(memories);
        EXPECT_TRUE(next->unsaved().empty()) << "what is remembered is what was saved";
        transport.forget();
        return *next;
    }
    Result<Pointer> ask(RegistryClient& who, const std::string& text = "registry.example.com/team/app:1.0") {
        return wait_for(who.look_up(reference(text)));
    }
    static std::string fact(RegistryClient& who, const std::string& name,
                            const std::string& host = "registry.example.com") {
        for (const auto& report : who.reports())
            for (const auto& one : report.learned)
                if (report.host == host && one.name == name) return one.value;
        return "";
    }

    test::Built built;
    std::unique_ptr<RegistryClient> next;
};

TEST_F(MemoryTest, TheTokenServerIsAskedFirstWithoutBeingRefusedAgain) {
    registry.ask_for_token({.realm = "https://registry.example.com/token"});
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().size(), 3u);
    auto& then = after_restart();
    EXPECT_EQ(fact(then, "authorization"), "bearer");
    EXPECT_EQ(fact(then, "realm"), "https://registry.example.com/token");
    EXPECT_EQ(fact(then, "service"), "fake-registry");
    ASSERT_TRUE(ask(then));
    EXPECT_EQ(transport.sent().size(), 2u);
    EXPECT_EQ(transport.count("GET", "/token"), 1u);
}

TEST_F(MemoryTest, NoTokenAndNoPasswordIsInIt) {
    settings->by_host["registry.example.com"].username = "ci";
    settings->by_host["registry.example.com"].password = Secret("s3cret-of-ci");
    registry.ask_for_token(
        {.realm = "https://registry.example.com/token", .username = "ci", .password = "s3cret-of-ci"});
    ASSERT_TRUE(look_up());
    for (const auto& memory : client().unsaved()) {
        for (const auto& one : memory.facts) {
            EXPECT_EQ(one.value.find("s3cret"), std::string::npos);
            EXPECT_EQ(one.value.find("token-1"), std::string::npos);
            EXPECT_NE(one.name, "username");
        }
    }
}

TEST_F(MemoryTest, ATokenServerThatMovedIsFoundAgainAfterOneFailure) {
    registry.ask_for_token({.realm = "https://registry.example.com/token"});
    ASSERT_TRUE(look_up());
    auto& then = after_restart();
    registry.ask_for_token({.realm = "https://registry.example.com/auth", .path = "/auth"});
    EXPECT_FALSE(ask(then)) << "/token is not there any more";
    ASSERT_TRUE(ask(then));
    EXPECT_EQ(fact(then, "realm"), "https://registry.example.com/auth");
}

TEST_F(MemoryTest, ATokenServerThatIsDownCostsNoMoreRequestsThanBefore) {
    registry.ask_for_token({.realm = "https://registry.example.com/token"});
    ASSERT_TRUE(look_up());
    registry.revoke_tokens();
    registry.fail({.target = "/token", .status = 404});
    clock.advance(minutes(6));
    EXPECT_FALSE(look_up());
    EXPECT_FALSE(look_up());
    transport.forget();
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(look_up());
    EXPECT_EQ(transport.count("HEAD"), 0u) << "the registry is not asked where it is at every check";
}

TEST_F(MemoryTest, ARegistryWithoutHeadIsReadByGetAtOnceAndTriedAgainAfterAWeek) {
    registry.fail({.method = "HEAD", .status = 405});
    ASSERT_TRUE(look_up());
    auto& then = after_restart();
    EXPECT_EQ(fact(then, "head"), "refused");
    ASSERT_TRUE(ask(then));
    EXPECT_EQ(transport.count("HEAD"), 0u);
    registry.recover();
    clock.advance(hours(7 * 24));
    EXPECT_EQ(fact(then, "head"), "");
    transport.forget();
    ASSERT_TRUE(ask(then));
    EXPECT_EQ(transport.sent().size(), 1u);
    EXPECT_EQ(fact(then, "head"), "with digest");
}

TEST_F(MemoryTest, AGetThatIsRefusedMakesItForgetAtOnce) {
    registry.fail({.method = "HEAD", .times = 1, .status = 405});
    ASSERT_TRUE(look_up());
    EXPECT_EQ(fact(client(), "head"), "refused");
    registry.fail({.method = "GET", .times = 1, .status = 405});
    EXPECT_FALSE(look_up());
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.count("HEAD"), 1u);
}

TEST_F(MemoryTest, HeadsWithoutADigestAreGivenAnotherChanceAfterAWeek) {
    registry.fail({.method = "HEAD", .without = {"Docker-Content-Digest"}});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(look_up());
    auto& then = after_restart();
    EXPECT_EQ(fact(then, "head"), "without digest");
    ASSERT_TRUE(ask(then));
    EXPECT_EQ(transport.count("HEAD"), 0u);
    registry.recover();
    clock.advance(hours(7 * 24));
    transport.forget();
    ASSERT_TRUE(ask(then));
    EXPECT_EQ(transport.count("GET"), 0u);
}

TEST_F(MemoryTest, WhetherA304IsToBeBelieved) {
    registry.take_conditions(Conditions::honoured);
    LastAnswer last;
    for (int i = 0; i < 4; ++i) {
        auto pointer = wait_for(client().look_up(reference("registry.example.com/team/app:1.0"), last));
        last = {pointer->digest, clock.now()};
    }
    auto& then = after_restart();
    EXPECT_EQ(fact(then, "if_none_match"), "honoured");
    ASSERT_TRUE(wait_for(then.look_up(reference("registry.example.com/team/app:1.0"), last)));
    EXPECT_TRUE(transport.sent().at(0).headers.find("If-None-Match"));
}

TEST_F(MemoryTest, ThePauseAndTheHalvedRateWhichRecovers) {
    registry.fail({.times = 1, .status = 429, .headers = {{"Retry-After", "600"}}});
    EXPECT_FALSE(look_up());
    auto rate = report().rate_per_second;
    EXPECT_NEAR(rate, 5, 0.1);
    auto& then = after_restart();
    EXPECT_EQ(then.paused_until("registry.example.com"), clock.monotonic() + seconds(600));
    EXPECT_NEAR(then.reports().at(0).rate_per_second, rate, 0.01);
    EXPECT_EQ(then.reports().at(0).rate_configured, 10);
    EXPECT_EQ(then.reports().at(0).state_until, clock.now() + seconds(600));
    EXPECT_FALSE(ask(then));
    EXPECT_TRUE(transport.sent().empty());
    clock.advance(minutes(11));
    EXPECT_TRUE(ask(then));
    EXPECT_GT(then.reports().at(0).rate_per_second, rate);
}

TEST_F(MemoryTest, ThatItFailedSoOftenThatItIsLeftAlone) {
    registry.fail({.status = 503});
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(look_up());
    auto until = report().state_until;
    ASSERT_GT(until, clock.now());
    clock.advance(seconds(5));
    auto& then = after_restart();
    EXPECT_EQ(then.reports().at(0).state_until, until);
    EXPECT_FALSE(ask(then));
    EXPECT_TRUE(transport.sent().empty()) << "a restart is no reason to ask it again at once";
    registry.recover();
    clock.advance(seconds(25));
    EXPECT_TRUE(ask(then)) << "one request is the probe";
    EXPECT_TRUE(ask(then));
}

TEST_F(MemoryTest, ThatATokenServerIsLeftAlone) {
    registry.ask_for_token({.realm = "https://auth.example.com/token"});
    test::RegistryScript tokens;
    transport.serve("https://auth.example.com", tokens);
    tokens.fail({.status = 503});
    for (int i = 0; i < 6; ++i) EXPECT_FALSE(look_up());
    auto& then = after_restart();
    EXPECT_FALSE(ask(then));
    EXPECT_EQ(transport.count("", "https://auth.example.com"), 0u);
}

TEST_F(MemoryTest, WhatWasReadOfDockerHubsPulls) {
    registry.push("library/ruby", "3.3", built);
    transport.serve("https://registry-1.docker.io", registry);
    ASSERT_TRUE(look_up("ruby:3.3"));
    for (int i = 0; i < 7; ++i) {
        ASSERT_TRUE(wait_for(client().manifest(reference("ruby:3.3"), built.digest)));
        clock.advance(minutes(2));
    }
    auto& then = after_restart();
    auto report = [&] { return then.reports().at(0); };
    EXPECT_EQ(report().pulls_remaining, 93);
    clock.advance(hours(6));
    EXPECT_EQ(report().pulls_remaining, 100) << "no more than their window";
}

TEST_F(MemoryTest, WhatDockerHubSaidOfThem) {
    registry.push("library/ruby", "3.3", built);
    transport.serve("https://registry-1.docker.io", registry);
    registry.fail({.headers = {{"RateLimit-Limit", "200;w=21600"},
                               {"RateLimit-Remaining", "150;w=21600"},
                               {"Docker-RateLimit-Source", "203.0.113.7"}}});
    ASSERT_TRUE(look_up("ruby:3.3"));
    auto& then = after_restart();
    auto report = then.reports().at(0);
    EXPECT_EQ(report.pulls_limit, 200);
    EXPECT_EQ(report.pulls_remaining, 150);
    EXPECT_EQ(report.pulls_source, "203.0.113.7");
    EXPECT_EQ(report.pulls_window, hours(6));
}

TEST_F(MemoryTest, AnAccountWithoutLimitHeadersIsUnlimitedAndAnAddressIsNot) {
    registry.push("library/ruby", "3.3", built);
    transport.serve("https://registry-1.docker.io", registry);
    ASSERT_TRUE(look_up("ruby:3.3"));
    EXPECT_EQ(report("docker.io").pulls_limit, 100) << "a proxy may have taken the headers away";
    auto logged_in = std::make_shared<settings::RegistriesSettings>();
    logged_in->by_host["docker.io"].username = "ci";
    logged_in->by_host["docker.io"].password = Secret("password");
    client().replace_settings(logged_in);
    registry.ask_for_password("ci", "password");
    ASSERT_TRUE(look_up("ruby:3.3"));
    EXPECT_FALSE(report("docker.io").pulls_limit);
    EXPECT_TRUE(report("docker.io").pulls_unlimited);
    EXPECT_TRUE(client().claim_pulls("docker.io", PullNeed::details, 1000));
    settings = logged_in;
    auto& then = after_restart();
    EXPECT_TRUE(then.reports().at(0).pulls_unlimited);
    registry.fail({.headers = {{"RateLimit-Limit", "200;w=21600"}, {"RateLimit-Remaining", "9;w=21600"}}});
    ASSERT_TRUE(ask(then, "ruby:3.3"));
    EXPECT_EQ(then.reports().at(0).pulls_remaining, 9) << "a plan can change";
    EXPECT_FALSE(then.reports().at(0).pulls_unlimited);
}

TEST_F(MemoryTest, AnotherAddressIsAnotherHost) {
    registry.fail({.method = "HEAD", .status = 405});
    ASSERT_TRUE(look_up());
    settings = std::make_shared<settings::RegistriesSettings>();
    settings->by_host["registry.example.com"].plain_http = true;
    auto memories = client().unsaved();
    ASSERT_FALSE(memories.empty());
    next = std::make_unique<RegistryClient>(loop.get_executor(), clock, transport, settings);
    next->remember(memories);
    EXPECT_EQ(fact(*next, "head"), "");
}

TEST_F(MemoryTest, DamageIsForgotten) {
    model::HostMemory wrong;
    wrong.host = "registry.example.com";
    wrong.address = "https://registry.example.com";
    auto since = clock.now() - minutes(1), until = clock.now() + hours(1);
    wrong.facts = {{"head", "upside down", since, until},
                   {"authorization", "bearer", since, until},
                   {"realm", "no address", since, until},
                   {"if_none_match", "honoured", since, clock.now() + hours(24 * 365 * 50)},
                   {"unheard of", "x", since, until}};
    wrong.rate_share = -3;
    wrong.slowed_at = clock.now() + hours(1000);
    wrong.paused_until = clock.now() + hours(24 * 365);
    wrong.refusals = -7;
    wrong.shut_until = clock.now() + hours(24 * 365);
    wrong.shuts = -1;
    wrong.pulls_limit = -1, wrong.pulls_remaining = 1'000'000;
    wrong.pulls = {{clock.now() + hours(9), 1'000'000'000}};
    client().remember({wrong});
    for (const char* name : {"head", "authorization", "if_none_match"}) EXPECT_EQ(fact(client(), name), "");
    EXPECT_LE(*client().paused_until("registry.example.com"), clock.monotonic() + hours(24));
    clock.advance(hours(24));
    EXPECT_TRUE(look_up());
    EXPECT_GT(report().rate_per_second, 0);
}

TEST_F(MemoryTest, WhatDoesNotChangeIsNotSavedAgain) {
    EXPECT_TRUE(client().unsaved().empty());
    ASSERT_TRUE(look_up());
    auto first = client().unsaved();
    ASSERT_EQ(first.size(), 1u);
    client().saved(first);
    for (int i = 0; i < 20; ++i) {
        clock.advance(minutes(15));
        ASSERT_TRUE(look_up());
    }
    EXPECT_TRUE(client().unsaved().empty());
    clock.advance(hours(24));
    ASSERT_TRUE(look_up());
    EXPECT_EQ(client().unsaved().size(), 1u) << "once a day its term begins anew";
}

TEST_F(MemoryTest, ARequestQuotaThatIsNearlyUsedUpHoldsTheHostWithoutHalvingItsRate) {
    registry.fail(
        {.times = 1,
         .headers = {{"RateLimit", "\"default\";r=3;t=40"}, {"RateLimit-Policy", "\"default\";q=100;w=60"}}});
    ASSERT_TRUE(look_up());
    EXPECT_EQ(client().paused_until("registry.example.com"), clock.monotonic() + seconds(40));
    EXPECT_EQ(report().rate_per_second, 10);
    EXPECT_EQ(look_up().error().kind(), ErrorKind::rate_limited);
    clock.advance(seconds(40));
    EXPECT_TRUE(look_up());
}

TEST_F(MemoryTest, RequestsAreCountedByMethodAndClassOfTheAnswer) {
    ASSERT_TRUE(look_up());
    EXPECT_FALSE(look_up("registry.example.com/team/app:none"));
    registry.fail({.method = "HEAD", .times = 1, .status = 299});
    EXPECT_FALSE(look_up());
    auto counted = report().answers;
    EXPECT_EQ((counted[{"HEAD", "2xx"}]), 2u);
    EXPECT_EQ((counted[{"HEAD", "4xx"}]), 1u);
    EXPECT_EQ((counted[{"GET", "4xx"}]), 1u);
    EXPECT_EQ(counted.size(), 3u);
    EXPECT_FALSE(look_up("nowhere.example.com/a:1"));
    EXPECT_EQ((report("nowhere.example.com").answers[{"HEAD", "none"}]), 1u);
}

}  // namespace
}  // namespace basewatch::registry
