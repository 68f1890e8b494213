#pragma once
// The configuration as values: syntax, types, references and secrets are checked here; what settings mean
// together (a target that does not exist, a cycle) is app's to check. Every value that can be wrong together
// with another keeps its place in the file.

#include "model/platform.hpp"
#include "model/reference.hpp"
#include "model/rule.hpp"
#include "model/tag_choice.hpp"
#include "settings/registry_settings.hpp"
#include "settings/target_settings.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::settings {

struct ApiToken {
    std::string name;
    Secret token;
    std::vector<std::string> scopes;  // `read`, `operate`
};

struct DaemonSettings {
    std::string state;                // path of the database
    std::vector<std::string> listen;  // default: unix:/run/basewatch/api.sock
    std::string public_url;           // no trailing slash; empty where not set
    std::vector<ApiToken> api_tokens;
    Milliseconds retention{400LL * 86'400'000};
};

struct PlatformChoice {
    bool all = false;
    std::vector<model::Platform> named{model::Platform{"linux", "amd64", "", ""}};
};

struct WatchDefaults {
    Milliseconds interval{15 * 60'000};
    PlatformChoice platforms;
    int unreachable_after = 4;
    Milliseconds settle{};
};

struct WatchSettings {
    model::Reference base;
    Mark where;
    std::optional<Milliseconds> interval;
    std::optional<PlatformChoice> platforms;
    std::optional<Milliseconds> settle;
    std::vector<std::string> ignore_labels;
    model::Digest pin;                      // that it stands beside, `tag@digest`; empty: none
    std::vector<model::Reference> aliases;  // the same tag under another name
    std::vector<Mark> alias_marks;          // beside aliases
};

// An entry of `watch` with `tags`: `watch.base` is the repository, its tag says nothing, and so do those of
// the aliases.
struct PatternSettings {
    WatchSettings watch;
    model::TagChoice tags;
    Mark glob_at, regex_at, semver_at;
    std::vector<Mark> exclude_marks;  // beside tags.exclude
};

struct DependentSettings {
    model::Dependent dependent;
    Mark where;
    bool whole = true;  // as a target's
};

struct RuleSettings {
    model::Rule rule;
    Mark where;
    Mark when_at;  // where the condition's first line stands
    Mark group_at;
    std::vector<Mark> base_marks;       // beside rule.bases
    std::vector<model::Digest> pins;    // beside rule.bases; empty where there is none
    std::vector<Mark> on_marks;         // beside rule.on; empty where `on` was left out
    std::vector<Mark> dependent_marks;  // beside rule.dependents
    std::vector<Mark> fire_marks;       // beside rule.fire
};

struct NotifySettings {
    std::vector<std::string> events;  // `base.unreachable`, …
    std::vector<std::string> fire;
    std::vector<Mark> event_marks;
    std::vector<Mark> fire_marks;
};

struct Settings {
    DaemonSettings daemon;
    WatchDefaults defaults;
    std::shared_ptr<const RegistriesSettings> registries;
    std::vector<WatchSettings> watch;
    std::vector<PatternSettings> patterns;
    std::vector<DependentSettings> dependents;
    std::vector<RuleSettings> rules;
    std::vector<NotifySettings> notify;
    std::map<std::string, TargetSettings> targets;
    // The `env:NAME` and `credential:NAME` that were read: a reload cannot change their values.
    std::set<std::string> fixed_at_start;
};

// Where secrets and paths come from besides the file; a test gives its own.
struct Environment {
    std::map<std::string, std::string> variables;
    static Environment of_process();
    std::optional<std::string> find(const std::string& name) const;
};

// Reads `file`, and conf.d/*.yaml beside it in name order. All faults go to `problems`; settings come back
// only when there is no error among them (warnings are no hindrance).
std::optional<Settings> read_settings(const std::string& file, const Environment& environment,
                                      Problems& problems);

// The same, but what could be read comes back even when there are errors, so that what it means together can
// be checked in the same run. Never to be run on.
Settings read_what_is_readable(const std::string& file, const Environment& environment, Problems& problems);
Settings readable_text(std::string_view file, std::string_view text, const Environment& environment,
                       Problems& problems);

// read_settings from text, for tests and for `validate` of something not yet saved.
std::optional<Settings> read_settings_text(std::string_view file, std::string_view text,
                                           const Environment& environment, Problems& problems);

}  // namespace basewatch::settings
