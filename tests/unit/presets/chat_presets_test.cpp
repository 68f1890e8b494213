// Presets that tell people: the message, its limits, and that nothing from outside speaks in it.

#include "unit/presets/preset_fixture.hpp"

namespace basewatch::presets {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Slack : public PresetTest {
protected:
    nlohmann::json message(const nlohmann::json& event) {
        auto request = rendered(settings_of("slack", "https://hooks.slack.com/services/T0/B0/x"), event);
        auto body = json_of(request.body);
        within_limits(body);
        return body;
    }

    // Several events in one message.
    nlohmann::json summary(const std::vector<nlohmann::json>& events) {
        auto body = json_of(
            rendered_together(settings_of("slack", "https://hooks.slack.com/services/T0/B0/x"), events).body);
        within_limits(body);
        return body;
    }

    // What Slack refuses a message for.
    static void within_limits(const nlohmann::json& body) {
        std::size_t all = 0;
        EXPECT_LE(body["text"].get<std::string>().size(), 4'000u);
        EXPECT_FALSE(body["text"].get<std::string>().empty());
        EXPECT_LE(body["blocks"].size(), 50u);
        for (const auto& block : body["blocks"]) {
            auto texts =
                block["type"] == "context" ? block["elements"] : nlohmann::json::array({block["text"]});
            for (const auto& text : texts) {
                auto content = text["text"].get<std::string>();
                all += content.size();
                EXPECT_FALSE(content.empty());
                EXPECT_LE(content.size(), block["type"] == "header" ? 150u : 3'000u);
            }
        }
        EXPECT_LE(all, 13'000u);
    }

    static std::string text_of(const nlohmann::json& body) {
        std::string all = body["text"].get<std::string>() + "\n";
        for (const auto& block : body["blocks"])
            all += (block["type"] == "context" ? block["elements"][0] : block)["text"].is_string()
                       ? block["elements"][0]["text"].get<std::string>() + "\n"
                       : block["text"]["text"].get<std::string>() + "\n";
        return all;
    }
};

TEST_F(Slack, SeveralEventsAreAListOfLines) {
    auto other = changed_event();
    other["data"]["base"]["reference"] = "docker.io/library/<!channel>";
    other["data"]["kind"] = "reverted";
    auto lost =
        sample_event("base.unreachable",
                     {{"base", sample_base()}, {"since", "2026-11-23T10:00:00Z"}, {"error", "timed out"}});
    auto changes = text_of(summary({changed_event(), changed_event()}));
    EXPECT_THAT(changes, HasSubstr("2 base images changed, 2 dependent images"));
    EXPECT_THAT(changes,
                HasSubstr("ruby:3.3-alpine>: `sha256:aaaaaaaaaaaa` → `sha256:bbbbbbbbbbbb` · 2 images"));
    auto mixed = text_of(summary({changed_event(), other, lost}));
    EXPECT_THAT(mixed, HasSubstr("3 messages about base images"));
    EXPECT_THAT(mixed, AllOf(HasSubstr("(reverted)"), HasSubstr("cannot be checked: timed out")));
    EXPECT_THAT(mixed, Not(HasSubstr("<!channel>")));
}

TEST_F(Slack, AHundredEventsFit) {
    auto event = changed_event();
    event["data"]["base"]["reference"] = std::string(250, 'a');
    EXPECT_THAT(text_of(summary(std::vector<nlohmann::json>(100, event))), HasSubstr(" more"));
}

TEST_F(Slack, AGroupOfOneIsAsAlways) {
    EXPECT_EQ(summary({changed_event()}), message(changed_event()));
}

TEST_F(Slack, AChange) {
    auto request =
        rendered(settings_of("slack", "https://hooks.slack.com/services/T0/B0/x"), changed_event());
    EXPECT_EQ(request.url.target, "/services/T0/B0/x");
    EXPECT_EQ(headers_of(request)["Content-Type"], "application/json");
    EXPECT_EQ(json_of(request.body), json_of(R"({
      "text": "ruby:3.3-alpine changed: `sha256:aaaaaaaaaaaa` → `sha256:bbbbbbbbbbbb`, 2 dependent images",
      "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Base image changed: ruby:3.3-alpine"}},
        {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "*<https://hub.docker.com/_/ruby|ruby:3.3-alpine>*\n`sha256:aaaaaaaaaaaa` → `sha256:bbbbbbbbbbbb`\non linux/amd64, linux/arm64\ndiffers in layers, config.Env"}},
        {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "*2 images are built on it:*\n• `registry.example.com/shop/api:latest` · team-shop\n• `registry.example.com/shop/worker:2`\n"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "verbatim": true, "text": "rule ruby services · seen by poll · evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC · <https://basewatch.example.com/api/v1/changes/chg_1|details>"}]}
      ]})"));
}

TEST_F(Slack, ARebuild) {
    auto event = rebuild_event();
    event["data"]["deadline"] = "2026-11-23T14:00:00Z";
    EXPECT_EQ(message(event), json_of(R"({
      "text": "Rebuild of registry.example.com/shop/api:latest requested: base changed",
      "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Rebuild requested: registry.example.com/shop/api:latest"}},
        {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "`registry.example.com/shop/api:latest` · team-shop\nbuilt on *<https://hub.docker.com/_/ruby|ruby:3.3-alpine>* `sha256:bbbbbbbbbbbb`\nreason: base changed\ndue by 2026-11-23T14:00:00Z"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "verbatim": true, "text": "evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC"}]}
      ]})"));
}

TEST_F(Slack, ABaseThatCannotBeChecked) {
    auto event = sample_event("base.unreachable", {{"base", sample_base()},
                                                   {"since", "2026-11-23T11:00:00Z"},
                                                   {"kind", "timed_out"},
                                                   {"error", "no answer from registry-1.docker.io"}});
    EXPECT_EQ(message(event), json_of(R"({
      "text": "ruby:3.3-alpine cannot be checked",
      "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Base image cannot be checked: ruby:3.3-alpine"}},
        {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "*ruby:3.3-alpine*\nfailing since 2026-11-23T11:00:00Z\ntimed_out: `no answer from registry-1.docker.io`"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "verbatim": true, "text": "evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC"}]}
      ]})"));
    event["type"] = "dev.basewatch.base.recovered";
    EXPECT_THAT(text_of(message(event)), HasSubstr("Base image can be checked again: ruby:3.3-alpine"));
    event["data"]["base"] = "docker.io/library/ruby:3.3-alpine";
    EXPECT_THAT(text_of(message(event)), HasSubstr("*ruby:3.3-alpine*"));
}

TEST_F(Slack, ATestSaysThatItIsOne) {
    auto change = changed_event();
    change["type"] = "dev.basewatch.test";
    change["data"]["test"] = true;
    EXPECT_THAT(text_of(message(change)),
                AllOf(HasSubstr("Test: ruby:3.3-alpine changed"), HasSubstr("This is a test")));
    auto rebuild = rebuild_event();
    rebuild["type"] = "dev.basewatch.test";
    EXPECT_THAT(text_of(message(rebuild)), AllOf(HasSubstr("Test: Rebuild of"), HasSubstr("This is a test")));
}

TEST_F(Slack, AnyOtherEventIsTold) {
    auto disabled =
        sample_event("target.disabled", {{"target", "scan"}, {"reason", "410 Gone"}, {"waiting", 3}});
    disabled["subject"] = "target:scan";
    EXPECT_THAT(text_of(message(disabled)),
                AllOf(HasSubstr("target.disabled: target:scan"), HasSubstr("`target:scan`\n410 Gone")));
    for (auto data :
         {nlohmann::json(nullptr), nlohmann::json::object(), nlohmann::json("text"), nlohmann::json(1)})
        EXPECT_THAT(text_of(message(sample_event("rebuild.verified", data))), HasSubstr("rebuild.verified"));
}

TEST_F(Slack, KindsAreSaidInWords) {
    for (auto [kind, words] :
         std::map<std::string, std::string>{{"reverted", "went back to an earlier content"},
                                            {"metadata", "has new metadata"},
                                            {"platform_added", "has a new platform"},
                                            {"platform_removed", "lost a platform"},
                                            {"tag_created", "has a new tag"},
                                            {"tag_deleted", "lost a tag"},
                                            {"newer_version", "has a newer version"}}) {
        auto event = changed_event();
        event["data"]["kind"] = kind;
        EXPECT_THAT(text_of(message(event)), HasSubstr("Base image " + words + ": ruby"));
    }
    auto tag = changed_event();
    tag["data"]["kind"] = "tag_created";
    tag["data"]["old"] = nullptr;
    EXPECT_THAT(text_of(message(tag)),
                HasSubstr("ruby:3.3-alpine tag created: points to `sha256:bbbbbbbbbbbb`, 2"));
    tag = changed_event();
    tag["data"]["kind"] = "tag_deleted";
    tag["data"]["new"] = nullptr;
    EXPECT_THAT(text_of(message(tag)), HasSubstr("pointed to `sha256:aaaaaaaaaaaa`"));
    tag = changed_event();
    tag["data"]["kind"] = "newer_version";
    tag["data"]["newer"] = {{"reference", "docker.io/library/ruby:3.4-alpine"},
                            {"tag", "3.4-alpine"},
                            {"tags", {"3.4-alpine", "3.3.1-alpine"}}};
    EXPECT_THAT(text_of(message(tag)), AllOf(HasSubstr("newer: `ruby:3.4-alpine` at `sha256:bbbbbbbbbbbb`"),
                                             HasSubstr("also new: 3.3.1-alpine")));
    auto assumed = changed_event();
    assumed["data"]["assumed"] = true;
    assumed["data"]["old"] = nullptr;
    assumed["data"]["dependents"] = nlohmann::json::array();
    EXPECT_THAT(text_of(message(assumed)), AllOf(HasSubstr("`not known` → `sha256:bbbbbbbbbbbb`"),
                                                 HasSubstr("is assumed"), HasSubstr("No image is listed")));
}

TEST_F(Slack, NothingFromOutsideSpeaks) {
    const std::string evil = "<!channel> & <https://evil.example|click>\n*bold* `code` \x1b[31m \"quoted\"";
    auto event = changed_event();
    auto& data = event["data"];
    data["base"]["reference"] = evil;
    data["base"]["url"] = "https://hub.example/|label>" + evil;
    data["dependents"][0]["reference"] = evil;
    data["dependents"][0]["owner"] = evil;
    data["rules"] = {evil};
    data["differences"] = {evil};
    data["changed_platforms"] = {evil};
    data["kind"] = evil;
    data["detected_by"] = evil;
    data["old"]["digest"] = evil;
    data["links"]["change"] = "https://x|<!here>";
    event["id"] = evil;
    for (const char* type : {"base.changed", "test", "base.unreachable", "other"}) {
        event["type"] = std::string("dev.basewatch.") + type;
        data["error"] = evil;
        data["since"] = evil;
        auto body = message(event);
        for (const auto& block : body["blocks"]) {
            if (block["type"] == "header") continue;  // plain_text
            auto text = (block["type"] == "context" ? block["elements"][0] : block["text"])["text"]
                            .get<std::string>();
            EXPECT_THAT(text, AllOf(Not(HasSubstr("<!")), Not(HasSubstr("|click>")), Not(HasSubstr("\x1b"))));
        }
        EXPECT_THAT(body["text"].get<std::string>(), AllOf(Not(HasSubstr("<")), Not(HasSubstr("\n"))));
    }
    auto rebuild = rebuild_event();
    rebuild["data"]["reason"] = "requested: " + evil;
    rebuild["data"]["dependent"]["owner"] = evil;
    EXPECT_THAT(text_of(message(rebuild)), AllOf(Not(HasSubstr("<!")), HasSubstr("&lt;!channel&gt;")));
}

TEST_F(Slack, NothingIsTooLongForIt) {
    const std::string long_text(5'000, '<');
    auto event = changed_event();
    auto& data = event["data"];
    data["base"] = {{"reference", long_text}, {"url", "https://hub.example/" + std::string(900, '&')}};
    data["changed_platforms"] = std::vector<std::string>(100, long_text);
    data["differences"] = std::vector<std::string>(100, long_text);
    data["rules"] = std::vector<std::string>(100, long_text);
    data["links"]["change"] = "https://x/" + std::string(900, '&');
    data["error"] = long_text;
    data["since"] = long_text;
    data["reason"] = long_text;
    for (const char* type : {"base.changed", "test", "base.unreachable", "other"}) {
        event["type"] = std::string("dev.basewatch.") + type;
        message(event);
    }
    auto rebuild = rebuild_event();
    rebuild["data"]["reason"] = long_text;
    rebuild["data"]["dependent"] = {{"reference", long_text}, {"owner", long_text}};
    message(rebuild);
}

TEST_F(Slack, LongListsAreCut) {
    for (std::size_t size : {std::size_t{20}, std::size_t{200}}) {
        auto event = changed_event();
        auto& dependents = event["data"]["dependents"];
        dependents = nlohmann::json::array();
        for (int i = 0; i < 500; ++i)
            dependents.push_back({{"reference", "registry.example.com/" + std::string(size, 'x') +
                                                    std::to_string(i) + ":latest"},
                                  {"owner", std::string(size, '&')}});
        for (int i = 0; i < 100; ++i)
            event["data"]["changed_platforms"].push_back("linux/" + std::string(80, 'p'));
        for (int i = 0; i < 100; ++i) event["data"]["differences"].push_back("label " + std::string(80, '<'));
        for (int i = 0; i < 100; ++i) event["data"]["rules"].push_back(std::string(200, '>'));
        auto text = text_of(message(event));
        EXPECT_THAT(text,
                    AllOf(HasSubstr("500 images are built on it"), HasSubstr("• `registry.example.com/xxx"),
                          HasSubstr("more\n"), HasSubstr("and 98 more")));
        int shown = 0;
        for (auto at = text.find("•"); at != std::string::npos; at = text.find("•", at + 1)) ++shown;
        EXPECT_THAT(text, HasSubstr("and " + std::to_string(500 - shown) + " more"));
    }
}

TEST_F(PresetTest, Microbadger) {
    auto settings = settings_of("microbadger", "https://ci.example.com/microbadger");
    auto request = rendered(settings, changed_event());
    EXPECT_EQ(headers_of(request)["Content-Type"], "application/json");
    nlohmann::json expected{
        {"text", "Docker image library/ruby has changed: tag 3.3-alpine is now " + digest_of('b')},
        {"image_name", "library/ruby"},
        {"new_tags", nlohmann::json::array()},
        {"changed_tags", {{{"tag", "3.3-alpine"}, {"SHA", digest_of('b')}}}},
        {"deleted_tags", nlohmann::json::array()}};
    EXPECT_EQ(json_of(request.body), expected);

    auto quay = changed_event();
    quay["data"]["base"]["registry"] = "quay.io";
    quay["data"]["base"]["tag"] = "a<!channel>&\"b";
    auto body = json_of(rendered(settings, quay).body);
    EXPECT_EQ(body["image_name"], "quay.io/library/ruby");
    EXPECT_THAT(body["text"].get<std::string>(),
                AllOf(Not(HasSubstr("<")), HasSubstr("a&lt;!channel&gt;&amp;\"b")));
    EXPECT_EQ(body["changed_tags"][0]["tag"], "a<!channel>&\"b");

    auto created = changed_event();
    created["data"]["kind"] = "tag_created";
    created["data"]["old"] = nullptr;
    body = json_of(rendered(settings, created).body);
    EXPECT_EQ(body["text"], "Docker image library/ruby has a new tag: 3.3-alpine is " + digest_of('b'));
    EXPECT_EQ(body["new_tags"], nlohmann::json({{{"tag", "3.3-alpine"}, {"SHA", digest_of('b')}}}));
    EXPECT_EQ(body["changed_tags"], nlohmann::json::array());
    auto deleted = changed_event();
    deleted["data"]["kind"] = "tag_deleted";
    deleted["data"]["new"] = nullptr;
    body = json_of(rendered(settings, deleted).body);
    EXPECT_EQ(body["text"], "Docker image library/ruby has lost the tag 3.3-alpine");
    EXPECT_EQ(body["deleted_tags"], nlohmann::json({{{"tag", "3.3-alpine"}, {"SHA", digest_of('a')}}}));
    EXPECT_EQ(body["changed_tags"], nlohmann::json::array());

    auto unreachable = sample_event("base.unreachable", {{"base", sample_base()}, {"kind", "timed_out"}});
    body = json_of(rendered(settings, unreachable).body);
    EXPECT_EQ(body["text"], "base.unreachable: library/ruby");
    EXPECT_EQ(body["changed_tags"], nlohmann::json::array());
}

TEST(ChatPresets, AreTwo) {
    for (const char* name : {"slack", "microbadger"}) EXPECT_NE(find(name), nullptr);
}

}  // namespace
}  // namespace basewatch::presets
