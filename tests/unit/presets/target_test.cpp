// A target and its preset made one: what is missing, what wins, what success means.

#include "presets/render.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace basewatch;
using namespace basewatch::presets;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

namespace {

settings::TargetSettings given(const std::string& preset, const std::string& url,
                               const std::string& token = "", const std::string& username = "") {
    settings::TargetSettings settings;
    settings.name = "t";
    settings.preset = preset;
    if (!url.empty()) settings.fields.url = Secret(url);
    if (!token.empty()) settings.token = Secret(token);
    settings.username = username;
    return settings;
}

TEST(Merge, SaysWhatIsMissing) {
    struct {
        settings::TargetSettings settings;
        const char* key;
    } cases[] = {
        {given("webhook", ""), "`url`"},
        {given("slack", ""), "`url`"},
        {given("clair", ""), "`url`"},
        {given("microbadger", ""), "`url`"},
        {given("dockerhub-build", ""), "`url`"},
        {given("github-dispatch", ""), "`token`"},
        {given("gitlab", "https://gitlab.example.com"), "`token`"},
        {given("jenkins", "", "token", "user"), "`url`"},
        {given("jenkins", "https://jenkins.example.com", "", "user"), "`token`"},
        {given("jenkins", "https://jenkins.example.com", "token"), "`username`"},
        {given("webhook", "https://ci.example.com/{token}"), "`token`"},
        {given("slak", "https://x"), "did you mean `slack`"},
        {given("nonsense", "https://x"), "there are clair dockerhub-build"},
    };
    for (const auto& test : cases) {
        auto target = merge(test.settings);
        ASSERT_FALSE(target) << test.settings.preset;
        EXPECT_EQ(target.error().kind(), ErrorKind::invalid);
        EXPECT_THAT(target.error().message(), HasSubstr(test.key));
    }
}

TEST(Merge, AnOptionMustBeOneOfThePresets) {
    auto settings = given("gitlab", "", "glptt-token");
    settings.options = {{"ref", "develop"}};
    auto target = merge(settings);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->options.at("ref"), "develop");
    settings.options = {{"reff", "develop"}};
    EXPECT_THAT(merge(settings).error().message(), HasSubstr("did you mean `ref`"));
    auto slack = given("slack", "https://hooks.slack.com/services/x");
    slack.options = {{"ref", "x"}};
    EXPECT_THAT(merge(slack).error().message(), HasSubstr("no option `ref`"));
}

TEST(Merge, TheTargetWins) {
    auto settings = given("slack", "https://hooks.slack.com/services/x");
    settings.fields.method = "PUT";
    settings.fields.per = settings::Per::dependent;
    settings.fields.timeout = 3s;
    settings.fields.rate = settings::Rate{5};
    settings.fields.success = {{200, 202}};
    settings.fields.headers.emplace("X-Team", settings::HeaderValue("platform"));
    auto target = merge(settings);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->fields.method, "PUT");
    EXPECT_EQ(target->per(), settings::Per::dependent);
    EXPECT_EQ(target->timeout(), 3s);
    EXPECT_EQ(target->fields.rate->per_second, 5);
    EXPECT_TRUE(target->fields.body);
    // Whoever says what success is says all of it: no more `ok`.
    EXPECT_TRUE(target->succeeded(202, "whatever", ""));
}

TEST(Merge, AHeaderOfTheTargetReplacesThePresets) {
    auto settings = given("github-dispatch", "", "ghp_token");
    settings.fields.headers.emplace("accept", settings::HeaderValue("application/json"));
    auto target = merge(settings);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->fields.headers.size(), 2u);
    EXPECT_EQ(target->fields.headers.at("accept").reveal(), "application/json");
    EXPECT_TRUE(target->fields.headers.contains("X-GitHub-Api-Version"));
}

TEST(Merge, NobodysWordIsTheDefault) {
    auto target = merge(given("webhook", "https://ci.example.com/hook"));
    ASSERT_TRUE(target);
    EXPECT_EQ(target->per(), settings::Per::change);
    EXPECT_EQ(target->signature(), settings::SignatureStyle::standard);
    EXPECT_EQ(target->timeout(), 15s);
    EXPECT_EQ(target->expire(), 72h);
    EXPECT_EQ(target->retries(), (std::vector<Milliseconds>{5s, 30s, 2min, 10min, 30min, 1h, 3h, 6h, 12h}));
    EXPECT_EQ(target->test, TestMode::safe);
}

TEST(Merge, EachPresetFiresAsItShould) {
    std::map<std::string, settings::Per> expected{
        {"clair", settings::Per::change},
        {"dockerhub-build", settings::Per::dependent},
        {"github-dispatch", settings::Per::dependent},
        {"gitlab", settings::Per::dependent},
        {"jenkins", settings::Per::dependent},
        {"microbadger", settings::Per::change},
        {"slack", settings::Per::change},
        {"webhook", settings::Per::change},
    };
    for (const auto& [name, per] : expected) {
        auto target = merge(given(name, "https://example.com/x", "token1", "user"));
        ASSERT_TRUE(target) << name;
        EXPECT_EQ(target->per(), per) << name;
        EXPECT_EQ(target->needs_layers, name == "clair") << name;
        // What would start something is not started by a test event.
        bool quiet = name == "microbadger" || name == "slack" || name == "webhook";
        EXPECT_EQ(target->test, quiet ? TestMode::safe : TestMode::starts) << name;
    }
}

TEST(Succeeded, IsThePresetsOwnWord) {
    struct {
        const char* preset;
        int status;
        const char* body;
        bool success;
    } cases[] = {
        {"webhook", 200, "", true},          {"webhook", 202, "x", true},
        {"webhook", 299, "", true},          {"webhook", 304, "", false},
        {"webhook", 404, "", false},         {"webhook", 500, "", false},
        {"slack", 200, "ok", true},          {"slack", 200, "ok\n", false},
        {"slack", 200, "", false},           {"slack", 200, "invalid_payload", false},
        {"slack", 204, "ok", false},         {"slack", 410, "channel_is_archived", false},
        {"github-dispatch", 204, "", true},  {"github-dispatch", 200, "{}", false},
        {"github-dispatch", 404, "", false}, {"github-dispatch", 422, "", false},
        {"gitlab", 201, "{}", true},         {"gitlab", 200, "", false},
        {"gitlab", 404, "", false},          {"jenkins", 201, "", true},
        {"jenkins", 200, "<html>", false},   {"jenkins", 302, "", false},
        {"clair", 201, "{}", true},          {"clair", 412, "", true},
        {"clair", 200, "", false},           {"clair", 400, "", false},
        {"microbadger", 200, "", true},      {"microbadger", 301, "", false},
        {"dockerhub-build", 200, "", true},  {"dockerhub-build", 202, "", true},
        {"dockerhub-build", 404, "", false},
    };
    for (const auto& test : cases) {
        auto target = merge(given(test.preset, "https://example.com/x", "token1", "user"));
        ASSERT_TRUE(target) << test.preset;
        EXPECT_EQ(target->succeeded(test.status, test.body, "text/html"), test.success)
            << test.preset << " " << test.status << " " << test.body;
    }
}

TEST(Succeeded, AContentTypeMayBeAskedFor) {
    auto settings = given("webhook", "https://example.com/x");
    settings.fields.success_content_type = "application/json";
    auto target = merge(settings);
    EXPECT_TRUE(target->succeeded(200, "{}", "application/json; charset=utf-8"));
    EXPECT_FALSE(target->succeeded(200, "<html>", "text/html"));
    EXPECT_FALSE(target->succeeded(200, "{}", ""));
}

TEST(Terminal, SaysWhatAStatusMeans) {
    auto slack = merge(given("slack", "https://hooks.slack.com/services/x"));
    EXPECT_THAT(slack->terminal.at(410), HasSubstr("archived"));
    auto jenkins = merge(given("jenkins", "https://jenkins.example.com", "token1", "user"));
    EXPECT_THAT(jenkins->terminal.at(302), HasSubstr("`token`"));
}

}  // namespace
