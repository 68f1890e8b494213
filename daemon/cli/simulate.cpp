#include "app/parts.hpp"
#include "cli/offline.hpp"
#include "cli/trial.hpp"
#include "cli/verbs.hpp"
#include "rules/conditions.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::cli {

namespace {

// A change as it might come: the digests are made up, everything else is as configured.
model::Change imagined_change(const model::Reference& base, model::ChangeKind kind, Time now) {
    model::Change change;
    change.id = "chg_00000000000000000000000000";
    change.base = base;
    change.kind = kind;
    change.detected_by = model::DetectedBy::request;
    change.detected_at = now;
    model::Platform platform{"linux", "amd64", "", ""};
    change.changed_platforms = {platform};
    if (kind == model::ChangeKind::newer_version) change.newer_tags = {"NEWER-TAG"};
    change.before.digest = model::Digest::of("simulated: before");
    change.after.digest = model::Digest::of("simulated: after");
    for (auto* look : {&change.before, &change.after}) {
        look->media_type = "application/vnd.oci.image.index.v1+json";
        look->observed_at = now;
        look->platforms[platform] = model::Digest::of("simulated: " + look->digest.text());
        look->detailed = true;
    }
    if (kind == model::ChangeKind::tag_created) change.before = model::Observation();
    if (kind == model::ChangeKind::tag_deleted) change.after = model::Observation();
    return change;
}

Async<std::vector<dispatch::Trial>> render(app::Outside& outside, const app::Configuration& configuration,
                                           rules::Plan plan) {
    std::vector<dispatch::Trial> trials;
    for (const auto& delivery : plan.deliveries) {
        auto event = std::find_if(plan.events.begin(), plan.events.end(),
                                  [&](const auto& one) { return one.id == delivery.event_id; });
        const auto& target = configuration.dispatch->targets.at(delivery.target);
        std::map<std::string, std::string> with;
        if (auto found = configuration.dispatch->with.find(delivery.dependent);
            found != configuration.dispatch->with.end())
            with = found->second;
        auto trial = co_await dispatch::try_target(target, *event, delivery.dependent, with, false,
                                                   outside.clock, outside.http, outside.registry, outside.jq,
                                                   outside.mail, outside.kafka, outside.nats);
        trial.group = delivery.group;
        trials.push_back(std::move(trial));
    }
    co_return trials;
}

struct Simulation {
    std::vector<model::Condition> conditions;
    rules::Plan plan;
    std::vector<dispatch::Trial> trials;
};

Async<Result<Simulation>> played(app::Outside& outside, const app::Configuration& configuration,
                                 model::Change change) {
    auto table = configuration.watch->planning;
    auto now = outside.clock.now();
    auto conditions = co_await rules::ask_conditions(change, table, outside.jq, now);
    if (!conditions) co_return conditions.error();
    Simulation simulation;
    simulation.plan = rules::plan_change(change, *table, outside.ids, now, *conditions);
    simulation.conditions = std::move(*conditions);
    simulation.trials = co_await render(outside, configuration, simulation.plan);
    co_return simulation;
}

// By its own name, as an alias, or as what a pattern may find.
bool is_watched(const watch::WatchTable& table, const model::Reference& base) {
    const auto& planning = *table.planning;
    auto has = [](const std::vector<std::string>& names, const std::string& name) {
        return std::ranges::find(names, name) != names.end();
    };
    auto stands_for = [&](const watch::Pattern& pattern) {
        auto repository = pattern.each.base.name();
        bool alias = std::ranges::any_of(planning.pattern_aliases, [&](const auto& aliases) {
            return aliases.repository == repository && has(aliases.names, base.name());
        });
        return (alias || repository == base.name()) && pattern.chosen.fits(base.tag());
    };
    return std::ranges::any_of(table.bases, [&](const auto& known) { return known.base == base; }) ||
           std::ranges::any_of(planning.aliases,
                               [&](const auto& known) { return has(known.second, base.text()); }) ||
           std::ranges::any_of(table.patterns, stands_for);
}

std::string as_text(const model::Condition& condition) {
    std::string rule = "rule \"" + condition.rule + "\"";
    switch (condition.outcome) {
        case model::Condition::Outcome::wanted:
            return rule + " wants it, by its `when`\n";
        case model::Condition::Outcome::unwanted:
            return rule + " does not want it, by its `when`\n";
        case model::Condition::Outcome::failed:
            return rule + " fires although its `when` failed: " + condition.detail + "\n";
    }
    return "";
}

}  // namespace

int simulate(const Common& common, const std::string& text, const std::string& kind_name) {
    auto reference = read_reference(text);
    auto kind = model::change_kind(kind_name);
    if (!kind)
        complain("`" + kind_name +
                 "` is no kind of change: content, reverted, metadata, platform_added, platform_removed, "
                 "tag_created, tag_deleted or newer_version");
    if (!reference || !kind) return wrong_usage;
    auto configuration = read_configuration(common);
    if (!configuration) return wrong_usage;
    app::Outside outside(configuration->settings.registries);
    auto simulated = outside.wait_for(played(
        outside, *configuration, imagined_change(watch::tag_of(*reference), *kind, outside.clock.now())));
    if (!simulated) {
        complain(simulated.error().message());
        return failed;
    }
    const auto& [conditions, plan, trials] = *simulated;
    if (common.json) {
        nlohmann::ordered_json body{{"reference", reference->text()},
                                    {"kind", kind_name},
                                    {"conditions", nlohmann::ordered_json::array()},
                                    {"events", nlohmann::ordered_json::array()},
                                    {"rebuilds", nlohmann::ordered_json::array()},
                                    {"requests", nlohmann::ordered_json::array()}};
        for (const auto& condition : conditions) {
            nlohmann::ordered_json row{{"rule", condition.rule},
                                       {"outcome", model::to_string(condition.outcome)}};
            if (!condition.detail.empty()) row["error"] = condition.detail;
            body["conditions"].push_back(std::move(row));
        }
        for (const auto& event : plan.events)
            body["events"].push_back(nlohmann::ordered_json::parse(event.json, nullptr, false));
        for (const auto& rebuild : plan.rebuilds) body["rebuilds"].push_back(rebuild.dependent.text());
        for (const auto& trial : trials) body["requests"].push_back(as_json(trial));
        print(body.dump(2) + "\n");
        return done;
    }
    for (const auto& condition : conditions) print(as_text(condition));
    if (plan.events.empty()) print("no rule fires on " + kind_name + " of " + reference->text() + "\n");
    if (!is_watched(*configuration->watch, watch::tag_of(*reference)))
        print(reference->text() + " is not watched: name it under `watch`, or nothing is seen of it\n");
    for (const auto& event : plan.events) print("event " + event.type + " about " + event.subject + "\n");
    for (const auto& trial : trials) print(as_text(trial));
    return done;
}

}  // namespace basewatch::cli
