#include "app/check_settings.hpp"

#include "app/check_bases.hpp"
#include "dispatch/signature.hpp"
#include "foundation/suggest.hpp"
#include "net/headers.hpp"
#include "net/proxies.hpp"
#include "net/url.hpp"
#include "presets/preset.hpp"
#include "presets/render.hpp"
#include "presets/way.hpp"
#include "registry/ecr.hpp"
#include "registry/google.hpp"
#include "settings/file.hpp"
#include "settings/way_settings.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <unistd.h>

namespace basewatch::app {

namespace {

using settings::Per;
using settings::Settings;
using settings::TargetSettings;
// The targets that are as their presets want them.
using Merged = std::map<std::string, presets::Target>;

std::string ticked(std::string_view text) {
    return "`" + std::string(text) + "`";
}

// "did you mean", or what there is.
std::string hint(std::string_view word, const std::vector<std::string_view>& known) {
    if (auto near = nearest_word(word, known)) return ": did you mean " + ticked(*near) + "?";
    std::string list;
    for (auto name : known) list += (list.empty() ? "" : ", ") + std::string(name);
    return list.empty() ? "" : "; there are " + list;
}

// An address with something in its places, as it will be asked for.
std::string filled(std::string_view address) {
    std::string out;
    for (std::size_t at = 0; at < address.size();) {
        auto end = address[at] == '{' ? address.find('}', at) : std::string_view::npos;
        out += end == std::string_view::npos ? address[at] : 'x';
        at = end == std::string_view::npos ? at + 1 : end + 1;
    }
    return out;
}

// What the places of a target stand in, and where that is.
std::string place_holder(const presets::Target& target) {
    if (target.way == presets::Way::nats) return "the subject";
    return target.way == presets::Way::program ? "the command" : "the address";
}

Mark places_at(const TargetSettings& settings, const presets::Target& target) {
    auto key = settings.keys.find(target.way == presets::Way::nats ? "subject" : "command");
    bool elsewhere = target.way == presets::Way::program || target.way == presets::Way::nats;
    return elsewhere && key != settings.keys.end() ? key->second : settings.url_at;
}

void warn_of_open_secret(const Mark& where, const TargetSettings& settings, const char* secret,
                         Problems& problems) {
    problems.warning(where, "target " + ticked(settings.name) + " sends its " + secret + " without TLS");
}

void check_mail_server(const TargetSettings& settings, Problems& problems) {
    auto server = settings::parse_mail_server(settings.fields.url->reveal());
    if (!server) {
        problems.error(settings.url_at,
                       "`url` of target " + ticked(settings.name) + " " + server.error().message());
        return;
    }
    auto tls = settings.keys.find("tls");
    if (!settings.server.plain || tls == settings.keys.end()) return;
    if (server->implicit_tls)
        problems.error(tls->second, "`tls: none` of target " + ticked(settings.name) +
                                        " does not go with smtps://: write smtp:// or remove it");
    else if (!settings.server.password.empty())
        warn_of_open_secret(tls->second, settings, "password", problems);
}

void check_brokers(const TargetSettings& settings, Problems& problems) {
    auto tls = settings.keys.find("tls");
    if (settings.server.plain && settings.kafka.sasl == settings::Sasl::plain && tls != settings.keys.end())
        warn_of_open_secret(tls->second, settings, "password", problems);
}

void check_nats_servers(const TargetSettings& settings, Problems& problems) {
    bool tells = !settings.server.password.empty() || !settings.token.empty();
    if (tells && !settings.nats.tls)
        warn_of_open_secret(settings.keys.at("servers"), settings,
                            settings.token.empty() ? "password" : "token", problems);
}

void check_address(const TargetSettings& settings, const presets::Target& target, Problems& problems) {
    if (target.way == presets::Way::http && settings::is_mail_server(target.fields.url->reveal()))
        problems.error(settings.url_at,
                       "`url` of target " + ticked(settings.name) +
                           " is that of a mail server, which is for preset smtp: write https://");
    else if (target.way == presets::Way::http)
        if (auto url = net::Url::parse(filled(target.fields.url->reveal())); !url)
            problems.error(settings.url_at,
                           "`url` of target " + ticked(settings.name) + ": " + url.error().message());
    if (target.way == presets::Way::mail) check_mail_server(settings, problems);
    if (target.way == presets::Way::kafka) check_brokers(settings, problems);
    if (target.way == presets::Way::nats) check_nats_servers(settings, problems);
    auto places = presets::places(target);
    if (target.per() == Per::dependent || places.empty()) return;
    problems.error(places_at(settings, target), place_holder(target) + " of target " + ticked(settings.name) +
                                                    " has the place {" + places.front() +
                                                    "}, which a dependent fills, and the target fires once "
                                                    "per change: write `per: dependent`, or take "
                                                    "the place out");
}

void check_secrets(const TargetSettings& settings, const presets::Target& target, Problems& problems) {
    net::Headers headers;
    auto made = dispatch::sign(headers, "dlv_check", 0, "", target.signature(), target.secrets);
    if (!made)
        problems.error(settings.where,
                       "`secret` of target " + ticked(settings.name) + ": " + made.error().message());
}

std::string why_one_by_one(const TargetSettings& settings) {
    if (settings.fields.body) return "its `body` tells only the first of several events";
    return "preset " + settings.preset + " sends events one by one";
}

// An event's bytes never differ, and a build is no message: `group` is for bodies that tell several events.
void check_group(const TargetSettings& settings, const presets::Target& target, Problems& problems) {
    if (!settings.group) return;
    std::string whose = "`group` of target " + ticked(settings.name) + ": ";
    if (target.per() == Per::dependent)
        problems.error(settings.group_at,
                       whose +
                           "it fires once per dependent, and builds are not told together (several causes "
                           "for one dependent are one rebuild anyway): remove it");
    else if (!target.tells_several)
        problems.error(settings.group_at,
                       whose + why_one_by_one(settings) +
                           ": give the target a `body` that tells all of `.events`, or remove `group`");
}

void warn_of_missing_library(const TargetSettings& settings, const Result<void>& usable, Problems& problems) {
    if (usable) return;
    problems.warning(settings.preset_at, "nothing can be sent to target " + ticked(settings.name) +
                                             ", and it will be tried "
                                             "again until it expires: " +
                                             usable.error().message());
}

// It may come later, or be another's to run: a warning, then.
void warn_of_missing_program(const TargetSettings& settings, Problems& problems) {
    const auto& program = settings.command.front();
    std::string why;
    std::error_code ignored;
    if (access(program.c_str(), X_OK) != 0) {
        why = std::strerror(errno);
        if (errno == EACCES) why += "; make it executable, and name it in the service's ExecPaths=";
    } else if (!std::filesystem::is_regular_file(program, ignored)) {
        why = "it is no file";
    }
    if (!why.empty())
        problems.warning(settings.keys.at("command"),
                         "target " + ticked(settings.name) + " cannot execute " + program + ": " + why);
}

std::optional<presets::Target> check_target(const TargetSettings& settings, Problems& problems) {
    if (settings.preset.empty()) return std::nullopt;
    if (presets::find(settings.preset) == nullptr) {
        std::vector<std::string_view> known;
        for (const auto& preset : presets::built_in()) known.push_back(preset.name);
        problems.error(settings.preset_at,
                       "undefined preset " + ticked(settings.preset) + hint(settings.preset, known));
        return std::nullopt;
    }
    auto misplaced = presets::misplaced_keys(settings, *presets::find(settings.preset));
    for (const auto& [where, what] : misplaced)
        problems.error(where, what + " (target " + ticked(settings.name) + ")");
    if (!settings.whole || !misplaced.empty()) return std::nullopt;
    auto target = presets::merge(settings);
    if (!target) {
        problems.error(settings.where, "target " + ticked(settings.name) + ": " + target.error().message());
        return std::nullopt;
    }
    check_address(settings, *target, problems);
    check_secrets(settings, *target, problems);
    check_group(settings, *target, problems);
    if (target->way == presets::Way::program) warn_of_missing_program(settings, problems);
    return *target;
}

void check_fire(const std::vector<std::string>& fire, const std::vector<Mark>& marks,
                const Settings& settings, Problems& problems) {
    for (std::size_t i = 0; i < fire.size(); ++i) {
        if (settings.targets.contains(fire[i])) continue;
        std::vector<std::string_view> known;
        known.reserve(settings.targets.size());
        for (const auto& entry : settings.targets) known.push_back(entry.first);
        problems.error(marks[i], "undefined target " + ticked(fire[i]) + hint(fire[i], known));
    }
}

// What fills the places of addresses, by dependent.
struct Parameters {
    explicit Parameters(const Settings& settings) {
        for (const auto& entry : settings.dependents)
            by_dependent.emplace(entry.dependent.reference.text(), &entry);
    }
    const settings::DependentSettings* of(const std::string& dependent) const {
        auto found = by_dependent.find(dependent);
        return found == by_dependent.end() ? nullptr : found->second;
    }
    std::map<std::string, const settings::DependentSettings*> by_dependent;
};

// `; or did you mean …`: what is always there and what the dependent has, where it is near.
std::string parameter_meant(const std::string& place, const settings::DependentSettings* entry) {
    std::vector<std::string_view> known(presets::build_parameter_names.begin(),
                                        presets::build_parameter_names.end());
    if (entry != nullptr)
        for (const auto& parameter : entry->dependent.parameters) known.push_back(parameter.first);
    auto near = nearest_word(place, known);
    return near ? "; or did you mean `{" + std::string(*near) + "}`?" : "";
}

void tell_unfilled(const settings::RuleSettings& rule, std::size_t index, const TargetSettings& target,
                   const presets::Target& merged, const std::string& place,
                   const settings::DependentSettings* entry, Problems& problems) {
    std::string meant = parameter_meant(place, entry);
    std::string what = place_holder(merged) + " of target " + ticked(target.name) + " has the place {" +
                       place + "}, and " + rule.rule.dependents[index];
    if (entry == nullptr) {
        what += " has no entry under `dependents`: add one with `with: {" + place + ": …}`" + meant;
        problems.error(places_at(target, merged), std::move(what));
    } else {
        what += " has no " + ticked(place) + " in its `with` (at " + entry->where.text() + "): add it there" +
                meant;
        problems.error(rule.dependent_marks[index], std::move(what));
    }
}

// Every dependent of the rule must fill every place in the addresses that the rule fires for it.
void check_places(const settings::RuleSettings& rule, const TargetSettings& settings,
                  const presets::Target& target, const Parameters& parameters, Problems& problems) {
    if (target.per() != Per::dependent) return;
    for (const auto& place : presets::places(target)) {
        for (std::size_t i = 0; i < rule.rule.dependents.size(); ++i) {
            const auto* entry = parameters.of(rule.rule.dependents[i]);
            bool filled = entry != nullptr && (!entry->whole || entry->dependent.parameters.contains(place));
            if (!filled) tell_unfilled(rule, i, settings, target, place, entry, problems);
        }
    }
}

// A rule's own group is for those of its targets that can tell several events; builds, scans and what else
// takes events one by one are not held for it.
void check_rule_group(const settings::RuleSettings& rule, const Settings& settings, const Merged& targets,
                      Problems& problems) {
    if (!rule.rule.group || rule.rule.fire.empty() || targets.empty()) return;
    std::string whose = "`group` of rule " + ticked(rule.rule.name) + ": ", why_not;
    bool grouped = false;
    for (const auto& name : rule.rule.fire) {
        auto target = targets.find(name);
        if (target == targets.end()) return;  // told already
        if (target->second.tells_several && rule.rule.group->together) return;
        grouped = grouped || target->second.group.has_value();
        bool build = target->second.per() == Per::dependent;
        why_not += (why_not.empty() ? "" : "; ") + ticked(name) + ": " +
                   (build ? "it fires once per dependent, and builds are not told together"
                          : why_one_by_one(settings.targets.at(name)));
    }
    if (rule.rule.group->together)
        problems.error(rule.group_at, whose + "no target of the rule can tell several events (" + why_not +
                                          "): fire one that can, such as preset slack or one with a `body` "
                                          "that tells all of `.events`, or remove `group`");
    else if (!grouped)
        problems.warning(rule.group_at, whose +
                                            "none of its targets has a `group` or quiet hours that `none` "
                                            "would switch off");
}

void check_rule(const settings::RuleSettings& rule, const Settings& settings, const Merged& targets,
                const Parameters& parameters, Problems& problems) {
    check_fire(rule.rule.fire, rule.fire_marks, settings, problems);
    check_rule_group(rule, settings, targets, problems);
    for (std::size_t i = 0; i < rule.rule.fire.size(); ++i) {
        auto target = targets.find(rule.rule.fire[i]);
        if (target == targets.end()) continue;
        check_places(rule, settings.targets.at(target->first), target->second, parameters, problems);
        if (target->second.per() == Per::dependent && rule.rule.dependents.empty())
            problems.warning(rule.fire_marks[i], "target " + ticked(target->first) +
                                                     " fires once per dependent, and this rule names none");
        auto is_deletion = [](model::ChangeKind kind) { return kind == model::ChangeKind::tag_deleted; };
        if (target->second.needs_layers && std::ranges::all_of(rule.rule.on, is_deletion))
            problems.warning(rule.fire_marks[i],
                             "target " + ticked(target->first) +
                                 " looks into images, and of a deleted tag there is none: this rule never "
                                 "fires it; name other kinds under `on`, or take it out");
    }
}

void check_notify(const settings::NotifySettings& notify, const Settings& settings, const Merged& targets,
                  Problems& problems) {
    check_fire(notify.fire, notify.fire_marks, settings, problems);
    for (std::size_t i = 0; i < notify.fire.size(); ++i) {
        auto target = targets.find(notify.fire[i]);
        if (target == targets.end()) continue;
        if (target->second.needs_layers)
            problems.error(notify.fire_marks[i],
                           "target " + ticked(target->first) +
                               " looks into images, and the events of `notify` have none: "
                               "name a target that tells people");
        if (target->second.per() == Per::change) continue;
        problems.error(notify.fire_marks[i], "target " + ticked(target->first) +
                                                 " fires once per dependent, and the events of `notify` are "
                                                 "about a base: name a target with `per: change`");
    }
}

void warn_of_idle_targets(const Settings& settings, Problems& problems) {
    std::set<std::string> fired;
    for (const auto& rule : settings.rules) fired.insert(rule.rule.fire.begin(), rule.rule.fire.end());
    for (const auto& notify : settings.notify) fired.insert(notify.fire.begin(), notify.fire.end());
    for (const auto& [name, target] : settings.targets)
        if (!fired.contains(name))
            problems.warning(target.where, "target " + ticked(name) + " is fired by no rule and no `notify`");
}

void check_proxies(const settings::RegistriesSettings& registries, Problems& problems) {
    for (const auto& [host, registry] : registries.by_host) {
        if (registry.proxy.empty()) continue;
        auto parsed = net::parse_proxy(registry.proxy.reveal());
        if (!parsed) problems.error(registry.proxy_at, "`proxy`: " + parsed.error().message());
    }
}

// What these clouds lend opens more than one registry, so whoever is shown it should be theirs.
void warn_of_strangers(const std::string& host, const settings::CloudLogin& login, Problems& problems) {
    auto below = [&](std::initializer_list<std::string_view> domains) {
        return std::ranges::any_of(domains, [&](std::string_view domain) {
            return host == domain || host.ends_with("." + std::string(domain));
        });
    };
    bool strange =
        (login.provider == settings::Provider::google && !below({"pkg.dev", "gcr.io"})) ||
        (login.provider == settings::Provider::azure && !below({"azurecr.io", "azurecr.cn", "azurecr.us"}));
    if (strange)
        problems.warning(login.where, "registry " + ticked(host) + " is none of " +
                                          std::string(settings::to_string(login.provider)) +
                                          "'s by its name: it will be shown what the cloud lends to you");
}

void check_logins(const settings::RegistriesSettings& registries, Problems& problems) {
    for (const auto& [host, registry] : registries.by_host) {
        const auto& login = registry.login;
        if (login.provider == settings::Provider::ecr) {
            auto api = registry::ecr_api(host, login);
            if (!api) problems.error(login.where, "registry " + ticked(host) + ": " + api.error().message());
        }
        warn_of_strangers(host, login, problems);
        if (login.key_file.empty()) continue;
        auto text = settings::read_small_file(login.key_file, 64u << 10);
        auto key = text ? registry::parse_google_key(*text) : Result<registry::GoogleKey>(text.error());
        if (!key)
            problems.error(login.where,
                           "the `key_file` of registry " + ticked(host) + " " + key.error().message());
    }
}

}  // namespace

void check_settings(const Settings& settings, Problems& problems, Result<void> (*usable)(presets::Way)) {
    check_proxies(*settings.registries, problems);
    check_logins(*settings.registries, problems);
    bool read_whole = !problems.failed();
    Merged targets;
    for (const auto& [name, target] : settings.targets)
        if (auto merged = check_target(target, problems)) {
            warn_of_missing_library(target, usable(merged->way), problems);
            targets.emplace(name, std::move(*merged));
        }
    Parameters parameters(settings);
    for (const auto& rule : settings.rules) check_rule(rule, settings, targets, parameters, problems);
    for (const auto& notify : settings.notify) check_notify(notify, settings, targets, problems);
    check_patterns(settings, problems);
    check_names_of_bases(settings, problems);
    check_dependents(settings, problems);
    // Where something could not be read, what seems idle may only be that.
    if (!read_whole) return;
    warn_of_idle_targets(settings, problems);
    warn_of_idle_names(settings, problems);
    warn_of_idle_kinds(settings, problems);
}

}  // namespace basewatch::app
