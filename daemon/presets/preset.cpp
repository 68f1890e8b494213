#include "presets/preset.hpp"

#include "presets/built_in_files.hpp"
#include "settings/secret_reader.hpp"
#include "settings/settings.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace basewatch::presets {

namespace {

void read_needs(YamlMap& map, Preset& preset, Problems& problems) {
    preset.needs_url = false;
    auto value = map.take("needs");
    if (!value) return;
    for (const auto& item : yaml_one_or_many(*value)) {
        auto word = settings::read_word(item, "needs", {"url", "token", "layers"}, problems);
        if (!word) continue;
        bool* needs[] = {&preset.needs_url, &preset.needs_token, &preset.needs_layers};
        *needs[*word] = true;
    }
}

void read_terminal(YamlMap& map, Preset& preset, Problems& problems) {
    auto value = map.take("terminal");
    if (!value) return;
    for (const auto& [status, meaning] :
         settings::read_texts(*value, "`terminal` of preset " + preset.name, problems)) {
        int number = 0;
        std::from_chars(status.data(), status.data() + status.size(), number);
        if (number < 100 || number > 599)
            problems.error(value->mark(), "`terminal` maps statuses to what they mean");
        preset.terminal[number] = meaning;
    }
}

// Each line two spaces further in.
std::string indented(const std::string& text) {
    std::string out;
    bool at_start = true;
    for (char c : text) {
        if (at_start && c != '\n') out += "  ";
        out += c;
        at_start = c == '\n';
    }
    if (!at_start) out += '\n';
    return out;
}

void read_own_fields(YamlMap& map, Preset& preset, Problems& problems) {
    if (auto value = map.require("summary"))
        preset.summary = settings::read_line(*value, "summary", 200, problems).value_or("");
    if (auto value = map.require("sample"))
        preset.sample = indented(yaml_string(*value, "sample", problems).value_or(""));
    if (auto value = map.take("way"))
        if (auto word =
                settings::read_word(*value, "way", {"http", "program", "mail", "kafka", "nats"}, problems))
            preset.way = static_cast<Way>(*word);
    if (auto value = map.take("path"))
        preset.path = settings::read_line(*value, "path", 500, problems).value_or("");
    if (auto value = map.take("test"))
        if (auto word = settings::read_word(*value, "test", {"safe", "dry_run", "starts"}, problems))
            preset.test = static_cast<TestMode>(*word);
    if (auto value = map.take("several"))
        preset.tells_several = yaml_boolean(*value, "several", problems).value_or(false);
    if (auto value = map.take("dry_run_headers"))
        preset.dry_run_headers = settings::read_texts(*value, "dry_run_headers", problems);
    if (auto value = map.take("options")) preset.options = settings::read_texts(*value, "options", problems);
    read_needs(map, preset, problems);
    read_terminal(map, preset, problems);
}

// What is compiled in was tested; a fault here is a broken build.
[[noreturn]] void broken(const Problems& problems) {
    for (const auto& problem : problems.sorted())
        std::fprintf(stderr, "%s: %s\n", problem.where.text().c_str(), problem.what.c_str());
    std::abort();
}

std::vector<Preset> read_built_in() {
    std::vector<Preset> presets;
    Problems problems;
    for (const auto& file : built_in_files()) {
        auto preset = read_preset(file.name, file.text, problems);
        if (!preset) broken(problems);
        presets.push_back(std::move(*preset));
    }
    std::sort(presets.begin(), presets.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return presets;
}

}  // namespace

std::optional<Preset> read_preset(std::string_view name, std::string_view text, Problems& problems) {
    std::string file = "config/presets/" + std::string(name) + ".yaml";
    auto document = parse_yaml(file, text, problems);
    if (!document) return std::nullopt;
    Preset preset;
    preset.name = name;
    YamlMap map(*document, "preset " + preset.name, problems);
    read_own_fields(map, preset, problems);
    // Presets hold no secrets, so there is no environment to take any from.
    settings::Environment nowhere;
    settings::SecretReader secrets(nowhere, problems);
    preset.fields = settings::read_request_fields(map, secrets, problems);
    map.finish();
    if (!preset.path.empty() && !preset.path.starts_with('/'))
        problems.error(map.mark(), "`path` must begin with /");
    if (preset.way == Way::http && !preset.needs_url && !preset.fields.url)
        problems.error(map.mark(), "a preset without `url` needs one");
    if (problems.failed()) return std::nullopt;
    return preset;
}

const std::vector<Preset>& built_in() {
    static const std::vector<Preset> presets = read_built_in();
    return presets;
}

const Preset* find(std::string_view name) {
    const auto& presets = built_in();
    auto found =
        std::find_if(presets.begin(), presets.end(), [&](const auto& preset) { return preset.name == name; });
    return found == presets.end() ? nullptr : &*found;
}

}  // namespace basewatch::presets
