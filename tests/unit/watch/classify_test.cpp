#include "watch/classify.hpp"

#include "watch/inherited.hpp"

namespace basewatch::watch {
namespace {

using model::ChangeKind;
using model::Digest;
using model::ImageContent;
using model::Observation;
using model::Platform;
using testing::ElementsAre;
using testing::IsEmpty;
using Names = std::vector<std::string>;

Platform platform(const std::string& text) {
    return *Platform::parse(text);
}

// --- what two images hand down ---

ImageContent content() {
    ImageContent made;
    made.platform = platform("linux/amd64");
    made.diff_ids = {"sha256:1", "sha256:2"};
    made.inherited_config =
        R"({"Cmd":["sh"],"Entrypoint":["/init"],"Env":["A=1"],"ExposedPorts":{"80/tcp":{}},)"
        R"("Healthcheck":{"Test":["CMD","true"]},"OnBuild":["RUN x"],"Shell":["/bin/sh","-c"],)"
        R"("StopSignal":"SIGTERM","User":"app","Volumes":{"/data":{}},"WorkingDir":"/srv"})";
    made.labels = {{"maintainer", "us"}, {"org.opencontainers.image.created", "2026-01-01"}};
    made.created = "2026-01-01T00:00:00Z";
    return made;
}

ImageContent with_config(const std::string& member, const std::string& before, const std::string& after) {
    auto made = content();
    std::string quoted = "\"" + member + "\":";
    auto at = made.inherited_config.find(quoted + before);
    EXPECT_NE(at, std::string::npos) << member;
    made.inherited_config.replace(at + quoted.size(), before.size(), after);
    return made;
}

TEST(Inherited, EveryMemberCounts) {
    struct Case {
        const char* member;
        const char* before;
        const char* after;
    };
    const Case cases[] = {
        {"Cmd", R"(["sh"])", R"(["bash"])"},
        {"Entrypoint", R"(["/init"])", R"(["/init","-v"])"},
        {"Env", R"(["A=1"])", R"(["A=2"])"},
        {"ExposedPorts", R"({"80/tcp":{}})", R"({"80/tcp":{},"443/tcp":{}})"},
        {"Healthcheck", R"({"Test":["CMD","true"]})", R"({"Test":["NONE"]})"},
        {"OnBuild", R"(["RUN x"])", R"([])"},
        {"Shell", R"(["/bin/sh","-c"])", R"(["/bin/bash","-c"])"},
        {"StopSignal", R"("SIGTERM")", R"("SIGINT")"},
        {"User", R"("app")", R"("")"},
        {"Volumes", R"({"/data":{}})", R"({"/other":{}})"},
        {"WorkingDir", R"("/srv")", R"("/app")"},
    };
    for (const auto& [member, before, after] : cases) {
        auto changed = with_config(member, before, after);
        EXPECT_THAT(inherited_differences(content(), changed, {}),
                    ElementsAre("config." + std::string(member)));
        EXPECT_THAT(inherited_differences(changed, content(), {}),
                    ElementsAre("config." + std::string(member)));
    }
}

TEST(Inherited, LayersAndEverythingAtOnce) {
    auto other = with_config("Env", R"(["A=1"])", R"(["A=2"])");
    other.diff_ids.push_back("sha256:3");
    other.labels["maintainer"] = "them";
    EXPECT_THAT(inherited_differences(content(), other, {}),
                ElementsAre("layers", "config.Env", "label maintainer"));
    auto reordered = content();
    std::swap(reordered.diff_ids[0], reordered.diff_ids[1]);
    EXPECT_THAT(inherited_differences(content(), reordered, {}), ElementsAre("layers"));
}

TEST(Inherited, NothingIsNothingHoweverItIsWritten) {
    const char* nothings[] = {"{}", "", R"({"Cmd":null})", R"({"Cmd":[],"Volumes":{},"User":""})",
                              R"({"Env":[],"OnBuild":null,"WorkingDir":""})"};
    for (const char* one : nothings)
        for (const char* other : nothings) {
            auto before = content(), after = content();
            before.inherited_config = one;
            after.inherited_config = other;
            EXPECT_THAT(inherited_differences(before, after, {}), IsEmpty()) << one << " and " << other;
        }
}

TEST(Inherited, ConfigurationThatCannotBeReadDiffers) {
    auto broken = content();
    broken.inherited_config = "not JSON";
    EXPECT_THAT(inherited_differences(content(), broken, {}), ElementsAre("config"));
    EXPECT_THAT(inherited_differences(broken, broken, {}), IsEmpty());
}

TEST(Inherited, TimestampsAreNotHandedDown) {
    auto later = content();
    later.created = "2026-06-01T00:00:00Z";
    later.labels["org.opencontainers.image.created"] = "2026-06-01";
    EXPECT_THAT(inherited_differences(content(), later, {}), IsEmpty());
}

TEST(Labels, OnesThatChangeAtEveryBuildSayNothing) {
    const std::pair<const char*, bool> cases[] = {
        {"maintainer", true},
        {"org.opencontainers.image.created", false},
        {"org.opencontainers.image.base.digest", false},
        {"org.opencontainers.image", true},
        {"org.label-schema.vcs-ref", false},
        {"build-date", false},
        {"build-dates", true},
        {"vcs-ref", false},
        {"release", false},
        {"released", true},
        {"io.buildah.version", false},
        {"com.example.build.number", true},
        {"version", true},
    };
    for (const auto& [label, says] : cases) EXPECT_EQ(label_says_something(label, {}), says) << label;
    const Names more = {"com.example.build.*", "version"};
    EXPECT_FALSE(label_says_something("com.example.build.number", more));
    EXPECT_FALSE(label_says_something("version", more));
    EXPECT_TRUE(label_says_something("com.example.team", more));
    EXPECT_TRUE(label_says_something("versions", more));
}

// --- two observations ---

using Platforms = std::map<std::string, std::string>;  // platform → manifest

Digest digest(const std::string& of) {
    return Digest::of(of);
}

Observation observation(const std::string& root, const Platforms& platforms, bool detailed = true) {
    Observation made;
    made.digest = digest(root);
    made.detailed = detailed;
    for (const auto& [name, manifest] : platforms) made.platforms[platform(name)] = digest(manifest);
    return made;
}

ImageContent image(const std::string& layer, const std::string& env = "A=1") {
    ImageContent made;
    made.diff_ids = {layer};
    made.inherited_config = R"({"Env":[")" + env + R"("]})";
    return made;
}

// Manifests a1… hold layer a, b1… layer b and so on; the number is only another build of the same.
Images images(const Names& manifests) {
    Images made;
    for (const auto& name : manifests) made[digest(name)] = image(name.substr(0, 1));
    return made;
}

struct Case {
    std::string name;
    Observation before, after;
    Names watched;
    Names known;  // manifests whose contents are known
    Names expected;
    std::vector<Platforms> earlier;
    Names earlier_roots;
};

void PrintTo(const Case& given, std::ostream* out) {
    *out << given.name;
}

std::string text(const Classified& found) {
    std::string said(model::to_string(found.kind));
    if (found.assumed) said += " assumed";
    for (const auto& each : found.platforms) said += " " + each.text();
    for (const auto& each : found.differences) said += " " + each;
    return said;
}

Names classified(const Case& given) {
    ClassifyInput input;
    input.before = given.before;
    input.after = given.after;
    for (const auto& name : given.watched) input.platforms.push_back(platform(name));
    input.images = images(given.known);
    for (const auto& earlier : given.earlier)
        input.earlier_platforms.push_back(observation("", earlier).platforms);
    for (const auto& root : given.earlier_roots) input.earlier_digests.push_back(digest(root));
    Names found;
    for (const auto& each : classify(input)) found.push_back(text(each));
    return found;
}

const Platforms a1b1 = {{"linux/amd64", "a1"}, {"linux/arm64", "b1"}};

class Classify : public testing::TestWithParam<Case> {};

TEST_P(Classify, AsTheTableSays) {
    EXPECT_EQ(classified(GetParam()), GetParam().expected);
}

const Case cases[] = {
    {"SameDigestIsNothing", observation("x", a1b1), observation("x", a1b1), {"linux/amd64"}, {}, {}, {}, {}},
    {"NewLayers",
     observation("x", {{"linux/amd64", "a1"}}),
     observation("y", {{"linux/amd64", "c1"}}),
     {"linux/amd64"},
     {"a1", "c1"},
     {"content linux/amd64 layers"},
     {},
     {}},
    {"SameContentBuiltAgain",
     observation("x", {{"linux/amd64", "a1"}}),
     observation("y", {{"linux/amd64", "a2"}}),
     {"linux/amd64"},
     {"a1", "a2"},
     {"metadata linux/amd64"},
     {},
     {}},
    {"OnlyAnAttestationOrAnAnnotation",
     observation("x", a1b1),
     observation("y", a1b1),
     {"linux/amd64"},
     {},
     {"metadata"},
     {},
     {}},
    {"AnotherArchitectureOnly",
     observation("x", a1b1),
     observation("y", {{"linux/amd64", "a1"}, {"linux/arm64", "c1"}}),
     {"linux/amd64"},
     {"b1", "c1"},
     {"metadata"},
     {},
     {}},
    {"AllPlatformsAreWatched",
     observation("x", a1b1),
     observation("y", {{"linux/amd64", "a1"}, {"linux/arm64", "c1"}}),
     {},
     {"b1", "c1"},
     {"content linux/arm64 layers"},
     {},
     {}},
    {"OneMovedForGoodOneBuiltAgain",
     observation("x", a1b1),
     observation("y", {{"linux/amd64", "a2"}, {"linux/arm64", "c1"}}),
     {"linux/amd64", "linux/arm64"},
     {"a1", "a2", "b1", "c1"},
     {"content linux/arm64 layers"},
     {},
     {}},
    {"ContentsUnknown",
     observation("x", {{"linux/amd64", "a1"}}),
     observation("y", {{"linux/amd64", "c1"}}),
     {"linux/amd64"},
     {"c1"},
     {"content assumed linux/amd64"},
     {},
     {}},
    {"OneUnknownOneCertain",
     observation("x", a1b1),
     observation("y", {{"linux/amd64", "c1"}, {"linux/arm64", "d1"}}),
     {"linux/amd64", "linux/arm64"},
     {"a1", "c1"},
     {"content linux/amd64 linux/arm64 layers"},
     {},
     {}},
    {"OneUnknownOneSame",
     observation("x", a1b1),
     observation("y", {{"linux/amd64", "a2"}, {"linux/arm64", "d1"}}),
     {"linux/amd64", "linux/arm64"},
     {"a1", "a2"},
     {"content assumed linux/arm64"},
     {},
     {}},
    {"OldNeverLookedInto",
     observation("x", {}, false),
     observation("y", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {"a1"},
     {"content assumed linux/amd64"},
     {},
     {}},
    {"NowAnArtifact",
     observation("x", {{"linux/amd64", "a1"}}),
     observation("y", {}),
     {"linux/amd64"},
     {"a1"},
     {"content assumed linux/amd64"},
     {},
     {}},
    {"WasAnArtifact",
     observation("x", {}),
     observation("y", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {"a1"},
     {"content assumed linux/amd64"},
     {},
     {}},
    {"IndexBecomesSingleManifest",
     observation("x", {{"linux/amd64", "a1"}}),
     observation("a1", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {"a1"},
     {"metadata"},
     {},
     {}},
    {"PlatformAdded",
     observation("x", {{"linux/amd64", "a1"}}),
     observation("y", a1b1),
     {"linux/amd64", "linux/arm64"},
     {},
     {"platform_added linux/arm64"},
     {},
     {}},
    {"PlatformRemoved",
     observation("x", a1b1),
     observation("y", {{"linux/amd64", "a1"}}),
     {},
     {},
     {"platform_removed linux/arm64"},
     {},
     {}},
    {"UnwatchedPlatformAdded",
     observation("x", {{"linux/amd64", "a1"}}),
     observation("y", a1b1),
     {"linux/amd64"},
     {},
     {"metadata"},
     {},
     {}},
    {"ContentAndPlatforms",
     observation("x", a1b1),
     observation("y", {{"linux/amd64", "c1"}, {"linux/s390x", "d1"}}),
     {},
     {"a1", "c1"},
     {"content linux/amd64 layers", "platform_added linux/s390x", "platform_removed linux/arm64"},
     {},
     {}},
    {"BackToAnEarlierRoot",
     observation("x", {{"linux/amd64", "c1"}}),
     observation("w", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {"a1", "c1"},
     {"reverted linux/amd64 layers"},
     {},
     {"w", "v"}},
    {"BackToAnEarlierManifest",
     observation("x", {{"linux/amd64", "c1"}}),
     observation("y", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {"a1", "c1"},
     {"reverted linux/amd64 layers"},
     {{{"linux/amd64", "b1"}}, {{"linux/amd64", "a1"}}},
     {"w"}},
    {"BackToEarlierContentBuiltAgain",
     observation("x", {{"linux/amd64", "c1"}}),
     observation("y", {{"linux/amd64", "a2"}}),
     {"linux/amd64"},
     {"a1", "a2", "c1"},
     {"reverted linux/amd64 layers"},
     {{{"linux/amd64", "a1"}}},
     {"w"}},
    {"AnotherPlatformsEarlierContentIsNotThisOnes",
     observation("x", {{"linux/amd64", "c1"}}),
     observation("y", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {"a1", "c1"},
     {"content linux/amd64 layers"},
     {{{"linux/arm64", "a1"}}},
     {"w"}},
    {"OnlyOneOfTwoWentBack",
     observation("x", {{"linux/amd64", "c1"}, {"linux/arm64", "d1"}}),
     observation("y", {{"linux/amd64", "a1"}, {"linux/arm64", "e1"}}),
     {},
     {"a1", "c1", "d1", "e1"},
     {"content linux/amd64 linux/arm64 layers"},
     {{{"linux/amd64", "a1"}, {"linux/arm64", "b1"}}},
     {"w"}},
    {"MetadataThatWentBackIsMetadata",
     observation("x", {{"linux/amd64", "a2"}}),
     observation("w", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {"a1", "a2"},
     {"metadata linux/amd64"},
     {{{"linux/amd64", "a1"}}},
     {"w"}},
    {"AssumedAndBackAtAnEarlierRoot",
     observation("x", {}, false),
     observation("w", {{"linux/amd64", "a1"}}),
     {"linux/amd64"},
     {},
     {"reverted assumed linux/amd64"},
     {},
     {"w"}},
    {"AWindowsPatchIsContentNotAnotherPlatform",
     observation("x", {{"windows/amd64:10.0.17763.5", "a1"}, {"windows/amd64:10.0.20348.5", "b1"}}),
     observation("y", {{"windows/amd64:10.0.17763.5", "a1"}, {"windows/amd64:10.0.20348.9", "c1"}}),
     {"windows/amd64"},
     {"b1", "c1"},
     {"content windows/amd64:10.0.20348.9 layers"},
     {},
     {}},
    {"AnotherWindowsReleaseIsAnotherPlatform",
     observation("x", {{"windows/amd64:10.0.17763.5", "a1"}}),
     observation("y", {{"windows/amd64:10.0.17763.5", "a1"}, {"windows/amd64:10.0.20348.9", "c1"}}),
     {"windows/amd64"},
     {},
     {"platform_added windows/amd64:10.0.20348.9"},
     {},
     {}},
};

INSTANTIATE_TEST_SUITE_P(Table, Classify, testing::ValuesIn(cases),
                         [](const auto& given) { return given.param.name; });

TEST(Classify, LabelsThatAreIgnoredChangeNothing) {
    ClassifyInput input;
    input.before = observation("x", {{"linux/amd64", "a1"}});
    input.after = observation("y", {{"linux/amd64", "a2"}});
    input.images = images({"a1", "a2"});
    input.images[digest("a2")].labels["com.example.build"] = "7";
    EXPECT_EQ(text(classify(input).at(0)), "content linux/amd64 label com.example.build");
    input.ignore_labels = {"com.example.*"};
    EXPECT_EQ(text(classify(input).at(0)), "metadata linux/amd64");
}

TEST(WatchedPlatforms, NamedOnesThatAreThere) {
    auto seen =
        observation("x", {{"linux/amd64", "a1"}, {"linux/arm/v7", "b1"}, {"windows/amd64:10.0.1.2", "c1"}});
    auto names = [&](const Names& watched) {
        std::vector<Platform> wanted;
        for (const auto& each : watched) wanted.push_back(platform(each));
        Names found;
        for (const auto& each : watched_platforms(seen, wanted)) found.push_back(each.text());
        return found;
    };
    EXPECT_THAT(names({}), testing::SizeIs(3));
    EXPECT_THAT(names({"linux/amd64", "linux/riscv64"}), ElementsAre("linux/amd64"));
    EXPECT_THAT(names({"linux/arm"}), ElementsAre("linux/arm/v7"));
    EXPECT_THAT(names({"windows/amd64"}), ElementsAre("windows/amd64:10.0.1.2"));
    EXPECT_THAT(names({"windows/amd64:10.0.1.3"}), IsEmpty());
}

TEST(MovedImages, AreTheOnesWhoseContentsDecide) {
    auto before = observation("x", {{"linux/amd64", "a1"}, {"linux/arm64", "b1"}, {"linux/s390x", "c1"}});
    auto after = observation("y", {{"linux/amd64", "a2"}, {"linux/arm64", "b2"}, {"linux/s390x", "c1"}});
    EXPECT_THAT(moved_images(before, after, {platform("linux/amd64"), platform("linux/s390x")}),
                ElementsAre(std::pair(digest("a1"), digest("a2"))));
    EXPECT_THAT(moved_images(before, after, {}), testing::SizeIs(2));
}

}  // namespace
}  // namespace basewatch::watch
