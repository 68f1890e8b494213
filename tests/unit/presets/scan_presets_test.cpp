// Presets that ask a scanner: what Clair v4 wants to know.

#include "unit/presets/preset_fixture.hpp"

namespace basewatch::presets {
namespace {

using testing::HasSubstr;

TEST_F(PresetTest, Clair) {
    nlohmann::json layers{{"hash", digest_of('b')},
                          {"layers",
                           {{{"hash", digest_of('1')},
                             {"uri", "https://registry-1.docker.io/v2/library/ruby/blobs/" + digest_of('1')},
                             {"headers", {{"Authorization", {"Bearer pull-token"}}}}},
                            {{"hash", digest_of('2')},
                             {"uri", "https://cdn.example.com/blob?sig=1"},
                             {"headers", nlohmann::json::object()}}}}};
    auto request = rendered(settings_of("clair", "http://clair:6060"), changed_event(), {}, layers.dump());
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url.text(), "http://clair:6060/indexer/api/v1/index_report");
    EXPECT_EQ(headers_of(request), json_of(R"({
        "Accept": "application/vnd.clair.index_report.v1+json",
        "Content-Type": "application/vnd.clair.manifest.v1+json",
        "User-Agent": "basewatch/)" BASEWATCH_VERSION R"("})"));
    EXPECT_EQ(json_of(request.body), layers);
    EXPECT_EQ(request.timeout, std::chrono::minutes(10));
}

TEST_F(PresetTest, ClairHeadersAreLists) {
    auto request = rendered(
        settings_of("clair", "http://clair:6060", "psk-token"), changed_event(), {},
        R"({"hash":"sha256:x","layers":[{"hash":"sha256:y","uri":"u","headers":{"Authorization":"Basic x"}},{"hash":"sha256:z","uri":"v"}]})");
    auto layers = json_of(request.body)["layers"];
    EXPECT_EQ(layers[0]["headers"], json_of(R"({"Authorization": ["Basic x"]})"));
    EXPECT_EQ(layers[1]["headers"], nlohmann::json::object());
    EXPECT_EQ(request.headers.find("Authorization"), "Bearer psk-token");
}

TEST_F(PresetTest, ClairWithoutLayersIsNotAsked) {
    for (const char* layers : {"", "{}", R"({"hash":"sha256:x","layers":[]})"}) {
        auto request = render_for(settings_of("clair", "http://clair:6060"), changed_event(), {}, layers);
        ASSERT_FALSE(request) << layers;
        EXPECT_EQ(request.error().kind(), ErrorKind::invalid);
        EXPECT_THAT(request.error().message(), HasSubstr("there are no layers to scan"));
    }
}

}  // namespace
}  // namespace basewatch::presets
