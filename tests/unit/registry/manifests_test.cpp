// Documents as registries serve them, and as attackers would.

#include "registry/manifests.hpp"

#include "foundation/json.hpp"
#include "support/image_builder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace basewatch::registry {
namespace {

using test::image;
using test::ImageOptions;
using Json = nlohmann::json;

const std::string oci_index = "application/vnd.oci.image.index.v1+json";
const std::string oci_manifest = "application/vnd.oci.image.manifest.v1+json";
const std::string docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
const std::string docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
const std::string hash = "sha256:" + std::string(64, 'a');

Result<Manifest> parse(const test::Built& built) {
    return parse_manifest(built.media_type, built.body, built.digest);
}
Result<Manifest> parse(const std::string& type, const std::string& body) {
    return parse_manifest(type, body, model::Digest::of(body));
}
std::vector<std::string> platforms(const Manifest& manifest) {
    std::vector<std::string> names;
    for (const auto& entry : manifest.entries) names.push_back(entry.platform.text());
    return names;
}

TEST(MediaTypes, AreAskedForInOneFixedOrder) {
    EXPECT_EQ(
        manifest_types,
        "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
        "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json");
    EXPECT_EQ(model::accept_profile, 1) << "another list is another profile";
}

TEST(MediaTypes, AreFourAndNothingElse) {
    struct Row {
        std::string served;
        bool good;
    };
    const Row rows[] = {
        {oci_manifest, true},
        {oci_manifest + "; charset=utf-8", true},
        {"Application/VND.oci.image.manifest.v1+json", true},
        {oci_index, false},
        {docker_manifest, false},
        {"application/json", false},
        {"text/html", false},
        {"", false},
        {"application/octet-stream", false},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", false},
    };
    auto built = image();
    for (const auto& row : rows) {
        auto manifest = parse_manifest(row.served, built.body, built.digest);
        EXPECT_EQ(manifest.has_value(), row.good) << row.served;
        if (!manifest) EXPECT_EQ(manifest.error().kind(), ErrorKind::bad_answer);
    }
}

TEST(Manifests, OfBothKindsAreRead) {
    for (bool docker : {false, true}) {
        ImageOptions options;
        options.docker = docker;
        options.layers = {"one", "two"};
        options.annotations = {{"org.opencontainers.image.base.name", "debian:12"}};
        auto built = image(options);
        auto manifest = parse(built);
        ASSERT_TRUE(manifest) << manifest.error().message();
        EXPECT_FALSE(manifest->index);
        EXPECT_TRUE(manifest->image);
        EXPECT_EQ(manifest->media_type, docker ? docker_manifest : oci_manifest);
        EXPECT_EQ(manifest->digest, built.digest);
        EXPECT_EQ(manifest->config.digest, built.config);
        EXPECT_EQ(manifest->layers.size(), 2u);
        EXPECT_EQ(manifest->layers[0].size, 8);
        EXPECT_EQ(manifest->annotations.size(), docker ? 0u : 1u);
    }
}

TEST(Manifests, OfArtifactsAreNoImages) {
    auto manifest = parse(test::artifact());
    ASSERT_TRUE(manifest);
    EXPECT_FALSE(manifest->image);
    EXPECT_FALSE(manifest->index);
}

TEST(Indexes, ListTheirPlatforms) {
    ImageOptions arm;
    arm.platform = "linux/arm/v7";
    ImageOptions windows;
    windows.platform = "windows/amd64:10.0.20348.2700";
    for (bool docker : {false, true}) {
        arm.docker = windows.docker = docker;
        test::IndexOptions options;
        options.docker = docker;
        ImageOptions amd;
        amd.docker = docker;
        auto manifest = parse(test::index({image(amd), image(arm), image(windows)}, options));
        ASSERT_TRUE(manifest) << manifest.error().message();
        EXPECT_TRUE(manifest->index);
        EXPECT_EQ(platforms(*manifest),
                  (std::vector<std::string>{"linux/amd64", "linux/arm/v7", "windows/amd64:10.0.20348.2700"}));
    }
}

TEST(Indexes, AttestationsAreLeftOut) {
    test::IndexOptions options;
    options.attestations = true;
    auto manifest = parse(test::index({image()}, options));
    ASSERT_TRUE(manifest);
    EXPECT_EQ(platforms(*manifest), std::vector<std::string>{"linux/amd64"});
}

// One entry of an index, with what is changed in it; empty where the whole index is refused.
std::string entry_with(const Json& patch) {
    Json entry{{"mediaType", oci_manifest},
               {"digest", hash},
               {"size", 10},
               {"platform", {{"os", "linux"}, {"architecture", "amd64"}}}};
    entry.merge_patch(patch);
    Json document{{"schemaVersion", 2}, {"mediaType", oci_index}, {"manifests", Json::array({entry})}};
    auto manifest = parse(oci_index, document.dump());
    if (!manifest) return "refused";
    return manifest->entries.empty() ? "left out" : manifest->entries[0].platform.text();
}

TEST(Indexes, EntriesAreTakenLeftOutOrRefuseTheWhole) {
    struct Row {
        std::string patch, result;
    };
    const Row rows[] = {
        {"{}", "linux/amd64"},
        {R"({"platform":{"architecture":"x86_64"}})", "linux/amd64"},
        {R"({"platform":{"architecture":"aarch64","variant":"v8"}})", "linux/arm64"},
        {R"({"platform":{"os":"unknown","architecture":"unknown"}})", "left out"},
        {R"({"annotations":{"vnd.docker.reference.type":"attestation-manifest"}})", "left out"},
        {R"({"artifactType":"application/vnd.docker.attestation.manifest.v1+json"})", "left out"},
        {R"({"artifactType":"application/vnd.example.sbom"})", "left out"},
        {R"({"artifactType":"application/vnd.oci.image.config.v1+json"})", "linux/amd64"},
        {R"({"mediaType":"application/vnd.example+json"})", "left out"},
        {R"({"mediaType":"application/vnd.oci.image.index.v1+json"})", "left out"},
        {R"({"mediaType":"application/vnd.example+json","digest":"nonsense"})", "left out"},
        {R"({"platform":null})", "left out"},
        {R"({"platform":{"os":""}})", "left out"},
        {R"({"platform":{"os":"li\nux"}})", "left out"},
        {R"-({"platform":{"os.version":"10 (odd)"}})-", "linux/amd64"},
        {R"({"mediaType":null})", "refused"},
        {R"({"digest":"sha256:short"})", "refused"},
        {R"({"digest":"md5:d41d8cd98f00b204e9800998ecf8427e"})", "refused"},
        {R"({"size":-1})", "refused"},
        {R"({"size":"10"})", "refused"},
        {R"({"size":1e99})", "refused"},
    };
    for (const auto& row : rows) EXPECT_EQ(entry_with(Json::parse(row.patch)), row.result) << row.patch;
}

TEST(Indexes, TheFirstOfAPlatformWins) {
    ImageOptions other;
    other.layers = {"other"};
    auto first = image();
    auto manifest = parse(test::index({first, image(other)}));
    ASSERT_TRUE(manifest);
    ASSERT_EQ(manifest->entries.size(), 1u);
    EXPECT_EQ(manifest->entries[0].manifest.digest, first.digest);
}

TEST(Documents, ThatCouldBeReadInTwoWaysAreRefused) {
    std::string config = R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
                         hash + R"(","size":2})";
    struct Row {
        std::string type, body;
        bool good;
    };
    const Row rows[] = {
        {oci_manifest, "{" + config + R"(,"layers":[]})", true},
        {oci_manifest, "{" + config + R"(,"layers":null})", true},
        {oci_index, R"({"manifests":[]})", true},
        {oci_index, R"({"manifests":null})", true},
        {oci_manifest, "{" + config + R"(,"layers":[],"manifests":[]})", false},
        {oci_index, "{" + config + R"(,"manifests":[]})", false},
        {oci_index, R"({"layers":[],"manifests":[]})", false},
        {oci_index, "{" + config + R"(,"layers":[]})", false},
        {oci_manifest, R"({"manifests":[]})", false},
        {oci_manifest, "{" + config + R"(,"layers":[],"mediaType":")" + docker_manifest + "\"}", false},
        {oci_manifest, "{" + config + R"(,"layers":[],"mediaType":7})", false},
        {docker_manifest, "{" + config + R"(,"layers":[]})", false},
        {docker_list, R"({"manifests":[]})", false},
        {oci_manifest, "{" + config + "," + config + R"(,"layers":[]})", false},
        {oci_manifest, "{" + config + "}", false},
        {oci_manifest, R"({"layers":[]})", false},
        {oci_manifest, "{" + config + R"(,"layers":{}})", false},
        {oci_manifest, "{" + config + R"(,"layers":[7]})", false},
        {oci_index, R"({"manifests":{}})", false},
        {oci_index, R"({"manifests":[[]]})", false},
        {oci_index, "{}", false},
        {oci_index, "[]", false},
        {oci_index, "", false},
        {oci_index, "<html>", false},
        {oci_manifest, R"({"schemaVersion":1,"fsLayers":[]})", false},
    };
    for (const auto& row : rows) {
        auto manifest = parse(row.type, row.body);
        EXPECT_EQ(manifest.has_value(), row.good) << row.body;
        if (!manifest) EXPECT_EQ(manifest.error().kind(), ErrorKind::bad_answer);
    }
}

TEST(Documents, OfSchema1SayWhatIsWrong) {
    auto manifest =
        parse("application/vnd.docker.distribution.manifest.v1+prettyjws", R"({"schemaVersion":1})");
    ASSERT_FALSE(manifest);
    EXPECT_NE(manifest.error().message().find("schema 1"), std::string::npos);
}

TEST(Documents, ForeignLayersKeepTheirAddresses) {
    std::string body = R"({"config":{"mediaType":"x","digest":")" + hash +
                       R"(","size":2},"layers":[{"mediaType":"y","digest":")" + hash +
                       R"(","size":3,"urls":["https://mcr.example.com/l"]}]})";
    auto manifest = parse(oci_manifest, body);
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->layers[0].urls, std::vector<std::string>{"https://mcr.example.com/l"});
    EXPECT_FALSE(manifest->image);
}

std::string configuration(const std::string& config) {
    return R"({"os":"linux","architecture":"amd64","created":"2026-01-01T00:00:00Z","rootfs":{"diff_ids":[")" +
           hash + R"("]},"config":)" + config + "}";
}

TEST(Configurations, AreReadAsFarAsABuildInherits) {
    auto content = parse_image_configuration(configuration(
        R"({"Env":["A=1"],"Cmd":["sh"],"Labels":{"a":"b","n":7},"Hostname":"x","Image":"y","WorkingDir":"/w"})"));
    ASSERT_TRUE(content) << content.error().message();
    EXPECT_EQ(content->platform.text(), "linux/amd64");
    EXPECT_EQ(content->diff_ids, std::vector<std::string>{hash});
    EXPECT_EQ(content->inherited_config, R"({"Cmd":["sh"],"Env":["A=1"],"WorkingDir":"/w"})");
    EXPECT_EQ(content->labels, (std::map<std::string, std::string>{{"a", "b"}}));
    EXPECT_EQ(content->created, "2026-01-01T00:00:00Z");
}

TEST(Configurations, ThatSayTheSameAreTheSame) {
    auto inherited = [](const std::string& config) {
        return parse_image_configuration(configuration(config)).value().inherited_config;
    };
    const std::string nothing = inherited("{}");
    EXPECT_EQ(nothing, "{}");
    for (const char* same :
         {"null", R"({"Env":null})", R"({"Env":[]})", R"({"Volumes":{}})", R"({"User":""})",
          R"({"Env":null,"Cmd":[],"Volumes":null,"ExposedPorts":{},"StopSignal":"","Healthcheck":null})"})
        EXPECT_EQ(inherited(same), nothing) << same;
    EXPECT_EQ(inherited(R"({"Volumes":{"/b":{},"/a":{}},"Env":["A=1"]})"),
              inherited(R"({"Env":["A=1"],"Volumes":{"/a":{},"/b":{}}})"));
    EXPECT_NE(inherited(R"({"Env":["A=1","B=2"]})"), inherited(R"({"Env":["B=2","A=1"]})"));
    for (const char* member :
         {R"("Env":["A=1"])", R"("Entrypoint":["a"])", R"("Cmd":["a"])", R"("User":"a")",
          R"("WorkingDir":"/a")", R"("Volumes":{"/a":{}})", R"("ExposedPorts":{"1/tcp":{}})",
          R"("OnBuild":["RUN a"])", R"("StopSignal":"SIGQUIT")", R"("Healthcheck":{"Test":["NONE"]})",
          R"("Shell":["/bin/bash"])"})
        EXPECT_NE(inherited("{" + std::string(member) + "}"), nothing) << member;
    for (const char* ignored :
         {R"("Hostname":"a")", R"("Labels":{"a":"b"})", R"("Image":"sha256:1")", R"("Tty":true)"})
        EXPECT_EQ(inherited("{" + std::string(ignored) + "}"), nothing) << ignored;
}

TEST(Configurations, AreRefusedWhereTheyAreNone) {
    for (const std::string& body :
         {std::string("[]"), std::string("{"), std::string(R"({"os":"linux","architecture":"amd64"})"),
          std::string(R"({"architecture":"amd64","rootfs":{"diff_ids":[]}})"),
          std::string(R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["x"]}})"),
          std::string(R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[7]}})"),
          std::string(R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":{}}})"),
          std::string(R"({"os":"linux","os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}})")}) {
        auto content = parse_image_configuration(body);
        ASSERT_FALSE(content) << body;
        EXPECT_EQ(content.error().kind(), ErrorKind::bad_answer);
    }
    auto odd = parse_image_configuration(
        R"({"os":"linux","architecture":"amd64","created":7,"rootfs":{"diff_ids":null},"config":[]})");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->created, "");
    EXPECT_TRUE(odd->diff_ids.empty());
}

}  // namespace
}  // namespace basewatch::registry
