#include "dispatch/layers.hpp"

#include "foundation/json.hpp"
#include "model/platform.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::dispatch {

namespace {

Error about_layers(const Error& error) {
    return error.while_doing("asking the registry for the layers");
}

std::string first_changed_platform(const nlohmann::json& data) {
    const auto* changed = array_member(data, "changed_platforms");
    if (changed == nullptr || changed->empty() || !changed->front().is_string()) return {};
    return changed->front().get<std::string>();
}

const registry::IndexEntry* entry_of(const registry::Manifest& index, const std::string& platform) {
    auto named = std::find_if(index.entries.begin(), index.entries.end(),
                              [&](const auto& entry) { return entry.platform.text() == platform; });
    if (named != index.entries.end()) return &*named;
    return index.entries.empty() ? nullptr : &index.entries.front();
}

std::string as_json(const model::Digest& manifest, const std::vector<registry::LayerAccess>& layers,
                    PrivateParts& parts) {
    nlohmann::json out{{"hash", manifest.text()}, {"layers", nlohmann::json::array()}};
    for (const auto& layer : layers) {
        parts.add_headers(layer.headers);
        nlohmann::json headers = nlohmann::json::object();
        for (const auto& [name, value] : layer.headers) headers[name].push_back(value);
        out["layers"].push_back(
            {{"hash", layer.digest.text()}, {"uri", layer.address}, {"headers", std::move(headers)}});
    }
    return to_text(out);
}

}  // namespace

Result<LayerSource> layer_source(std::string_view event_json) {
    auto event = parse_json(event_json);
    if (!event) return event.error();
    const auto* data = object_member(*event, "data");
    const auto* base = data == nullptr ? nullptr : object_member(*data, "base");
    const auto* now = data == nullptr ? nullptr : object_member(*data, "new");
    if (base == nullptr || now == nullptr)
        return Error(ErrorKind::invalid, "the event names no image whose layers could be fetched");
    LayerSource source;
    auto reference = model::Reference::parse(string_member(*base, "reference").value_or(""));
    if (!reference) return reference.error();
    source.base = *reference;
    source.platform = first_changed_platform(*data);
    std::optional<std::string> digest;
    const auto* platforms = object_member(*now, "platforms");
    if (platforms != nullptr && !platforms->empty()) {
        digest = string_member(*platforms, source.platform);
        if (!digest && platforms->begin()->is_string()) digest = platforms->begin()->get<std::string>();
    } else {
        digest = string_member(*now, "digest");
        source.unresolved = true;
    }
    auto parsed = model::Digest::parse(digest.value_or(""));
    if (!parsed) return parsed.error();
    source.digest = *parsed;
    return source;
}

Async<Result<std::string>> layers_json(registry::RegistryClient& registry, std::string event_json,
                                       PrivateParts& parts) {
    auto source = layer_source(event_json);
    if (!source) co_return about_layers(source.error());
    auto manifest = co_await registry.manifest(source->base, source->digest);
    if (!manifest) co_return about_layers(manifest.error());
    if (manifest->index && source->unresolved) {
        const auto* entry = entry_of(*manifest, source->platform);
        if (entry == nullptr)
            co_return about_layers(Error(ErrorKind::bad_answer, "the index names no image"));
        auto digest = entry->manifest.digest;
        manifest = co_await registry.manifest(source->base, digest);
        if (!manifest) co_return about_layers(manifest.error());
    }
    if (manifest->index || manifest->layers.empty())
        co_return about_layers(Error(ErrorKind::bad_answer, "the manifest names no layers"));
    auto access = co_await registry.layer_access(source->base, manifest->layers);
    if (!access) co_return about_layers(access.error());
    co_return as_json(manifest->digest, *access, parts);
}

}  // namespace basewatch::dispatch
