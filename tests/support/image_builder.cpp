#include "support/image_builder.hpp"

#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::test {

namespace {

using Json = nlohmann::json;

Blob blob_of(std::string bytes) {
    auto digest = model::Digest::of(bytes);
    return {digest, std::move(bytes)};
}

Json descriptor(const std::string& type, const Blob& blob) {
    return {{"mediaType", type}, {"digest", blob.digest.text()}, {"size", blob.bytes.size()}};
}

Built finished(std::string type, const Json& document) {
    Built built;
    built.media_type = std::move(type);
    built.body = to_text(document);
    built.digest = model::Digest::of(built.body);
    return built;
}

Json platform_json(const model::Platform& platform) {
    Json json{{"os", platform.os}, {"architecture", platform.architecture}};
    if (!platform.variant.empty()) json["variant"] = platform.variant;
    if (!platform.os_version.empty()) json["os.version"] = platform.os_version;
    return json;
}

Blob configuration(const ImageOptions& options, const model::Platform& platform) {
    Json config{{"Env", options.env}, {"Cmd", options.command}};
    if (!options.user.empty()) config["User"] = options.user;
    if (!options.labels.empty()) config["Labels"] = options.labels;
    Json diff_ids = Json::array();
    for (const auto& layer : options.layers) diff_ids.push_back(model::Digest::of(layer).text());
    Json document = platform_json(platform);
    document["created"] = options.created;
    document["config"] = config;
    document["rootfs"] = {{"type", "layers"}, {"diff_ids", diff_ids}};
    document["history"] = Json::array({{{"created", options.created}, {"created_by", "ADD"}}});
    return blob_of(to_text(document));
}

Built attestation_of(const Built& image, const std::string& said) {
    Blob config = blob_of("{\"attested\":\"" + said + "\"}");
    Blob statement = blob_of("{\"_type\":\"https://in-toto.io/Statement/v1\",\"build\":\"" + said +
                             "\",\"of\":\"" + image.digest.text() + "\"}");
    auto built = finished("application/vnd.oci.image.manifest.v1+json",
                          {{"schemaVersion", 2},
                           {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                           {"config", descriptor("application/vnd.oci.image.config.v1+json", config)},
                           {"layers", Json::array({descriptor("application/vnd.in-toto+json", statement)})}});
    built.platform = {"unknown", "unknown", "", ""};
    built.blobs = {config, statement};
    built.descriptor_annotations = {{"vnd.docker.reference.type", "attestation-manifest"},
                                    {"vnd.docker.reference.digest", image.digest.text()}};
    return built;
}

}  // namespace

Built image(const ImageOptions& options) {
    auto platform = model::Platform::parse(options.platform).value();
    std::string type = options.docker ? "application/vnd.docker.distribution.manifest.v2+json"
                                      : "application/vnd.oci.image.manifest.v1+json";
    std::string config_type = options.docker ? "application/vnd.docker.container.image.v1+json"
                                             : "application/vnd.oci.image.config.v1+json";
    std::string layer_type = options.docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
                                            : "application/vnd.oci.image.layer.v1.tar+gzip";
    Blob config = configuration(options, platform);
    std::vector<Blob> blobs{config};
    Json layers = Json::array();
    for (const auto& layer : options.layers) {
        blobs.push_back(blob_of(options.compression + ":" + layer));
        layers.push_back(descriptor(layer_type, blobs.back()));
    }
    Json document{{"schemaVersion", 2},
                  {"mediaType", type},
                  {"config", descriptor(config_type, config)},
                  {"layers", layers}};
    if (!options.annotations.empty() && !options.docker) document["annotations"] = options.annotations;
    auto built = finished(type, document);
    built.platform = platform;
    built.config = config.digest;
    built.blobs = std::move(blobs);
    return built;
}

Built index(const std::vector<Built>& images, const IndexOptions& options) {
    std::vector<Built> children = images;
    if (options.attestations)
        for (const auto& image : images) children.push_back(attestation_of(image, options.attested));
    Json manifests = Json::array();
    for (const auto& child : children) {
        Json entry{{"mediaType", child.media_type},
                   {"digest", child.digest.text()},
                   {"size", child.body.size()},
                   {"platform", platform_json(child.platform)}};
        if (!child.descriptor_annotations.empty()) entry["annotations"] = child.descriptor_annotations;
        manifests.push_back(entry);
    }
    std::string type = options.docker ? "application/vnd.docker.distribution.manifest.list.v2+json"
                                      : "application/vnd.oci.image.index.v1+json";
    Json document{{"schemaVersion", 2}, {"mediaType", type}, {"manifests", manifests}};
    if (!options.annotations.empty()) document["annotations"] = options.annotations;
    auto built = finished(type, document);
    built.children = std::move(children);
    return built;
}

Built artifact() {
    Blob config = blob_of("{\"name\":\"chart\"}");
    Blob content = blob_of("a chart");
    std::string type = "application/vnd.oci.image.manifest.v1+json";
    auto built = finished(
        type, {{"schemaVersion", 2},
               {"mediaType", type},
               {"config", descriptor("application/vnd.cncf.helm.config.v1+json", config)},
               {"layers",
                Json::array({descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", content)})}});
    built.config = config.digest;
    built.blobs = {config, content};
    return built;
}

}  // namespace basewatch::test
