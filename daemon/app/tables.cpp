#include "app/tables.hpp"

#include "presets/render.hpp"
#include "rules/match.hpp"

#include <algorithm>
#include <set>

namespace basewatch::app {

namespace {

std::vector<model::Platform> platforms_of(const settings::PlatformChoice& choice) {
    return choice.all ? std::vector<model::Platform>() : choice.named;
}

// One row per event, whatever number of `notify` entries name it; each target once.
std::vector<std::pair<std::string, std::vector<std::string>>> targets_by_event(
    const settings::Settings& settings) {
    std::vector<std::pair<std::string, std::vector<std::string>>> rows;
    for (const auto& notify : settings.notify) {
        for (const auto& event : notify.events) {
            auto row = std::ranges::find(rows, event, [](const auto& pair) { return pair.first; });
            if (row == rows.end()) row = rows.insert(rows.end(), {event, {}});
            for (const auto& target : notify.fire)
                if (std::ranges::find(row->second, target) == row->second.end())
                    row->second.push_back(target);
        }
    }
    return rows;
}

std::shared_ptr<const rules::PlanningTable> planning_table(const settings::Settings& settings,
                                                           const std::string& hostname) {
    auto table = std::make_shared<rules::PlanningTable>();
    table->rules = rules_of_bases(settings);
    for (const auto& entry : settings.dependents)
        table->dependents.emplace(entry.dependent.reference.text(), entry.dependent);
    for (const auto& [name, target] : settings.targets)
        if (auto merged = presets::merge(target)) {
            rules::PlannedTarget planned(merged->per() == settings::Per::dependent);
            planned.group = merged->group;
            table->targets.emplace(name, std::move(planned));
        }
    for (const auto& [alias, base] : bases_by_alias(settings)) table->aliases[base].push_back(alias);
    table->notify = targets_by_event(settings);
    const auto& url = settings.daemon.public_url;
    table->source = url.empty() ? "basewatch://" + hostname : url;
    table->public_url = url;
    return table;
}

}  // namespace

std::map<std::string, std::string> bases_by_alias(const settings::Settings& settings) {
    std::map<std::string, std::string> out;
    for (const auto& watch : settings.watch)
        for (const auto& alias : watch.aliases) out.emplace(alias.text(), watch.base.text());
    return out;
}

std::vector<model::Rule> rules_of_bases(const settings::Settings& settings) {
    auto by_alias = bases_by_alias(settings);
    std::vector<model::Rule> out;
    for (const auto& entry : settings.rules) {
        auto& rule = out.emplace_back(entry.rule);
        rule.bases.clear();
        for (const auto& name : entry.rule.bases) {
            auto alias = by_alias.find(name);
            const auto& base = alias == by_alias.end() ? name : alias->second;
            if (std::ranges::find(rule.bases, base) == rule.bases.end()) rule.bases.push_back(base);
        }
    }
    return out;
}

std::vector<watch::Watched> watched_bases(const settings::Settings& settings) {
    std::vector<watch::Watched> out;
    out.reserve(settings.watch.size());
    std::set<std::string> seen;
    const auto& defaults = settings.defaults;
    for (const auto& watch : settings.watch) {
        if (!seen.insert(watch.base.text()).second) continue;
        out.push_back({watch.base, watch.interval.value_or(defaults.interval),
                       platforms_of(watch.platforms.value_or(defaults.platforms)), watch.ignore_labels,
                       defaults.unreachable_after, watch.settle.value_or(defaults.settle)});
    }
    for (const auto& rule : rules_of_bases(settings)) {
        for (const auto& name : rule.bases) {
            if (rules::is_glob(name) || !seen.insert(name).second) continue;
            auto base = model::Reference::parse(name);
            if (!base) continue;
            out.push_back({*base,
                           defaults.interval,
                           platforms_of(defaults.platforms),
                           {},
                           defaults.unreachable_after,
                           defaults.settle});
        }
    }
    return out;
}

std::shared_ptr<const watch::WatchTable> watch_table(const settings::Settings& settings,
                                                     const std::string& hostname) {
    auto table = std::make_shared<watch::WatchTable>();
    table->bases = watched_bases(settings);
    table->planning = planning_table(settings, hostname);
    return table;
}

std::shared_ptr<const dispatch::DispatchTable> dispatch_table(
    const settings::Settings& settings, std::shared_ptr<const rules::PlanningTable> planning) {
    auto table = std::make_shared<dispatch::DispatchTable>();
    table->planning = std::move(planning);
    for (const auto& [name, target] : settings.targets)
        if (auto merged = presets::merge(target)) table->targets.emplace(name, std::move(*merged));
    for (const auto& entry : settings.dependents)
        table->with.emplace(entry.dependent.reference.text(), entry.dependent.parameters);
    return table;
}

}  // namespace basewatch::app
