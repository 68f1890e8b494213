#include "app/tables.hpp"

#include "foundation/ordered_names.hpp"
#include "model/tag_version.hpp"
#include "presets/render.hpp"
#include "rules/match.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>

namespace basewatch::app {

namespace {

std::optional<model::Reference> reference_of(const std::string& name) {
    auto parsed = model::Reference::parse(name);
    return parsed ? std::optional(*parsed) : std::nullopt;
}

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

std::shared_ptr<rules::PlanningTable> planning_table(const settings::Settings& settings,
                                                     const std::string& hostname) {
    auto table = std::make_shared<rules::PlanningTable>();
    table->rules = rules_of_bases(settings);
    for (const auto& entry : settings.dependents)
        table->dependents.emplace(entry.dependent.reference.text(), entry.dependent);
    for (const auto& [name, target] : settings.targets)
        if (auto merged = presets::merge(target)) {
            rules::PlannedTarget planned(merged->per() == settings::Per::dependent);
            planned.needs_image = merged->needs_layers;
            planned.tells_several = merged->tells_several;
            planned.group = merged->group;
            table->targets.emplace(name, planned);
        }
    for (const auto& [alias, base] : bases_by_alias(settings)) table->aliases[base].push_back(alias);
    for (auto& pattern : tag_patterns(settings)) {
        rules::PatternAliases aliases{pattern.settings->watch.base.name(), std::move(pattern.chosen), {}};
        for (const auto& alias : pattern.settings->watch.aliases) aliases.names.push_back(alias.name());
        if (!aliases.names.empty()) table->pattern_aliases.push_back(std::move(aliases));
    }
    table->notify = targets_by_event(settings);
    const auto& url = settings.daemon.public_url;
    table->source = url.empty() ? "basewatch://" + hostname : url;
    table->public_url = url;
    return table;
}

// `usual` are the platforms of the defaults, held once for all.
watch::Watched watched(const settings::WatchSettings& watch, const settings::WatchDefaults& defaults,
                       const watch::SharedPlatforms& usual) {
    return {watch.base,
            watch.interval.value_or(defaults.interval),
            watch.platforms ? watch::SharedPlatforms(platforms_of(*watch.platforms)) : usual,
            watch.ignore_labels,
            defaults.unreachable_after,
            watch.settle.value_or(defaults.settle),
            watch.interval.has_value()};
}

}  // namespace

bool TagPattern::fits(const model::Reference& reference) const {
    return reference.name() == settings->watch.base.name() && chosen.fits(reference.tag());
}

std::optional<model::Reference> TagPattern::aliased(const model::Reference& reference) const {
    for (const auto& alias : settings->watch.aliases)
        if (reference.name() == alias.name() && chosen.fits(reference.tag()))
            return settings->watch.base.with_tag(reference.tag());
    return std::nullopt;
}

std::vector<TagPattern> tag_patterns(const settings::Settings& settings) {
    std::vector<TagPattern> patterns;
    for (const auto& pattern : settings.patterns) {
        auto tags = pattern.tags;
        tags.newest =
            std::min(tags.newest.value_or(watch::most_tags_of_pattern), watch::most_tags_of_pattern);
        auto filter = rules::TagFilter::compile(tags);
        if (filter) patterns.push_back({&pattern, std::move(*filter)});
    }
    return patterns;
}

std::map<std::string, std::string> bases_by_alias(const settings::Settings& settings) {
    std::map<std::string, std::string> out;
    for (const auto& watch : settings.watch)
        for (const auto& alias : watch.aliases) out.emplace(alias.text(), watch.base.text());
    return out;
}

namespace {

// Finds the base behind whatever name a rule has for it.
class BaseNames {
public:
    explicit BaseNames(const settings::Settings& settings)
        : by_alias_(bases_by_alias(settings)), patterns_(tag_patterns(settings)) {}

    std::string base_of(const std::string& name) const {
        if (auto alias = by_alias_.find(name); alias != by_alias_.end()) return alias->second;
        auto reference = patterns_.empty() || rules::is_glob(name) ? std::nullopt : reference_of(name);
        for (const auto& pattern : patterns_)
            if (auto base = reference ? pattern.aliased(*reference) : std::nullopt) return base->text();
        return name;
    }

private:
    std::map<std::string, std::string> by_alias_;
    std::vector<TagPattern> patterns_;
};

}  // namespace

std::vector<model::Rule> rules_of_bases(const settings::Settings& settings) {
    BaseNames names(settings);
    std::vector<model::Rule> out;
    for (const auto& entry : settings.rules) {
        auto& rule = out.emplace_back(entry.rule);
        OrderedNames bases;
        for (const auto& name : entry.rule.bases) bases.add(names.base_of(name));
        rule.bases = std::move(bases).take();
    }
    return out;
}

std::vector<watch::Watched> watched_bases(const settings::Settings& settings) {
    std::vector<watch::Watched> out;
    out.reserve(settings.watch.size());
    std::unordered_set<std::string> seen;
    seen.reserve(settings.watch.size());
    const auto& defaults = settings.defaults;
    const watch::SharedPlatforms usual(platforms_of(defaults.platforms));
    for (const auto& watch : settings.watch) {
        if (seen.insert(watch.base.text()).second) out.push_back(watched(watch, defaults, usual));
    }
    auto patterns = tag_patterns(settings);
    for (const auto& rule : rules_of_bases(settings)) {
        for (const auto& name : rule.bases) {
            if (rules::is_glob(name) || !seen.insert(name).second) continue;
            auto base = reference_of(name);
            if (!base) continue;
            // What is said of its like holds for it as well.
            settings::WatchSettings named;
            auto like = std::ranges::find_if(patterns, [&](const auto& each) { return each.fits(*base); });
            if (like != patterns.end()) named = like->settings->watch;
            named.base = *base;
            out.push_back(watched(named, defaults, usual));
        }
    }
    return out;
}

namespace {

std::map<std::string, std::vector<rules::Pin>> pins_by_base(const settings::Settings& settings) {
    std::map<std::string, std::vector<rules::Pin>> pins;
    for (const auto& watch : settings.watch)
        if (!watch.pin.empty()) pins[watch.base.text()].push_back({watch.pin, "watch"});
    BaseNames names(settings);
    for (const auto& entry : settings.rules)
        for (std::size_t i = 0; i < entry.pins.size(); ++i)
            if (!entry.pins[i].empty())
                pins[names.base_of(entry.rule.bases[i])].push_back(
                    {entry.pins[i], "rule " + entry.rule.name});
    return pins;
}

}  // namespace

std::shared_ptr<const watch::WatchTable> watch_table(const settings::Settings& settings,
                                                     const std::string& hostname) {
    auto table = std::make_shared<watch::WatchTable>();
    table->registries = settings.registries;
    table->bases = watched_bases(settings);
    const watch::SharedPlatforms usual(platforms_of(settings.defaults.platforms));
    for (auto& pattern : tag_patterns(settings))
        table->patterns.push_back({watched(pattern.settings->watch, settings.defaults, usual),
                                   pattern.settings->tags, std::move(pattern.chosen)});
    auto planning = planning_table(settings, hostname);
    planning->pins = pins_by_base(settings);
    table->planning = std::move(planning);
    std::set<std::string> wanted;
    for (const auto& rule : table->planning->rules)
        if (std::ranges::find(rule.on, model::ChangeKind::newer_version) != rule.on.end())
            wanted.insert(rule.bases.begin(), rule.bases.end());
    for (const auto& base : table->bases) {
        if (!wanted.contains(base.base.text()) || !model::TagVersion::parse(base.base.tag())) continue;
        bool first = table->newer.empty();
        table->newer.push_back(base.base);
        table->newer_interval = first ? base.interval : std::min(table->newer_interval, base.interval);
    }
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
