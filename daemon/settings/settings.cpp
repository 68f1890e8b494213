#include "settings/settings.hpp"

#include "settings/environment.hpp"
#include "settings/file.hpp"
#include "settings/reading.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <filesystem>

namespace basewatch::settings {

namespace {

constexpr std::size_t most_bytes = 4u << 20;

using Section = void (*)(const YamlValue&, Reading&);
constexpr std::pair<std::string_view, Section> sections[] = {
    {"daemon", read_daemon},         {"defaults", read_defaults}, {"registries", read_registries},
    {"watch", read_watch},           {"rules", read_rules},       {"notify", read_notify},
    {"dependents", read_dependents}, {"targets", read_targets},
};

void read_document(std::string_view file, std::string_view text, Reading& reading) {
    auto root = parse_yaml(file, text, reading.problems);
    // A file in which everything is a comment says nothing, and that is allowed.
    if (!root || root->kind() == YamlValue::Kind::null) return;
    YamlMap map(*root, "the configuration", reading.problems);
    map.refuse({"hooks", "badges"});
    for (const auto& [name, read] : sections) {
        auto value = map.take(name);
        if (value && value->kind() != YamlValue::Kind::null) read(*value, reading);
    }
    map.finish();
}

void read_one_file(const std::string& file, Reading& reading) {
    auto text = read_small_file(file, most_bytes);
    if (text) return read_document(file, *text, reading);
    reading.problems.error({file, 0, 0}, "cannot read the configuration: " + text.error().message());
}

// The names of conf.d/*.yaml beside the file, in order.
std::vector<std::string> files_beside(const std::string& file, Problems& problems) {
    namespace fs = std::filesystem;
    std::vector<std::string> out;
    fs::path folder = fs::path(file).parent_path() / "conf.d";
    std::error_code fault;
    if (!fs::is_directory(folder, fault)) return out;
    fs::directory_iterator entries(folder, fault);
    if (fault) problems.error({folder.string(), 0, 0}, "cannot read this folder: " + fault.message());
    for (; !fault && entries != fs::directory_iterator(); entries.increment(fault)) {
        auto path = entries->path();
        if (path.filename().string().starts_with('.')) continue;
        if (path.extension() == ".yaml") out.push_back(path.string());
        if (path.extension() == ".yml")
            problems.warning({path.string(), 0, 0}, "only *.yaml is read here: rename it");
    }
    std::ranges::sort(out);
    return out;
}

Settings finished(Reading reading, const Environment& environment) {
    auto& settings = reading.settings;
    warn_of_listening_without_tokens(reading);
    if (settings.daemon.state.empty()) settings.daemon.state = default_state(environment);
    if (settings.daemon.listen.empty()) settings.daemon.listen = {default_listen(environment)};
    add_mirrors_as_registries(reading);
    reading.registries.auth_files = readable_auth_files(environment);
    settings.registries = std::make_shared<const RegistriesSettings>(std::move(reading.registries));
    settings.fixed_at_start = reading.secrets.fixed_at_start();
    return std::move(settings);
}

}  // namespace

bool Reading::first(const std::string& what, const Mark& where) {
    auto [earlier, fresh] = places.try_emplace(what, where);
    if (!fresh)
        problems.error(where,
                       what + " is given twice, first at " + earlier->second.text() + ": keep one of them");
    return fresh;
}

std::vector<YamlValue> section_items(const YamlValue& value, std::string_view name, Problems& problems) {
    if (value.kind() == YamlValue::Kind::list) return value.items();
    problems.error(value.mark(),
                   "`" + std::string(name) + "` must be a list (`- …` lines), not " + value.described());
    return {};
}

std::vector<YamlValue::Entry> section_entries(const YamlValue& value, std::string_view name,
                                              Problems& problems) {
    if (value.kind() == YamlValue::Kind::map) return value.entries();
    problems.error(value.mark(), "`" + std::string(name) + "` must be a mapping (`name: …` lines), not " +
                                     value.described());
    return {};
}

void read_targets(const YamlValue& value, Reading& reading) {
    for (const auto& entry : section_entries(value, "targets", reading.problems)) {
        if (!is_name(entry.key)) {
            reading.problems.error(entry.where, "not the name of a target: `" + entry.key.substr(0, 80) +
                                                    "`; it is 1 to 64 letters, digits, or . _ - (not in "
                                                    "front)");
        } else if (reading.first("target `" + entry.key + "`", entry.where)) {
            reading.settings.targets.emplace(entry.key, read_target(entry.key, entry.where, entry.value,
                                                                    reading.secrets, reading.problems));
        }
    }
}

Settings read_what_is_readable(const std::string& file, const Environment& environment, Problems& problems) {
    SecretReader secrets(environment, problems);
    Reading reading{{}, {}, secrets, problems, {}};
    read_one_file(file, reading);
    for (const auto& more : files_beside(file, problems)) read_one_file(more, reading);
    return finished(std::move(reading), environment);
}

Settings readable_text(std::string_view file, std::string_view text, const Environment& environment,
                       Problems& problems) {
    SecretReader secrets(environment, problems);
    Reading reading{{}, {}, secrets, problems, {}};
    read_document(file, text, reading);
    return finished(std::move(reading), environment);
}

std::optional<Settings> read_settings(const std::string& file, const Environment& environment,
                                      Problems& problems) {
    Settings settings = read_what_is_readable(file, environment, problems);
    if (problems.failed()) return std::nullopt;
    return settings;
}

std::optional<Settings> read_settings_text(std::string_view file, std::string_view text,
                                           const Environment& environment, Problems& problems) {
    Settings settings = readable_text(file, text, environment, problems);
    if (problems.failed()) return std::nullopt;
    return settings;
}

}  // namespace basewatch::settings
