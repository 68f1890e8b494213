#include "support/basewatch_program.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <iterator>

namespace basewatch::test {
namespace {

using testing::HasSubstr;

constexpr const char* valid = R"(
watch: [alpine:3.20]
rules:
  - {name: services, base: "ruby:3.3-alpine", dependents: [registry.example.com/shop/api:latest], fire: [hook, build]}
targets:
  hook: {preset: webhook, url: "http://127.0.0.1:9/hook", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
  build: {preset: webhook, per: dependent, url: "http://127.0.0.1:9/build", body: '{image: .data.dependent.reference, base: .build.BASE_REF}'}
)";

TEST(CommandLine, SaysItsVersionAndItsVerbs) {
    auto version = basewatch({"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_THAT(version.output, HasSubstr("basewatch " BASEWATCH_VERSION));
    auto help = basewatch({"--help"});
    EXPECT_EQ(help.exit_code, 0);
    for (const char* verb : {"run", "check", "resolve", "validate", "test", "simulate", "verify", "presets",
                             "status", "bases", "changes", "deliveries", "explain", "check-now", "rebuild"})
        EXPECT_THAT(help.output, HasSubstr(verb));
}

TEST(CommandLine, AWrongCallIsAUsageError) {
    EXPECT_EQ(basewatch({}).exit_code, 2);
    EXPECT_EQ(basewatch({"chek"}).exit_code, 2);
    EXPECT_EQ(basewatch({"resolve"}).exit_code, 2);
    EXPECT_EQ(basewatch({"resolve", "Ruby:3.3"}).exit_code, 2);
    EXPECT_EQ(basewatch({"-c", "/nonexistent.yaml", "validate"}).exit_code, 2);
}

TEST(CommandLine, AnUnknownVerbIsNamedWithTheOneThatWasMeant) {
    EXPECT_THAT(basewatch({"statu"}).errors, HasSubstr("no verb `statu`: did you mean `status`?"));
    EXPECT_THAT(basewatch({"xyzzy", "--json"}).errors, HasSubstr("no verb `xyzzy`"));
}

TEST(CommandLine, AWrongWordIsToldWithTheRightOne) {
    EXPECT_THAT(basewatch({"presets", "gitlb"}).errors, HasSubstr("did you mean `gitlab`?"));
    EXPECT_THAT(basewatch({"presets", "xyzzy"}).errors, HasSubstr("`basewatch presets` lists them"));
    EXPECT_THAT(basewatch({"verify", "--secret-file", "/nonexistent/secret"}).errors,
                HasSubstr("cannot read /nonexistent/secret: No such file or directory"));
    for (const char* option : {"--since", "--until"}) {
        auto outcome = basewatch({"replay", option, "yesterday"});
        EXPECT_EQ(outcome.exit_code, 2);
        EXPECT_THAT(outcome.errors, HasSubstr("yesterday`: write a duration such as 2h or 3d, or a time"));
    }
}

// As somebody would call them: the arguments must not be what is complained of.
TEST(CommandLine, VerbsOfLaterVersionsSayThatTheyAre) {
    using Words = std::vector<std::string>;
    for (const Words& call : {Words{"discover", "."}, Words{"backup", "/tmp/x"}, Words{"restore", "/tmp/x"},
                              Words{"doctor"}, Words{"impact", "ruby:3.3"}, Words{"approve", "change:chg_1"},
                              Words{"simulate", "--rules", "rules.yaml", "--since", "7d"}}) {
        auto outcome = basewatch(call);
        EXPECT_EQ(outcome.exit_code, 2) << call.front();
        EXPECT_THAT(outcome.errors, HasSubstr("not in this version")) << call.front();
    }
}

TEST(CommandLine, ValidateSaysWhatItRead) {
    BasewatchProgram program(valid);
    auto outcome = program.verb({"validate"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("valid; 2 bases, 1 rule, 2 targets"));
    auto answer = program.json({"validate"});
    EXPECT_EQ(answer["valid"], true);
}

TEST(CommandLine, ValidateWarnsOfIntervalsThatCannotBeKept) {
    BasewatchProgram program(
        "registries: {docker.io: {rate: 1/m}}\ndefaults: {interval: 30s}\nwatch: [alpine, debian]\n");
    auto outcome = program.verb({"validate"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("basewatch.yaml:4:9: warning: asked every 2m, not every 30s"));
}

TEST(CommandLine, ValidateLocatesAProgramThatDoesNotCompile) {
    BasewatchProgram program(
        "targets:\n  hook:\n    preset: webhook\n    url: http://127.0.0.1:9/\n    body: '{text: "
        ".data.base.'\n");
    auto outcome = program.verb({"validate"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.errors, HasSubstr("basewatch.yaml:6:12: error: `body` of target hook"));
}

constexpr const char* conditional = R"(rules:
  - name: services
    base: "ruby:*"
    when: |
      .data.base.tag
      | test("^3")
    dependents: [registry.example.com/shop/api:latest]
    fire: [hook]
targets:
  hook: {preset: webhook, url: "http://127.0.0.1:9/hook"}
)";

TEST(CommandLine, ValidateLocatesTheLineOfAConditionThatDoesNotCompile) {
    std::string broken = conditional;
    broken.replace(broken.find("| test"), 6, "| tset");
    auto outcome = BasewatchProgram(broken).verb({"validate"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.errors, HasSubstr("error: `when` of rule \"services\": "));
    EXPECT_EQ(BasewatchProgram(conditional).verb({"validate"}).exit_code, 0);
}

TEST(CommandLine, SimulateSaysWhatConditionsSay) {
    BasewatchProgram program(conditional);
    auto wanted = program.verb({"simulate", "ruby:3.3-alpine"});
    EXPECT_THAT(wanted.output, HasSubstr("rule \"services\" wants it, by its `when`"));
    EXPECT_THAT(wanted.output, HasSubstr("event dev.basewatch.base.changed"));
    auto unwanted = program.verb({"simulate", "ruby:2.7"});
    EXPECT_EQ(unwanted.exit_code, 0) << unwanted.errors;
    EXPECT_THAT(unwanted.output, HasSubstr("rule \"services\" does not want it, by its `when`"));
    EXPECT_THAT(unwanted.output, HasSubstr("no rule fires"));
    EXPECT_EQ(program.json({"simulate", "ruby:2.7"})["conditions"][0]["outcome"], "unwanted");
}

TEST(CommandLine, SimulateShowsTheRequestsAndSendsNothing) {
    BasewatchProgram program(valid);
    auto outcome = program.verb({"simulate", "ruby:3.3-alpine"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_THAT(outcome.output,
                HasSubstr("event dev.basewatch.base.changed about docker.io/library/ruby:3.3-alpine"));
    EXPECT_THAT(
        outcome.output,
        HasSubstr("event dev.basewatch.rebuild.requested about registry.example.com/shop/api:latest"));
    EXPECT_THAT(outcome.output, HasSubstr("\"base\":\"docker.io/library/ruby:3.3-alpine\""));
    EXPECT_THAT(outcome.output, testing::Not(HasSubstr("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
    auto quiet = program.verb({"simulate", "ruby:3.3-alpine", "--kind", "metadata"});
    EXPECT_EQ(quiet.exit_code, 0);
    EXPECT_THAT(quiet.output, HasSubstr("no rule fires on metadata"));
    EXPECT_THAT(quiet.output, testing::Not(HasSubstr("is not watched")));
    auto unwatched = program.verb({"simulate", "node:22"});
    EXPECT_EQ(unwatched.exit_code, 0);
    EXPECT_THAT(unwatched.output,
                HasSubstr("no rule fires on content of docker.io/library/node:22\n"
                          "docker.io/library/node:22 is not watched: name it under `watch`"));
    EXPECT_EQ(program.verb({"simulate", "ruby:3.3-alpine", "--kind", "nonsense"}).exit_code, 2);
}

constexpr const char* grouped = R"(rules:
  - {name: services, base: "ruby:*", dependents: [shop/api], fire: [team, plain], group: {wait: 30s, most: 5m}}
  - {name: alone, base: "node:*", fire: [team], group: none}
  - {name: others, base: "alpine:*", fire: [team]}
targets:
  team: {preset: webhook, url: "http://127.0.0.1:9/team", body: "[.events[].id]", group: 2m}
  plain: {preset: webhook, url: "http://127.0.0.1:9/plain"}
)";

TEST(CommandLine, SimulateSaysWithWhatEachIsTold) {
    BasewatchProgram program(grouped);
    auto services = program.verb({"simulate", "ruby:3.3"}).output;
    EXPECT_THAT(services, HasSubstr("--- team\n--- told with what else comes: `group` of rule services, "
                                    "{wait: 30s, most: 5m}\nPOST http"));
    EXPECT_THAT(services, HasSubstr("--- plain\nPOST http")) << "it cannot tell several";
    EXPECT_THAT(program.verb({"simulate", "node:22"}).output, HasSubstr("--- team\nPOST http"));
    auto others = program.json({"simulate", "alpine:3"})["requests"][0];
    EXPECT_EQ(others["group"], "2m");
    EXPECT_EQ(others["group_of"], "the target");
}

TEST(CommandLine, TestSaysHowOtherMessagesWait) {
    BasewatchProgram program(grouped);
    EXPECT_THAT(
        program.verb({"test", "team"}).output,
        HasSubstr("--- a test waits for nothing, other messages by `group`: 2m; {wait: 30s, most: 5m} of "
                  "rule services; none of rule alone\n"));
    EXPECT_THAT(program.verb({"test", "plain"}).output, testing::Not(HasSubstr("group")));
    auto groups = nlohmann::json::parse(program.verb({"test", "team", "--json"}).output)["groups"];
    ASSERT_EQ(groups.size(), 3u);
    EXPECT_EQ(groups[1]["rule"], "services");
}

TEST(CommandLine, ValidateRefusesAGroupThatNoTargetCanTell) {
    std::string wrong = grouped;
    wrong.replace(wrong.find("[team, plain]"), 13, "[plain]");
    auto outcome = BasewatchProgram(wrong).verb({"validate"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.errors,
                HasSubstr("basewatch.yaml:3:84: error: `group` of rule `services`: no target of the "
                          "rule can tell several events (`plain`: preset webhook sends"));
}

TEST(CommandLine, PresetsListsEachWithASampleThatIsValid) {
    auto list = basewatch({"presets", "--json"});
    auto presets = nlohmann::json::parse(list.output);
    auto files = std::filesystem::directory_iterator(PROJECT_DIR "/config/presets");
    EXPECT_EQ(std::ssize(presets), std::distance(begin(files), end(files)));
    for (const auto& preset : presets) {
        std::string name = preset["name"];
        auto outcome = basewatch({"presets", name});
        EXPECT_EQ(outcome.exit_code, 0) << name;
        // The sample can be pasted as it is; its credentials come from a folder like systemd's.
        TemporaryFolder credentials;
        static constexpr std::string_view opening = "${credential:";
        for (auto at = outcome.output.find(opening); at != std::string::npos;
             at = outcome.output.find(opening, at + 1)) {
            auto from = at + opening.size();
            credentials.write(outcome.output.substr(from, outcome.output.find('}', from) - from),
                              "https://hooks.example.com/a-secret-value");
        }
        BasewatchProgram program(outcome.output);
        program.environment["CREDENTIALS_DIRECTORY"] = credentials.path().string();
        auto validated = program.verb({"validate"});
        EXPECT_EQ(validated.exit_code, 0) << name << ": " << validated.errors;
    }
    EXPECT_EQ(basewatch({"presets", "slak"}).exit_code, 2);
}

TEST(CommandLine, VerifyChecksARawRequestAsAReceiverWould) {
    TemporaryFolder folder;
    auto secret = folder.write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    std::string head =
        "POST /hook HTTP/1.1\r\nwebhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nwebhook-timestamp: 1614265330\r\n"
        "Webhook-Signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\n\r\n";
    std::string body = "{\"test\": 2432232314}";
    auto good = basewatch({"verify", "--secret-file", secret, "--now", "1614265400"}, {}, head + body);
    EXPECT_EQ(good.exit_code, 0) << good.errors;
    auto changed =
        basewatch({"verify", "--secret-file", secret, "--now", "1614265400"}, {}, head + body + " ");
    EXPECT_EQ(changed.exit_code, 1);
    auto late = basewatch({"verify", "--secret-file", secret}, {}, head + body);
    EXPECT_EQ(late.exit_code, 1);
    EXPECT_EQ(basewatch({"verify", "--secret-file", secret}, {}, "no request").exit_code, 2);
    EXPECT_EQ(basewatch({"verify", "--secret-file", folder / "none"}, {}, head + body).exit_code, 2);
}

TEST(CommandLine, ClientVerbsSayThatNoDaemonAnswers) {
    BasewatchProgram program(valid);
    auto outcome = program.verb({"status"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.errors, HasSubstr("no daemon answers on " + program.socket_path()));
}

}  // namespace
}  // namespace basewatch::test
