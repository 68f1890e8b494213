// Whatever a registry serves as a manifest or as a configuration: refused as a bad answer, or read into
// values that keep their own rules. The first byte chooses the media type.
#include "foundation/json.hpp"
#include "registry/manifests.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>

using namespace basewatch;

namespace {

void check(const registry::Descriptor& descriptor) {
    if (descriptor.digest.empty() || descriptor.size < 0) std::abort();
}

void check(const registry::Manifest& manifest) {
    if (!registry::is_manifest_type(manifest.media_type)) std::abort();
    std::set<model::Platform> seen;
    for (const auto& entry : manifest.entries) {
        check(entry.manifest);
        if (!seen.insert(entry.platform).second || entry.platform.unknown()) std::abort();
        if (!model::Platform::parse(entry.platform.text())) std::abort();
    }
    if (manifest.index && (!manifest.layers.empty() || !manifest.config.digest.empty())) std::abort();
    if (!manifest.index) check(manifest.config);
    for (const auto& layer : manifest.layers) check(layer);
}

void check(const model::ImageContent& content) {
    auto inherited = parse_json(content.inherited_config);
    if (!inherited || !inherited->is_object()) std::abort();
    for (const auto& diff_id : content.diff_ids)
        if (!model::Digest::parse(diff_id)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static constexpr std::array types{"application/vnd.oci.image.index.v1+json",
                                      "application/vnd.docker.distribution.manifest.list.v2+json",
                                      "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
                                      "application/vnd.docker.distribution.manifest.v2+json", "text/html"};
    if (size == 0) return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto manifest = registry::parse_manifest(types.at(data[0] % types.size()), body, model::Digest::of(body));
    if (manifest) {
        check(*manifest);
    } else if (manifest.error().kind() != ErrorKind::bad_answer) {
        std::abort();
    }
    auto content = registry::parse_image_configuration(body);
    if (content) {
        check(*content);
    } else if (content.error().kind() != ErrorKind::bad_answer) {
        std::abort();
    }
    return 0;
}
