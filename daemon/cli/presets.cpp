#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"
#include "foundation/suggest.hpp"
#include "presets/preset.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::cli {

namespace {

std::string per_name(const presets::Preset& preset) {
    return preset.fields.per == settings::Per::dependent ? "dependent" : "change";
}

nlohmann::ordered_json as_json(const presets::Preset& preset) {
    return {{"name", preset.name},
            {"summary", preset.summary},
            {"per", per_name(preset)},
            {"sample", preset.sample}};
}

}  // namespace

int presets(const Common& common, const std::string& name) {
    if (!name.empty()) {
        const auto* preset = presets::find(name);
        if (preset == nullptr) {
            std::vector<std::string_view> known;
            for (const auto& each : presets::built_in()) known.push_back(each.name);
            auto near = nearest_word(name, known);
            complain(
                "there is no preset `" + name + "`" +
                (near ? ": did you mean `" + std::string(*near) + "`?" : "; `basewatch presets` lists them"));
            return wrong_usage;
        }
        if (common.json)
            print(as_json(*preset).dump(2) + "\n");
        else
            print("# " + preset->summary + "\n# fires once per " + per_name(*preset) + "\ntargets:\n" +
                  preset->sample);
        return done;
    }
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    Table table({"PRESET", "PER", "WHAT"});
    for (const auto& preset : presets::built_in()) {
        table.add({preset.name, per_name(preset), preset.summary});
        rows.push_back(as_json(preset));
    }
    print(common.json ? rows.dump(2) + "\n" : table.text());
    return done;
}

}  // namespace basewatch::cli
