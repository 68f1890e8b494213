// Manifests, configurations and layers by digest: proven or refused.

#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::Fault;
using test::image;
using testing::HasSubstr;

class DocumentsTest : public ClientTest {
protected:
    DocumentsTest() {
        test::ImageOptions options;
        options.layers = {"one", "two"};
        options.labels = {{"maintainer", "me"}};
        built = image(options);
        registry.push("team/app", "1.0", built);
        client();
    }
    Result<Manifest> manifest(const model::Digest& which) {
        return wait_for(client().manifest(reference("registry.example.com/team/app:1.0"), which));
    }
    Result<model::ImageContent> content(Manifest of) {
        return wait_for(client().content(reference("registry.example.com/team/app:1.0"), std::move(of)));
    }
    Result<std::vector<LayerAccess>> layers(std::vector<Descriptor> of) {
        return wait_for(client().layer_access(reference("registry.example.com/team/app:1.0"), std::move(of)));
    }
    test::Built built;
};

TEST_F(DocumentsTest, AnImageIsReadInTwoRequests) {
    auto read = manifest(built.digest);
    ASSERT_TRUE(read) << read.error().message();
    auto inside = content(*read);
    ASSERT_TRUE(inside) << inside.error().message();
    EXPECT_EQ(inside->platform.text(), "linux/amd64");
    EXPECT_EQ(inside->diff_ids.size(), 2u);
    EXPECT_EQ(inside->labels.at("maintainer"), "me");
    EXPECT_EQ(transport.sent().size(), 2u);
    EXPECT_EQ(transport.sent()[0].url.target, "/v2/team/app/manifests/" + built.digest.text());
    EXPECT_EQ(transport.sent()[1].url.target, "/v2/team/app/blobs/" + built.config.text());
    EXPECT_EQ(report().pulls, 1u) << "blobs are no pulls";
}

TEST_F(DocumentsTest, AManifestThatCannotBeProvenIsRefused) {
    const Fault faults[] = {
        {.body = image().body},
        {.body = ""},
        {.headers = {{"Content-Encoding", "gzip"}}},
        {.headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"}}},
        {.headers = {{"Content-Type", "text/html"}}},
        {.status = 304},
        {.status = 204},
    };
    for (const auto& fault : faults) {
        registry.recover();
        registry.fail(fault);
        auto read = manifest(built.digest);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().kind(), ErrorKind::bad_answer) << read.error().message();
    }
    registry.recover();
    EXPECT_EQ(manifest(digest("nothing")).error().kind(), ErrorKind::not_found);
}

TEST_F(DocumentsTest, AConfigurationThatCannotBeProvenIsRefused) {
    auto read = manifest(built.digest).value();
    const std::string right = built.blobs[0].bytes;
    std::string wrong = right;
    wrong[wrong.find("PATH")] = 'p';
    const Fault faults[] = {
        {.body = wrong}, {.body = right + " "}, {.body = ""}, {.headers = {{"Content-Encoding", "gzip"}}}};
    for (auto fault : faults) {
        registry.recover();
        fault.target = "/blobs/";
        registry.fail(fault);
        auto inside = content(read);
        ASSERT_FALSE(inside);
        EXPECT_EQ(inside.error().kind(), ErrorKind::bad_answer) << inside.error().message();
    }
    registry.recover();
    read.config.size = 9 << 20;
    EXPECT_EQ(content(read).error().kind(), ErrorKind::too_large);
}

TEST_F(DocumentsTest, WhatIsNoImageHasNoContent) {
    auto chart = test::artifact();
    registry.push("team/app", "chart", chart);
    EXPECT_EQ(content(manifest(chart.digest).value()).error().kind(), ErrorKind::unsupported);
    auto list = test::index({built});
    registry.push("team/app", "list", list);
    EXPECT_EQ(content(manifest(list.digest).value()).error().kind(), ErrorKind::unsupported);
}

TEST_F(DocumentsTest, Schema1SaysWhatItIs) {
    std::string type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    auto old = registry.push_bytes("team/app", "old", type, R"({"schemaVersion":1})");
    auto read = manifest(old);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind(), ErrorKind::bad_answer);
    EXPECT_THAT(read.error().message(), HasSubstr("schema 1"));
}

TEST_F(DocumentsTest, LayersComeWithAddressAndAuthorization) {
    registry.ask_for_token({.realm = "https://registry.example.com/token"});
    auto read = manifest(built.digest).value();
    transport.forget();
    auto access = layers(read.layers);
    ASSERT_TRUE(access) << access.error().message();
    ASSERT_EQ(access->size(), 2u);
    EXPECT_EQ((*access)[1].address,
              "https://registry.example.com/v2/team/app/blobs/" + read.layers[1].digest.text());
    EXPECT_EQ((*access)[1].headers.find("Authorization"), "Bearer token-1");
    EXPECT_EQ(transport.sent().size(), 1u) << "one HEAD, with the token that is there";
    clock.advance(std::chrono::seconds(200));
    EXPECT_EQ((*layers(read.layers))[0].headers.find("Authorization"), "Bearer token-2")
        << "a token near its end would not outlive the scan";
}

TEST_F(DocumentsTest, LayersOfAnOpenRegistryNeedNoHeaders) {
    auto read = manifest(built.digest).value();
    read.layers[0].urls = {"https://elsewhere.example.com/layer"};
    auto access = layers(read.layers);
    ASSERT_TRUE(access);
    ASSERT_EQ(access->size(), 1u) << "foreign layers are nobody's to fetch";
    EXPECT_TRUE((*access)[0].headers.empty());
    EXPECT_TRUE(layers({})->empty());
}

TEST_F(DocumentsTest, LayersThatRedirectAreLeftToTheirReader) {
    auto read = manifest(built.digest).value();
    registry.fail(
        {.method = "HEAD", .status = 307, .headers = {{"Location", "https://cdn.example.net/x?sig=1"}}});
    transport.forget();
    auto access = layers(read.layers);
    ASSERT_TRUE(access);
    EXPECT_EQ(transport.sent().size(), 1u);
    registry.recover();
    registry.fail({.status = 404});
    EXPECT_EQ(layers(read.layers).error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace basewatch::registry
