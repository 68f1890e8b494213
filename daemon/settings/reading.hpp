#pragma once
// What several files say together: the settings so far, and where each name first stood, so that a name given
// twice is told with both places. One function per section; each reads one file's part and adds to it.

#include "settings/secret_reader.hpp"
#include "settings/settings.hpp"

#include <map>
#include <string>

namespace basewatch::settings {

struct Reading {
    Settings settings;
    RegistriesSettings registries;
    SecretReader& secrets;
    Problems& problems;
    std::map<std::string, Mark> places;

    // Whether this is the first `what`; a second one is told.
    bool first(const std::string& what, const Mark& where);
};

void read_daemon(const YamlValue& value, Reading& reading);
// Once all is read: an address that nobody can use, for want of tokens, is told.
void warn_of_listening_without_tokens(Reading& reading);
void read_defaults(const YamlValue& value, Reading& reading);
void read_registries(const YamlValue& value, Reading& reading);
// `mirror` and `mirror_only` of the registry `host`.
void read_mirrors(const std::string& host, YamlMap& map, Reading& reading, RegistrySettings& registry);
// Once all is read: each mirror is a registry that is reached as its address says.
void add_mirrors_as_registries(Reading& reading);
void read_watch(const YamlValue& value, Reading& reading);
void read_dependents(const YamlValue& value, Reading& reading);
void read_rules(const YamlValue& value, Reading& reading);
void read_notify(const YamlValue& value, Reading& reading);
void read_targets(const YamlValue& value, Reading& reading);

// `tags` of an entry of `watch`.
void read_tags(const YamlValue& value, Problems& problems, PatternSettings& pattern);

// The entries of a section that must be a list, each `- …`.
std::vector<YamlValue> section_items(const YamlValue& value, std::string_view name, Problems& problems);
// The entries of a section that maps names to settings.
std::vector<YamlValue::Entry> section_entries(const YamlValue& value, std::string_view name,
                                              Problems& problems);

}  // namespace basewatch::settings
