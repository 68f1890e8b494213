// What a scanner is told: which platform's manifest, and where its layers are.

#include "dispatch/layers.hpp"

#include "foundation/json.hpp"
#include "support/manual_clock.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace basewatch::test {
namespace {

using dispatch::layer_source;
using testing::HasSubstr;
using testing::Not;

std::string digest_of(std::string_view text) {
    return model::Digest::of(text).text();
}

std::string event(const std::string& changed, const std::string& now) {
    return R"({"data":{"base":{"reference":"registry.example.com/base/ruby:3.3"},"changed_platforms":)" +
           changed + R"(,"new":)" + now + "}}";
}

TEST(LayerSource, IsTheFirstChangedPlatform) {
    auto both = R"({"digest":")" + digest_of("index") + R"(","platforms":{"linux/amd64":")" +
                digest_of("amd") + R"(","linux/arm64":")" + digest_of("arm") + R"("}})";
    auto source = layer_source(event(R"(["linux/arm64","linux/amd64"])", both));
    ASSERT_TRUE(source);
    EXPECT_EQ(source->digest.text(), digest_of("arm"));
    EXPECT_EQ(source->base.text(), "registry.example.com/base/ruby:3.3");
    EXPECT_FALSE(source->unresolved);
    EXPECT_EQ(layer_source(event("[]", both))->digest.text(), digest_of("amd")) << "any is better than none";
    EXPECT_EQ(layer_source(event(R"(["linux/s390x"])", both))->digest.text(), digest_of("amd"));
}

TEST(LayerSource, IsTheDigestItselfWherePlatformsAreNotKnown) {
    auto source = layer_source(event(R"(["linux/amd64"])", R"({"digest":")" + digest_of("index") + R"("})"));
    ASSERT_TRUE(source);
    EXPECT_EQ(source->digest.text(), digest_of("index"));
    EXPECT_TRUE(source->unresolved);
}

TEST(LayerSource, OtherEventsHaveNone) {
    for (const char* text :
         {"", "[]", "{}", R"({"data":{}})", R"({"data":{"base":{},"new":{}}})",
          R"({"data":{"base":{"reference":"ruby"},"new":{"digest":7}}})",
          R"({"data":{"base":{"reference":"ruby"},"new":{"platforms":{"linux/amd64":[]}}}})",
          R"({"data":{"base":"ruby","new":{"digest":"sha256:00"}}})"}) {
        EXPECT_FALSE(layer_source(text)) << text;
    }
}

// A registry of one index with one image of two layers, open to all.
struct LayersTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    House house{loop, clock, transport};

    static constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
    static constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";
    std::string base_layer = digest_of("base layer"), top_layer = digest_of("top layer");
    std::string manifest =
        R"({"schemaVersion":2,"mediaType":")" + std::string(manifest_type) +
        R"(","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
        digest_of("config") + R"(","size":6},"layers":[)" + layer(base_layer) + "," + layer(top_layer) + "]}";
    std::string index = R"({"schemaVersion":2,"mediaType":")" + std::string(index_type) +
                        R"(","manifests":[{"mediaType":")" + manifest_type + R"(","digest":")" +
                        digest_of(manifest) +
                        R"(","size":1,"platform":{"os":"linux","architecture":"amd64"}}]})";

    static std::string layer(const std::string& digest) {
        return R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" + digest +
               R"(","size":5})";
    }

    void SetUp() override {
        transport.answer = [this](const net::HttpRequest& request) -> Result<net::HttpResponse> {
            for (auto [body, type] : {std::pair(&manifest, manifest_type), std::pair(&index, index_type)})
                if (request.url.target == "/v2/base/ruby/manifests/" + digest_of(*body))
                    return AnsweringTransport::status(
                        200, *body, {{"Content-Type", type}, {"Docker-Content-Digest", digest_of(*body)}});
            if (request.url.target.find("/blobs/") != std::string::npos)
                return AnsweringTransport::status(200, "");
            return AnsweringTransport::status(404);
        };
    }
    Result<std::string> layers(const std::string& event_json, dispatch::PrivateParts& parts) {
        return run_async(loop, dispatch::layers_json(house.registry(), event_json, parts));
    }
};

TEST_F(LayersTest, NameTheManifestAndEachLayerBaseFirst) {
    for (const auto& now : {R"({"digest":")" + digest_of(index) + R"(","platforms":{"linux/amd64":")" +
                                digest_of(manifest) + R"("}})",
                            R"({"digest":")" + digest_of(index) + R"("})"}) {
        dispatch::PrivateParts parts;
        auto text = layers(event(R"(["linux/amd64"])", now), parts);
        ASSERT_TRUE(text) << text.error().message();
        auto json = parse_json(*text);
        ASSERT_TRUE(json);
        EXPECT_EQ(string_member(*json, "hash"), digest_of(manifest)) << "of the platform, never of the index";
        const auto* listed = array_member(*json, "layers");
        ASSERT_TRUE(listed != nullptr && listed->size() == 2);
        EXPECT_EQ(string_member((*listed)[0], "hash"), base_layer);
        EXPECT_EQ(string_member((*listed)[1], "hash"), top_layer);
        EXPECT_THAT(string_member((*listed)[0], "uri").value_or(""),
                    testing::AllOf(HasSubstr("https://registry.example.com/"), HasSubstr(base_layer)));
        EXPECT_NE(object_member((*listed)[0], "headers"), nullptr);
    }
}

TEST_F(LayersTest, AFailureSaysWhatWasBeingDone) {
    dispatch::PrivateParts parts;
    auto gone = layers(event("[]", R"({"digest":")" + digest_of("gone") + R"("})"), parts);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind(), ErrorKind::not_found);
    EXPECT_THAT(gone.error().message(), HasSubstr("asking the registry for the layers"));
}

TEST_F(LayersTest, ADeliveryThatCannotHaveThemIsTriedAgain) {
    auto target = webhook("scan", "http://clair.example.com/");
    target.needs_layers = true;
    house.use({target});
    house.start();
    auto id = house.give("scan");
    ASSERT_TRUE(house.until_state(id, model::DeliveryState::waiting));
    EXPECT_EQ(house.attempts(id)[0].reason, "layers");
}

}  // namespace
}  // namespace basewatch::test
