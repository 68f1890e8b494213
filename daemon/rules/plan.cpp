#include "rules/plan.hpp"

#include "foundation/ordered_names.hpp"
#include "foundation/time.hpp"
#include "rules/event_data.hpp"
#include "rules/match.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace basewatch::rules {

namespace {

using Rules = std::vector<const model::Rule*>;

// The targets that these rules fire, of one sort. A name that no target has is passed over.
std::vector<std::string> targets_of(const Rules& rules, bool per_dependent, const PlanningTable& table) {
    OrderedNames found;
    for (const auto* rule : rules)
        for (const auto& name : rule->fire) {
            auto target = table.targets.find(name);
            if (target != table.targets.end() && target->second.per_dependent == per_dependent)
                found.add(name);
        }
    return std::move(found).take();
}

Rules naming(const Rules& rules, const std::string& dependent) {
    Rules found;
    for (const auto* rule : rules)
        if (std::find(rule->dependents.begin(), rule->dependents.end(), dependent) != rule->dependents.end())
            found.push_back(rule);
    return found;
}

// The same for every dependent at once: a base may have 10,000 of them.
std::unordered_map<std::string_view, Rules> rules_by_dependent(const Rules& rules) {
    std::unordered_map<std::string_view, Rules> found;
    for (const auto* rule : rules) {
        for (const auto& dependent : rule->dependents) {
            auto& known = found[dependent];
            if (known.empty() || known.back() != rule) known.push_back(rule);
        }
    }
    return found;
}

std::vector<std::string> dependents_of_rules(const Rules& rules) {
    OrderedNames found;
    for (const auto* rule : rules)
        for (const auto& dependent : rule->dependents) found.add(dependent);
    return std::move(found).take();
}

// The rules that have this base, whatever they fire on.
Rules rules_of_base(const std::string& base, const PlanningTable& table) {
    auto reference = model::Reference::parse(base);
    auto names = reference ? names_of(*reference, table) : std::vector<std::string>{base};
    Rules found;
    for (const auto& rule : table.rules) {
        auto means = [&](const std::string& pattern) {
            return std::any_of(names.begin(), names.end(),
                               [&](const std::string& name) { return glob_matches(pattern, name); });
        };
        if (std::any_of(rule.bases.begin(), rule.bases.end(), means)) found.push_back(&rule);
    }
    return found;
}

// Those of `notify`, each once. A name that no target has is passed over, and so is who wants an image: these
// events have none.
std::vector<std::string> targets_to_notify(std::string_view type, const PlanningTable& table) {
    OrderedNames found;
    for (const auto& [event_type, names] : table.notify)
        if (event_type == type)
            for (const auto& name : names)
                if (auto target = table.targets.find(name);
                    target != table.targets.end() && !target->second.needs_image)
                    found.add(name);
    return std::move(found).take();
}

// What is known of a dependent says whose turn it is.
model::Priority priority_of(const std::string& dependent, const PlanningTable& table) {
    auto known = table.dependents.find(dependent);
    return known == table.dependents.end() ? model::Priority::routine : known->second.priority;
}

// A message is as urgent as the most urgent of the images that it is about.
model::Priority most_urgent(const std::vector<std::string>& dependents, const PlanningTable& table) {
    if (dependents.empty()) return model::Priority::routine;
    auto most = model::Priority::bulk;
    for (const auto& dependent : dependents) most = std::min(most, priority_of(dependent, table));
    return most;
}

// A target's own group, for what no rule brings.
std::optional<model::Grouping> group_of(const std::string& target, const PlanningTable& table) {
    const auto& planned = table.targets.at(target);
    return planned.tells_several ? planned.group : std::nullopt;
}

// How long a message is held for others at most, `none` before any that may hold it.
std::pair<Milliseconds, Milliseconds> patience(const std::optional<model::Grouping>& group) {
    constexpr Milliseconds at_once{-1};
    return group ? std::pair(group->wait, group->most) : std::pair(at_once, at_once);
}

// A change is told with what has the group of the rule that fires the target for it; a rule without one has
// the target's. Of several rules the one counts that lets it go soonest, of equal ones the first.
std::optional<model::Grouping> group_by(const Rules& rules, const std::string& target,
                                        const PlanningTable& table) {
    auto of_target = group_of(target, table);
    if (!table.targets.at(target).tells_several) return std::nullopt;
    std::optional<std::optional<model::Grouping>> soonest;
    for (const auto* rule : rules) {
        if (std::find(rule->fire.begin(), rule->fire.end(), target) == rule->fire.end()) continue;
        auto group = rule->group ? rule->group->together : of_target;
        if (!soonest || patience(group) < patience(*soonest)) soonest = std::move(group);
    }
    return soonest.value_or(of_target);
}

void add_delivery(Plan& plan, const std::string& event_id, const std::string& target,
                  const std::string& dependent, model::Priority priority,
                  std::optional<model::Grouping> group, UlidSource& ids, Time now) {
    model::Delivery delivery;
    delivery.id = ids.next("dlv_", now);
    delivery.event_id = event_id;
    delivery.target = target;
    delivery.dependent = dependent;
    delivery.created_at = now;
    delivery.due_at = now;
    delivery.priority = priority;
    delivery.group = std::move(group);
    plan.deliveries.push_back(std::move(delivery));
}

// Why a dependent is to be built again.
struct Occasion {
    const model::Reference& base;
    const model::Observation& before;
    const model::Observation& after;
    std::string reason;
    std::vector<std::string> causes;
    std::string change_id;
    Time time;
    EventData newer;  // null for most
};

std::string reason_of(const model::Change& change) {
    switch (change.kind) {
        case model::ChangeKind::tag_created:
            return "tag created";
        case model::ChangeKind::tag_deleted:
            return "tag deleted";
        case model::ChangeKind::newer_version:
            return "newer version " + change.newer_tags.front();
        default:
            return "base changed";
    }
}

EventData rebuild_data(const model::Rebuild& rebuild, const std::string& dependent, const Occasion& occasion,
                       const PlanningTable& table) {
    EventData data{{"rebuild", rebuild.id},
                   {"dependent", dependent_data(dependent, table)},
                   {"base", base_data(occasion.base)},
                   {"old", observation_data(occasion.before)},
                   {"new", observation_data(occasion.after)},
                   {"reason", rebuild.reason},
                   {"causes", rebuild.causes}};
    if (!occasion.newer.is_null()) data["newer"] = occasion.newer;
    add_pins(data, occasion.base, occasion.newer.is_null() ? occasion.after : occasion.before, table);
    if (rebuild.deadline) data["deadline"] = rfc3339(*rebuild.deadline);
    if (!occasion.change_id.empty()) data["change"] = occasion.change_id;
    return data;
}

void add_rebuild(Plan& plan, const std::string& dependent, const std::vector<std::string>& targets,
                 const Occasion& occasion, const PlanningTable& table, UlidSource& ids, Time now) {
    auto reference = model::Reference::parse(dependent);
    if (!reference) return;  // settings let only references through
    model::Rebuild rebuild;
    rebuild.id = ids.next("rbd_", now);
    rebuild.dependent = std::move(*reference);
    rebuild.base = occasion.base;
    rebuild.reason = occasion.reason;
    rebuild.causes = occasion.causes;
    rebuild.requested_at = now;
    if (auto known = table.dependents.find(dependent);
        known != table.dependents.end() && known->second.deadline)
        rebuild.deadline = now + *known->second.deadline;
    auto data = rebuild_data(rebuild, dependent, occasion, table);
    add_links(data, occasion.change_id, occasion.base, table);
    auto event =
        make_event("rebuild.requested", dependent, occasion.time, occasion.change_id, data, table, ids, now);
    rebuild.event_id = event.id;
    for (const auto& target : targets)
        add_delivery(plan, event.id, target, dependent, priority_of(dependent, table), std::nullopt, ids,
                     now);
    plan.events.push_back(std::move(event));
    plan.rebuilds.push_back(std::move(rebuild));
}

// The rules that the conditions let through, and those whose condition failed, as the event tells them.
Rules wanted(Rules rules, const std::vector<model::Condition>& conditions, EventData& failed) {
    for (const auto& condition : conditions) {
        if (condition.outcome == model::Condition::Outcome::unwanted)
            std::erase_if(rules, [&](const auto* rule) { return rule->name == condition.rule; });
        if (condition.outcome == model::Condition::Outcome::failed)
            failed.push_back({{"rule", condition.rule}, {"error", condition.detail}});
    }
    return rules;
}

}  // namespace

std::vector<Pin> pins_of(const std::string& base, const PlanningTable& table) {
    auto pins = table.pins.find(base);
    return pins == table.pins.end() ? std::vector<Pin>() : pins->second;
}

std::vector<std::string> names_of(const model::Reference& base, const PlanningTable& table) {
    std::vector<std::string> names{base.text()};
    if (auto known = table.aliases.find(names.front()); known != table.aliases.end())
        names.insert(names.end(), known->second.begin(), known->second.end());
    for (const auto& pattern : table.pattern_aliases)
        if (pattern.repository == base.name() && pattern.chosen.fits(base.tag()))
            for (const auto& name : pattern.names) names.push_back(name + ":" + base.tag());
    return names;
}

Plan plan_change(const model::Change& change, const PlanningTable& table, UlidSource& ids, Time now,
                 const std::vector<model::Condition>& conditions) {
    Plan plan;
    std::string base = change.base.text();
    auto failed = EventData::array();
    const auto rules =
        wanted(matching(table.rules, names_of(change.base, table), change.kind), conditions, failed);
    if (rules.empty()) return plan;

    std::vector<std::string> rule_names;
    for (const auto* rule : rules) rule_names.push_back(rule->name);
    const auto dependents = dependents_of_rules(rules);
    auto data = change_data(change, rule_names, dependents, table);
    if (!failed.empty()) data["conditions_failed"] = std::move(failed);
    auto event = make_event("base.changed", base, change.detected_at, change.id, data, table, ids, now);
    for (const auto& target : targets_of(rules, false, table)) {
        if (change.kind == model::ChangeKind::tag_deleted && table.targets.at(target).needs_image) continue;
        add_delivery(plan, event.id, target, "", most_urgent(dependents, table),
                     group_by(rules, target, table), ids, now);
    }
    Occasion occasion{change.base, change.before, change.after,       reason_of(change),
                      {event.id},  change.id,     change.detected_at, newer_data(change)};
    plan.events.push_back(std::move(event));

    auto by_dependent = rules_by_dependent(rules);
    for (const auto& dependent : dependents) {
        auto targets = targets_of(by_dependent[dependent], true, table);
        if (!targets.empty()) add_rebuild(plan, dependent, targets, occasion, table, ids, now);
    }
    return plan;
}

Plan plan_reachability(const model::Change& change, Time since, const std::string& error,
                       const std::string& error_kind, const PlanningTable& table, UlidSource& ids, Time now) {
    Plan plan;
    std::string type = change.kind == model::ChangeKind::recovered ? "base.recovered" : "base.unreachable";
    const auto targets = targets_to_notify(type, table);
    if (targets.empty()) return plan;

    EventData data{{"base", base_data(change.base)},
                   {"since", rfc3339(since)},
                   {"error", error},
                   {"kind", error_kind},
                   {"change", change.id}};
    add_links(data, change.id, change.base, table);
    auto event = make_event(type, change.base.text(), change.detected_at, change.id, data, table, ids, now);
    for (const auto& target : targets)
        add_delivery(plan, event.id, target, "", model::Priority::routine, group_of(target, table), ids, now);
    plan.events.push_back(std::move(event));
    return plan;
}

Plan plan_target_disabled(const std::string& target, Time since, const std::string& reason,
                          std::int64_t waiting, const PlanningTable& table, UlidSource& ids, Time now) {
    Plan plan;
    auto targets = targets_to_notify("target.disabled", table);
    std::erase(targets, target);
    if (targets.empty()) return plan;
    EventData data{{"target", target}, {"since", rfc3339(since)}, {"reason", reason}, {"waiting", waiting}};
    auto event = make_event("target.disabled", "target:" + target, now, "", data, table, ids, now);
    for (const auto& name : targets)
        add_delivery(plan, event.id, name, "", model::Priority::routine, group_of(name, table), ids, now);
    plan.events.push_back(std::move(event));
    return plan;
}

Result<Plan> plan_request(const std::string& dependent, const std::map<std::string, model::BaseState>& bases,
                          const std::string& reason, const PlanningTable& table, UlidSource& ids, Time now) {
    std::string why = reason.empty() || reason.starts_with("requested: ") ? reason : "requested: " + reason;
    if (why.empty()) why = "requested";
    Plan plan;
    bool named = false;
    for (const auto& [base, state] : bases) {
        auto rules = naming(rules_of_base(base, table), dependent);
        named = named || !rules.empty();
        auto targets = targets_of(rules, true, table);
        if (targets.empty()) continue;
        // Nothing has moved: the base is what it was.
        model::Observation unknown;
        Occasion occasion{state.reference, unknown, state.current, why, {}, "", now, nullptr};
        add_rebuild(plan, dependent, targets, occasion, table, ids, now);
    }
    if (!named)
        return Error(ErrorKind::invalid, "no rule builds " + dependent + " on a base that is watched by now");
    if (plan.rebuilds.empty())
        return Error(ErrorKind::invalid,
                     "no rule that names " + dependent + " fires a target that rebuilds (per: dependent)");
    return plan;
}

Plan joined(Plan first, Plan second) {
    std::map<model::Reference, std::size_t> rebuilt;
    for (std::size_t i = 0; i < first.rebuilds.size(); ++i) rebuilt.emplace(first.rebuilds[i].dependent, i);
    std::set<std::string> dropped;
    for (auto& rebuild : second.rebuilds) {
        auto earlier = rebuilt.find(rebuild.dependent);
        if (earlier == rebuilt.end()) {
            first.rebuilds.push_back(std::move(rebuild));
            continue;
        }
        dropped.insert(rebuild.event_id);
        auto& kept = first.rebuilds[earlier->second];
        kept.causes.insert(kept.causes.end(), rebuild.causes.begin(), rebuild.causes.end());
        for (auto& event : first.events)
            if (event.id == kept.event_id) event.json = model::with_causes(event.json, kept.causes);
    }
    for (auto& event : second.events)
        if (!dropped.contains(event.id)) first.events.push_back(std::move(event));
    for (auto& delivery : second.deliveries)
        if (!dropped.contains(delivery.event_id)) first.deliveries.push_back(std::move(delivery));
    return first;
}

std::vector<std::string> dependents_of(const std::string& base, const PlanningTable& table) {
    return dependents_of_rules(rules_of_base(base, table));
}

}  // namespace basewatch::rules
