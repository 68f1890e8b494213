// What presets render, judged by what the services themselves publish: Slack's and GitHub's types, and the
// CloudEvents library of npm.

#include "support/process.hpp"
#include "unit/presets/preset_fixture.hpp"

namespace basewatch::presets {
namespace {

class PresetShapes : public PresetTest {
protected:
    static test::Outcome ask(std::vector<std::string> script, const std::string& input) {
        script[0] = PROJECT_DIR "/tests/integration/npm/" + script[0];
        script.insert(script.begin(), "node");
        return test::run(std::move(script), {}, input, std::chrono::seconds(120));
    }
    static void has_type(const std::string& type, const std::string& json) {
        auto outcome = ask({"check_types.mjs", type}, json);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.errors << "\n" << json;
    }
};

TEST_F(PresetShapes, SlackMessagesAreBlockKit) {
    auto settings = settings_of("slack", "https://hooks.slack.com/services/T0/B0/x");
    has_type("slack", rendered(settings, changed_event()).body);
    has_type("slack", rendered(settings, rebuild_event()).body);
    has_type("slack", rendered(settings, sample_event("base.unreachable", {{"base", sample_base()}})).body);
    has_type("slack", rendered_together(settings, {changed_event(), changed_event()}).body);
}

// Whoever can tell several events is judged by what its service publishes: a preset without is a fault.
TEST_F(PresetShapes, SeveralEventsInOneMessageAreOfTheSameShape) {
    std::vector<nlohmann::json> kinds;
    for (const char* kind : {"content", "reverted", "metadata", "platform_added", "platform_removed",
                             "tag_created", "tag_deleted", "newer_version", "<!channel>\n*&"}) {
        auto event = changed_event();
        event["data"]["kind"] = kind;
        kinds.push_back(event);
    }
    for (const char* type : {"base.unreachable", "base.recovered"})
        kinds.push_back(sample_event(type, {{"base", sample_base()}, {"error", "<no> & \"such\" host"}}));
    kinds.push_back(sample_event("target.disabled", {{"target", "ci"}, {"reason", "410 Gone"}}));
    std::vector<nlohmann::json> many(model::most_grouped, changed_event());
    std::size_t judged = 0;
    for (const auto& preset : built_in()) {
        if (!preset.tells_several) continue;
        SCOPED_TRACE(preset.name);
        auto settings = settings_of(preset.name, "https://chat.example.com/hook");
        for (const auto& events : {kinds, many})
            has_type(preset.name, rendered_together(settings, events).body);
        ++judged;
    }
    EXPECT_GE(judged, 1u);
}

TEST_F(PresetShapes, GithubDispatchesAreWhatTheApiTakes) {
    auto request = rendered(settings_of("github-dispatch", "", "ghp_token"), rebuild_event(),
                            {{"owner", "acme"}, {"repository", "shop-api"}});
    has_type("github-dispatch", request.body);
}

TEST_F(PresetShapes, TheTypesRefuseWhatIsWrong) {
    EXPECT_EQ(ask({"check_types.mjs", "slack"}, R"({"text":"a","blocks":[{"type":"header","text":"bare"}]})")
                  .exit_code,
              1);
    EXPECT_EQ(ask({"check_types.mjs", "github-dispatch"}, R"({"event":"a"})").exit_code, 1);
}

TEST_F(PresetShapes, WebhooksAreCloudEvents) {
    for (const auto& event : {changed_event(), rebuild_event()}) {
        auto request = rendered(settings_of("webhook", "https://ci.example.com/hook"), event);
        nlohmann::json input{{"headers", headers_of(request)}, {"body", request.body}};
        auto outcome = ask({"verify_cloudevent.mjs"}, input.dump());
        EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
        EXPECT_EQ(json_of(outcome.output)["type"], event["type"]);
        input["headers"]["Content-Type"] = "application/cloudevents+json; charset=UTF-8";
        EXPECT_NE(ask({"verify_cloudevent.mjs"}, input.dump()).exit_code, 0);  // the spelling matters to it
    }
}

}  // namespace
}  // namespace basewatch::presets
