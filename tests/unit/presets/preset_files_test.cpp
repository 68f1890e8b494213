// The preset files themselves: all there, their samples true, their programs sound, and faults located.

#include "settings/secret_reader.hpp"
#include "settings/settings.hpp"
#include "unit/presets/preset_fixture.hpp"

namespace basewatch::presets {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(BuiltIn, AreThese) {
    std::vector<std::string> names;
    for (const auto& preset : built_in()) names.push_back(preset.name);
    EXPECT_THAT(names, ElementsAre("clair", "dockerhub-build", "exec", "github-dispatch", "gitlab", "jenkins",
                                   "kafka", "microbadger", "nats", "slack", "smtp", "webhook"));
    EXPECT_EQ(find("nothing"), nullptr);
    ASSERT_NE(find("slack"), nullptr);
    EXPECT_EQ(find("slack")->fields.rate->per_second, 1);
    EXPECT_EQ(find("clair")->fields.timeout, std::chrono::minutes(10));
}

// What a person pastes must work once the secrets are there.
TEST(BuiltIn, SamplesAreTargets) {
    settings::Environment environment;
    for (const auto& preset : built_in()) {
        std::string text = preset.sample;
        ASSERT_TRUE(text.starts_with("  ")) << preset.name;
        for (auto at = text.find("${credential:"); at != std::string::npos;
             at = text.find("${credential:", at))
            text.replace(at, text.find('}', at) + 1 - at, "https://example.com/hook");
        Problems problems;
        auto document = parse_yaml("sample", "targets:\n" + text, problems);
        ASSERT_TRUE(document) << preset.name;
        auto targets = document->entries().front().value.entries();
        ASSERT_EQ(targets.size(), 1u) << preset.name;
        settings::SecretReader secrets(environment, problems);
        auto settings =
            settings::read_target(targets[0].key, targets[0].where, targets[0].value, secrets, problems);
        for (const auto& problem : problems.sorted()) EXPECT_TRUE(problem.warning) << problem.what;
        EXPECT_EQ(settings.preset, preset.name);
        auto target = merge(settings);
        EXPECT_TRUE(target) << target.error().message();
    }
}

TEST_F(PresetTest, ProgramsCompile) {
    for (const auto& preset : built_in()) {
        if (!preset.fields.body) continue;
        auto checked = test::run_async(loop, worker.check(*preset.fields.body), std::chrono::seconds(60));
        EXPECT_TRUE(checked) << preset.name << ": " << (checked ? "" : checked.error().message());
    }
}

TEST(ReadPreset, LocatesWhatIsWrong) {
    struct {
        const char* text;
        const char* problem;
    } cases[] = {
        {"summary: a\nsample: b\nneeds: [url]\nmehtod: POST\n", "config/presets/x.yaml:4:1"},
        {"sample: b\nneeds: [url]\n", "summary"},
        {"summary: a\nsample: b\n", "needs one"},
        {"summary: a\nsample: b\nneeds: [url, tokens]\n", "needs"},
        {"summary: a\nsample: b\nneeds: [url]\nauth: {style: header}\n", "`name`"},
        {"summary: a\nsample: b\nneeds: [url]\nauth: {style: magic}\n", "style"},
        {"summary: a\nsample: b\nneeds: [url]\nterminal: {many: x}\n", "terminal"},
        {"summary: a\nsample: b\nneeds: [url]\npath: no\n", "begin with /"},
        {"summary: a\nsample: b\nneeds: [url]\ntest: maybe\n", "test"},
        {"summary: a\nsample: b\nway: smoke\n", "way"},
        {"summary: [\n", "config/presets/x.yaml"},
    };
    for (const auto& test : cases) {
        Problems problems;
        EXPECT_FALSE(read_preset("x", test.text, problems)) << test.text;
        ASSERT_FALSE(problems.sorted().empty());
        std::string all;
        for (const auto& problem : problems.sorted())
            all += problem.where.text() + ": " + problem.what + "\n";
        EXPECT_THAT(all, HasSubstr(test.problem));
    }
}

TEST(ReadPreset, ReadsEveryField) {
    Problems problems;
    auto preset = read_preset("x", R"(summary: one line
sample: |
  a:
    preset: x
url: https://x.example.com/{a}
method: PUT
per: dependent
auth: {style: header, name: X-Key}
encoding: form
test: dry_run
dry_run_headers: {X-Dry-Run: "1"}
needs: [token]
options: {a: b}
terminal: {409: taken}
already: [409]
success_content_type: application/json
)",
                              problems);
    ASSERT_TRUE(preset);
    EXPECT_EQ(preset->sample, "  a:\n    preset: x\n");
    EXPECT_EQ(preset->fields.auth->style, Auth::header);
    EXPECT_EQ(preset->fields.auth->name, "X-Key");
    EXPECT_EQ(preset->test, TestMode::dry_run);
    EXPECT_EQ(preset->dry_run_headers.at("X-Dry-Run"), "1");
    EXPECT_FALSE(preset->needs_url);
    EXPECT_TRUE(preset->needs_token);
    EXPECT_EQ(preset->options.at("a"), "b");
    EXPECT_EQ(preset->terminal.at(409), "taken");
    EXPECT_EQ(preset->fields.encoding, settings::Encoding::form);
    EXPECT_EQ(preset->fields.already.size(), 1u);
}

}  // namespace
}  // namespace basewatch::presets
