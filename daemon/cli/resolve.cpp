#include "app/parts.hpp"
#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::cli {

namespace {

struct Resolved {
    registry::Pointer pointer;
    registry::Manifest manifest;
    std::optional<model::ImageContent> content;  // of a single manifest
    std::string fault;
};

Async<Resolved> look(registry::RegistryClient& registry, model::Reference reference) {
    Resolved resolved;
    auto pointer = co_await registry.look_up(reference);
    if (!pointer) {
        resolved.fault = pointer.error().message();
        co_return resolved;
    }
    resolved.pointer = *pointer;
    auto manifest = co_await registry.manifest(reference, pointer->digest);
    if (!manifest) {
        resolved.fault = manifest.error().message();
        co_return resolved;
    }
    resolved.manifest = *manifest;
    if (!manifest->index && manifest->image) {
        auto content = co_await registry.content(reference, *manifest);
        if (content) resolved.content = *content;
        if (!content) resolved.fault = content.error().message();
    }
    co_return resolved;
}

std::vector<std::pair<std::string, std::string>> platforms_of(const Resolved& resolved) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const auto& entry : resolved.manifest.entries)
        rows.emplace_back(entry.platform.text(), entry.manifest.digest.text());
    if (resolved.content)
        rows.emplace_back(resolved.content->platform.text(), resolved.pointer.digest.text());
    return rows;
}

}  // namespace

int resolve(const Common& common, const std::string& text, const std::string& platform) {
    auto reference = read_reference(text);
    if (!reference) return wrong_usage;
    std::optional<model::Platform> wanted;
    if (!platform.empty()) {
        auto parsed = model::Platform::parse(platform);
        if (!parsed) complain(parsed.error().message());
        if (!parsed) return wrong_usage;
        wanted = *parsed;
    }
    auto registries = read_registries(common);
    if (!registries) return wrong_usage;
    app::Outside outside(registries);
    auto resolved = outside.wait_for(look(outside.registry, *reference));
    if (resolved.pointer.digest.empty()) {
        complain(resolved.fault);
        return failed;
    }
    auto platforms = platforms_of(resolved);
    if (wanted) {
        std::erase_if(platforms,
                      [&](const auto& row) { return !wanted->covers(*model::Platform::parse(row.first)); });
        if (platforms.empty()) complain(reference->text() + " has no image for " + wanted->text());
    }
    if (common.json) {
        nlohmann::ordered_json body{{"reference", reference->text()},
                                    {"digest", resolved.pointer.digest.text()},
                                    {"media_type", resolved.pointer.media_type},
                                    {"platforms", nlohmann::ordered_json::object()}};
        for (const auto& [name, digest] : platforms) body["platforms"][name] = digest;
        print(body.dump(2) + "\n");
    } else {
        print(reference->text() + "\n" + resolved.pointer.digest.text() + "\n" + resolved.pointer.media_type +
              "\n");
        Table table({"PLATFORM", "DIGEST"});
        for (const auto& [name, digest] : platforms) table.add({name, digest});
        if (!table.empty()) print("\n" + table.text());
    }
    if (!resolved.fault.empty()) complain(resolved.fault);
    return resolved.fault.empty() && !(wanted && platforms.empty()) ? done : failed;
}

}  // namespace basewatch::cli
