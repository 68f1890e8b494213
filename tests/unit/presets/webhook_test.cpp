// The preset "webhook": the event's own bytes, or what a user's program makes of them; and what any rendered
// request has.

#include "unit/presets/preset_fixture.hpp"

namespace basewatch::presets {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(PresetTest, WebhookSendsTheEventsBytes) {
    auto event = changed_event();
    auto request = rendered(settings_of("webhook", "https://ci.example.com/hooks/base?x=1"), event);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url.text(), "https://ci.example.com/hooks/base?x=1");
    EXPECT_EQ(request.body, event.dump());
    EXPECT_EQ(headers_of(request),
              (nlohmann::json{{"User-Agent", "basewatch/" BASEWATCH_VERSION},
                              {"Content-Type", "application/cloudevents+json; charset=utf-8"}}));
    EXPECT_EQ(request.policy->addresses, net::AddressRule::no_metadata);
    EXPECT_EQ(request.timeout, std::chrono::seconds(15));
    EXPECT_EQ(request.most_body, 64u << 10);
    EXPECT_TRUE(request.cut_body);
    EXPECT_EQ(worker.started(), 0);  // nothing to run
}

TEST_F(PresetTest, AProgramOfTheUserSeesEventAndSurroundings) {
    auto settings = settings_of("webhook", "https://ci.example.com/hook", "secret-token", "me");
    settings.fields.body =
        "{text: .data.base.reference, type, with, tag: .build.BASE_TAG, target: .target.name, token: "
        ".target.token,"
        " user: .target.username, options: .target.options, layers}";
    auto request = rendered(settings, rebuild_event(), {{"project", "shop/api"}});
    EXPECT_EQ(json_of(request.body), json_of(R"({
        "text": "docker.io/library/ruby:3.3-alpine", "type": "dev.basewatch.rebuild.requested",
        "with": {"project": "shop/api"}, "tag": "3.3-alpine", "target": "target", "token": "secret-token",
        "user": "me", "options": {}, "layers": null})"));
    EXPECT_EQ(headers_of(request)["Content-Type"], "application/json");
}

TEST_F(PresetTest, ABodyThatUsesEventsAlwaysHasThem) {
    auto settings = settings_of("webhook", "https://chat.example.com/");
    settings.fields.body = "[.events[].id]";
    EXPECT_EQ(json_of(rendered(settings, changed_event()).body),
              nlohmann::json::array({changed_event()["id"]}));
    settings.fields.body = "has(\"events\")";
    EXPECT_EQ(rendered(settings, changed_event()).body, "false");
    settings.fields.body = "[.events[]?.id] | length";
    settings.fields.per = settings::Per::dependent;
    EXPECT_EQ(rendered(settings, rebuild_event()).body, "0") << "a build is no message";
}

TEST_F(PresetTest, ContentTypeAndEncodingAreTheTargetsToSay) {
    auto settings = settings_of("webhook", "https://ci.example.com/hook");
    settings.fields.body = "{b: [1, \"x y\"], a: .data.kind}";
    settings.fields.encoding = settings::Encoding::form;
    auto form = rendered(settings, changed_event());
    EXPECT_EQ(form.body, "a=content&b=1&b=x+y");
    EXPECT_EQ(headers_of(form)["Content-Type"], "application/x-www-form-urlencoded");

    settings.fields.encoding.reset();
    settings.fields.body = "\"\\(.data.base.tag) moved\\n\"";
    settings.fields.headers.emplace("content-type", settings::HeaderValue("text/plain; charset=utf-8"));
    auto plain = rendered(settings, changed_event());
    EXPECT_EQ(plain.body, "3.3-alpine moved\n");
    EXPECT_EQ(plain.headers.all("Content-Type").size(), 1u);
    EXPECT_EQ(plain.headers.find("Content-Type"), "text/plain; charset=utf-8");
}

TEST_F(PresetTest, TheTokenGoesWhereItIsNamed) {
    auto settings = settings_of("webhook", "https://ci.example.com/{token}/go", "t/k n");
    settings.fields.headers.emplace("X-Key", settings::HeaderValue("Key {token}"));
    auto request = rendered(settings, changed_event());
    EXPECT_EQ(request.url.target, "/t%2Fk%20n/go");
    EXPECT_EQ(request.headers.find("X-Key"), "Key t/k n");
}

TEST_F(PresetTest, CredentialsInTheAddressAreSentAsBasic) {
    auto request = rendered(settings_of("webhook", "https://user:pass@ci.example.com/hook"), changed_event());
    EXPECT_EQ(request.headers.find("Authorization"), "Basic dXNlcjpwYXNz");
}

TEST_F(PresetTest, AGetHasNoBodyOfItsOwn) {
    auto settings = settings_of("webhook", "https://ci.example.com/build");
    settings.fields.method = "GET";
    auto request = rendered(settings, changed_event());
    EXPECT_EQ(request.body, "");
    EXPECT_FALSE(request.headers.find("Content-Type"));
}

TEST_F(PresetTest, FaultsSayTheLineInTheFile) {
    auto settings = settings_of("webhook", "https://ci.example.com/secret-path", "secret-token");
    settings.fields.body = ".data\n| nope\n";
    settings.fields.body_at = Mark{"basewatch.yaml", 41, 7};
    auto request = render_for(settings, changed_event());
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().message(), "`body` (basewatch.yaml:42): nope/0 is not defined");

    settings.fields.body = "error(\"bad: \" + .target.token)";
    request = render_for(settings, changed_event());
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().kind(), ErrorKind::invalid);
    EXPECT_THAT(request.error().message(),
                AllOf(HasSubstr("basewatch.yaml:41"), HasSubstr("bad: …"), Not(HasSubstr("secret"))));
    settings.fields.body = "1, 2";
    settings.fields.body_at = {};
    EXPECT_EQ(render_for(settings, changed_event()).error().message(),
              "`body`: the program gave several outputs, and one is needed");
}

TEST_F(PresetTest, APlaceWithoutAValueIsAnError) {
    auto request =
        render_for(settings_of("webhook", "https://ci.example.com/{project}/secret-path"), changed_event());
    ASSERT_FALSE(request);
    EXPECT_THAT(request.error().message(), AllOf(HasSubstr("{project}"), Not(HasSubstr("secret-path"))));
}

TEST_F(PresetTest, AHeaderWithALineBreakIsNotSent) {
    auto settings = settings_of("webhook", "https://ci.example.com/hook", "a\r\nX-Evil: 1");
    settings.fields.headers.emplace("X-Key", settings::HeaderValue("{token}"));
    auto request = render_for(settings, changed_event());
    ASSERT_FALSE(request);
    EXPECT_THAT(request.error().message(), AllOf(HasSubstr("X-Key"), Not(HasSubstr("Evil"))));
}

TEST_F(PresetTest, DescribedWithoutSecrets) {
    auto settings = settings_of("webhook", "https://ci.example.com/services/T0/very-secret", "token-in-body");
    settings.fields.body = "{token: .target.token, team: \"platform\"}";
    settings.fields.headers.emplace("Authorization", settings::HeaderValue("Custom short"));
    settings.fields.headers.emplace("Cookie", settings::HeaderValue("a=b"));
    settings.fields.headers.emplace("X-Gotify-Key", settings::HeaderValue("k"));
    settings.fields.headers.emplace("X-Team", settings::HeaderValue("platform"));
    settings.fields.headers.emplace("X-Odd", settings::HeaderValue("with token-in-body inside"));
    auto text = describe(rendered(settings, changed_event()));
    EXPECT_THAT(text,
                AllOf(HasSubstr("POST https://ci.example.com/…\n"), HasSubstr("X-Team: platform\n"),
                      HasSubstr("Authorization: [redacted]\n"), HasSubstr("Cookie: [redacted]\n"),
                      HasSubstr("X-Gotify-Key: [redacted]\n"), HasSubstr("\n\n{\"token\":\"[redacted]\"")));
    for (const char* secret : {"very-secret", "token-in-body", "Custom short"})
        EXPECT_THAT(text, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace basewatch::presets
