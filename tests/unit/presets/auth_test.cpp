// How a target says who we are: each style, over the preset's own, and what it needs.

#include "preset_fixture.hpp"

namespace basewatch::presets {
namespace {

using testing::HasSubstr;
using testing::Not;

const nlohmann::json event{
    {"id", "evt_1"}, {"type", "dev.basewatch.test"}, {"data", nlohmann::json::object()}};

struct AuthTest : PresetTest {
    static settings::TargetSettings with(settings::Auth style, std::string name = "",
                                         const std::string& preset = "webhook") {
        auto settings = settings_of(preset, "https://ci.example.com/hook", "the-token-itself", "somebody");
        settings.fields.auth = settings::AuthSettings{style, std::move(name), std::nullopt};
        return settings;
    }
};

TEST_F(AuthTest, EachStylePutsTheTokenWhereItBelongs) {
    using settings::Auth;
    auto authorization = [&](Auth style) {
        return std::string(rendered(with(style), event).headers.find("Authorization").value_or(""));
    };
    EXPECT_EQ(authorization(Auth::none), "");
    EXPECT_EQ(authorization(Auth::bearer), "Bearer the-token-itself");
    EXPECT_EQ(authorization(Auth::basic), "Basic c29tZWJvZHk6dGhlLXRva2VuLWl0c2VsZg==");
    auto by_header = rendered(with(Auth::header, "X-Api-Key"), event);
    EXPECT_EQ(by_header.headers.find("X-Api-Key"), "the-token-itself");
    auto by_query = rendered(with(Auth::query, "access_token"), event);
    EXPECT_EQ(by_query.url.target, "/hook?access_token=the-token-itself");
    EXPECT_EQ(by_query.headers.find("Cache-Control"), "no-store");
    for (const auto& request : {by_header, by_query, rendered(with(Auth::basic), event)})
        EXPECT_THAT(describe(request),
                    Not(testing::AnyOf(HasSubstr("the-token-itself"), HasSubstr("c29tZW"))));
}

TEST_F(AuthTest, TheTargetsOwnGoesBeforeThePresets) {
    auto settings = with(settings::Auth::bearer, "", "jenkins");
    auto request = rendered(settings, event, {{"job", "shop"}});
    EXPECT_EQ(request.headers.find("Authorization"), "Bearer the-token-itself");
}

TEST_F(AuthTest, WhatIsMissingIsSaid) {
    auto says = [](const settings::TargetSettings& settings) {
        auto target = merge(settings);
        return target ? std::string("nothing") : target.error().message();
    };
    auto settings = with(settings::Auth::bearer);
    settings.token = Secret();
    EXPECT_EQ(says(settings), "`auth` needs a `token`");
    settings = settings_of("webhook", "https://ci.example.com/hook");
    settings.fields.signature = settings::SignatureStyle::azure;
    EXPECT_EQ(says(settings), "`signature: azure` needs a `secret`");
    settings.fields.signature = settings::SignatureStyle::standard;
    settings.fields.signature_header = "X-Webhook-Checksum";
    EXPECT_EQ(says(settings), "`signature_header` is for `signature: azure`");
    // A preset that needs a token is served by OAuth2 as well.
    settings = settings_of("gitlab", "https://gitlab.example.com/api/v4/projects/1/trigger/pipeline");
    settings.fields.auth = settings::AuthSettings{settings::Auth::oauth2, "", settings::OAuth2{}};
    EXPECT_EQ(says(settings), "nothing");
}

}  // namespace
}  // namespace basewatch::presets
