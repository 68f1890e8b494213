#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "model/event.hpp"
#include "presets/render.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::presets {

namespace {

std::string text_at(const nlohmann::json* object, std::string_view name) {
    return object == nullptr ? "" : string_member(*object, name).value_or("");
}

// `docker.io/library/ruby`: the reference without its tag.
std::string image_name(const nlohmann::json* base) {
    auto registry = text_at(base, "registry");
    auto repository = text_at(base, "repository");
    return registry.empty() || repository.empty() ? repository : registry + "/" + repository;
}

}  // namespace

std::map<std::string, std::string> build_parameters(std::string_view event_type, std::string_view event_json,
                                                    Time now) {
    auto name = event_type.starts_with(model::event_type_prefix)
                    ? event_type.substr(std::string_view(model::event_type_prefix).size())
                    : event_type;
    if (name != "rebuild.requested" && name != "base.changed" && name != "test") return {};
    auto event = parse_json(event_json);
    if (!event) return {};
    const auto* data = object_member(*event, "data");
    const auto* base = data == nullptr ? nullptr : object_member(*data, "base");
    if (base == nullptr) return {};
    auto reason = text_at(data, "reason");
    return {{"DEPENDENT", text_at(object_member(*data, "dependent"), "reference")},
            {"BASE_REF", text_at(base, "reference")},
            {"BASE_IMAGE", image_name(base)},
            {"BASE_TAG", text_at(base, "tag")},
            {"BASE_OLD_DIGEST", text_at(object_member(*data, "old"), "digest")},
            {"BASE_NEW_DIGEST", text_at(object_member(*data, "new"), "digest")},
            {"REASON", reason.empty() ? "base changed" : reason},
            {"EVENT_ID", text_at(&*event, "id")},
            {"REBUILD_ID", text_at(data, "rebuild")},
            {"BUILD_DATE", rfc3339(std::chrono::floor<std::chrono::seconds>(now))}};
}

}  // namespace basewatch::presets
