#include "registry/manifests.hpp"

#include "foundation/json.hpp"
#include "registry/complaint.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace basewatch::registry {

namespace {

using Json = nlohmann::json;

constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view oci_config = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";
constexpr std::string_view attestation = "application/vnd.docker.attestation.manifest.v1+json";
constexpr std::size_t most_created = 64;

Error bad(std::string why) {
    return Error(ErrorKind::bad_answer, std::move(why));
}

bool is_image_manifest(std::string_view type) {
    return type == oci_manifest || type == docker_manifest;
}
bool is_image_configuration(std::string_view type) {
    return type == oci_config || type == docker_config;
}

std::map<std::string, std::string> texts_of(const Json* object) {
    std::map<std::string, std::string> texts;
    if (object == nullptr || !object->is_object()) return texts;
    for (const auto& [name, value] : object->items())
        if (value.is_string()) texts.emplace(name, value.get<std::string>());
    return texts;
}

Result<Descriptor> descriptor_of(const Json& value, std::string_view what) {
    Descriptor read;
    auto type = string_member(value, "mediaType");
    auto digest = string_member(value, "digest");
    auto size = integer_member(value, "size");
    if (!type || !digest || !size || *size < 0)
        return bad("the descriptor of " + std::string(what) + " lacks its media type, digest or size");
    auto parsed = model::Digest::parse(*digest);
    if (!parsed) return bad("the descriptor of " + std::string(what) + ": " + parsed.error().message());
    read.media_type = net::media_type(*type);
    read.digest = *parsed;
    read.size = *size;
    if (const auto* urls = array_member(value, "urls"))
        for (const auto& url : *urls)
            if (url.is_string()) read.urls.push_back(url.get<std::string>());
    return read;
}

// Empty where the members name no platform that could be one.
std::optional<model::Platform> platform_of(const Json* object) {
    if (object == nullptr) return std::nullopt;
    auto text = [&](std::string_view name) { return string_member(*object, name).value_or(""); };
    auto made = model::Platform::of(text("os"), text("architecture"), text("variant"), text("os.version"));
    if (auto read = model::Platform::parse(made.text())) return *read;
    // An odd os.version is not worth losing the image for.
    made.os_version.clear();
    auto read = model::Platform::parse(made.text());
    if (!read) return std::nullopt;
    return *read;
}

// BuildKit's attestations: by their annotation, by their type, and else by the platform that is none.
bool is_attestation(const Json& entry) {
    const auto* annotations = object_member(entry, "annotations");
    if (annotations != nullptr &&
        string_member(*annotations, "vnd.docker.reference.type") == "attestation-manifest")
        return true;
    if (string_member(entry, "artifactType") == attestation) return true;
    const auto* platform = object_member(entry, "platform");
    return platform != nullptr && string_member(*platform, "os") == "unknown" &&
           string_member(*platform, "architecture") == "unknown";
}

Result<void> read_index(const Json& document, Manifest& into) {
    const auto* entries = member(document, "manifests");
    // Go writes an empty list that was never filled as null.
    if (entries->is_null()) return {};
    if (!entries->is_array()) return bad("the index's manifests are no list");
    std::set<model::Platform> seen;
    for (const auto& entry : *entries) {
        if (!entry.is_object()) return bad("an entry of the index is no object");
        auto type = string_member(entry, "mediaType");
        if (!type) return bad("an entry of the index has no media type");
        if (!is_image_manifest(net::media_type(*type)) || is_attestation(entry)) continue;
        auto artifact = string_member(entry, "artifactType");
        if (artifact && !artifact->empty() && !is_image_configuration(*artifact)) continue;
        auto platform = platform_of(object_member(entry, "platform"));
        if (!platform) continue;  // nothing that a watch could ask for
        auto descriptor = descriptor_of(entry, "an image in the index");
        if (!descriptor) return descriptor.error();
        if (!seen.insert(*platform).second) continue;  // the first of a platform is the one that is pulled
        into.entries.push_back(IndexEntry{std::move(*descriptor), *platform});
    }
    return {};
}

Result<void> read_image(const Json& document, Manifest& into) {
    const auto* config = object_member(document, "config");
    if (config == nullptr) return bad("the manifest has no config");
    auto descriptor = descriptor_of(*config, "the image configuration");
    if (!descriptor) return descriptor.error();
    into.config = std::move(*descriptor);
    into.image = is_image_configuration(into.config.media_type);
    const auto* layers = member(document, "layers");
    if (layers == nullptr) return bad("the manifest has no layers");
    if (layers->is_null()) return {};
    if (!layers->is_array()) return bad("the manifest's layers are no list");
    for (const auto& layer : *layers) {
        auto read = descriptor_of(layer, "a layer");
        if (!read) return read.error();
        into.layers.push_back(std::move(*read));
    }
    return {};
}

// The type that the document was served with, checked against what it says of itself.
Result<std::string> agreed_type(std::string_view content_type, const Json& document) {
    auto served = net::media_type(content_type);
    if (is_schema1(served) || integer_member(document, "schemaVersion") == 1)
        return bad("the registry has this image only in Docker's schema 1, which says nothing reliable");
    const auto* own = member(document, "mediaType");
    if (own == nullptr) {
        bool optional = served == oci_index || served == oci_manifest;
        if (!optional) return bad("the document does not say its media type, as Docker's must");
        return served;
    }
    auto text = string_member(document, "mediaType");
    if (!text || net::media_type(*text) != served)
        return bad("the document was served as " + plain_line(served, 100) +
                   " and calls itself something else");
    return served;
}

bool says_nothing(const Json& value) {
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_null() || ((value.is_array() || value.is_object()) && value.empty());
}

std::string inherited(const Json* config) {
    static constexpr std::array names{"Cmd",   "Entrypoint", "Env",  "ExposedPorts", "Healthcheck", "OnBuild",
                                      "Shell", "StopSignal", "User", "Volumes",      "WorkingDir"};
    Json kept = Json::object();
    for (const char* name : names) {
        const auto* value = config == nullptr ? nullptr : member(*config, name);
        if (value != nullptr && !says_nothing(*value)) kept[name] = *value;
    }
    return to_text(kept);
}

}  // namespace

const std::string manifest_types = std::string(oci_index) + ", " + std::string(docker_list) + ", " +
                                   std::string(oci_manifest) + ", " + std::string(docker_manifest);

bool is_manifest_type(std::string_view type) {
    return type == oci_index || type == docker_list || is_image_manifest(type);
}

bool is_schema1(std::string_view type) {
    return type == "application/vnd.docker.distribution.manifest.v1+json" ||
           type == "application/vnd.docker.distribution.manifest.v1+prettyjws";
}

Result<Manifest> parse_manifest(std::string_view content_type, std::string_view body,
                                const model::Digest& digest) {
    auto served = net::media_type(content_type);
    if (!is_manifest_type(served) && !is_schema1(served)) {
        auto type = served.empty() ? std::string("without a media type") : "as " + plain_line(served, 100);
        return bad("no manifest: it was served " + type);
    }
    auto document = parse_json(body);
    if (!document) return bad("no manifest: " + document.error().message());
    if (!document->is_object()) return bad("no manifest: it is no JSON object");
    auto type = agreed_type(content_type, *document);
    if (!type) return type.error();
    bool lists = member(*document, "manifests") != nullptr;
    bool holds = member(*document, "layers") != nullptr || member(*document, "config") != nullptr;
    if (lists && holds) return bad("the document is an index and an image at once");
    Manifest read;
    read.digest = digest;
    read.media_type = *type;
    read.index = !is_image_manifest(*type);
    if (read.index && !lists) return bad("the index has no manifests");
    if (!read.index && lists) return bad("the manifest is an index under another name");
    read.annotations = texts_of(member(*document, "annotations"));
    auto done = read.index ? read_index(*document, read) : read_image(*document, read);
    if (!done) return done.error();
    return read;
}

Result<model::ImageContent> parse_image_configuration(std::string_view body) {
    auto document = parse_json(body);
    if (!document) return bad("no image configuration: " + document.error().message());
    if (!document->is_object()) return bad("no image configuration: it is no JSON object");
    auto platform = platform_of(&*document);
    if (!platform) return bad("the image configuration names no platform");
    model::ImageContent read;
    read.platform = *platform;
    const auto* rootfs = object_member(*document, "rootfs");
    const auto* layers = rootfs == nullptr ? nullptr : member(*rootfs, "diff_ids");
    if (layers == nullptr || (!layers->is_array() && !layers->is_null()))
        return bad("the image configuration does not list its layers");
    for (const auto& layer : *layers) {
        auto digest = layer.is_string() ? model::Digest::parse(layer.get_ref<const std::string&>())
                                        : Result<model::Digest>(bad("no text"));
        if (!digest) return bad("a diff_id of the image configuration is no digest");
        read.diff_ids.push_back(digest->text());
    }
    const auto* config = object_member(*document, "config");
    read.inherited_config = inherited(config);
    read.labels = texts_of(config == nullptr ? nullptr : member(*config, "Labels"));
    auto created = string_member(*document, "created").value_or("");
    if (created.size() <= most_created) read.created = plain_line(created, most_created);
    return read;
}

}  // namespace basewatch::registry
