#pragma once
// What follows from a change: events, rebuilds and deliveries. Pure: the rule table, what is known of
// dependents and targets, and the time go in, values come out. One `base.changed` per change that some rule
// cares about, one `rebuild.requested` per dependent, deliveries unique on (event, target, dependent).

#include "foundation/ulid.hpp"
#include "model/change.hpp"
#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/rebuild.hpp"
#include "model/rule.hpp"
#include "rules/tag_filter.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::rules {

// The tags of a repository that a pattern chooses, under other names of the repository.
struct PatternAliases {
    std::string repository;
    TagFilter chosen;
    std::vector<std::string> names;
};

// A digest that somebody wrote beside a base's tag: what is built on it is built on that digest until a
// commit says another.
struct Pin {
    model::Digest digest;
    std::string by;  // `rule NAME`, or `watch`
};

// What planning has to know of a target.
struct PlannedTarget {
    PlannedTarget(bool fires_per_dependent = false) : per_dependent(fires_per_dependent) {}
    bool per_dependent;
    bool needs_image = false;              // it looks into the image: where there is none it is not fired
    bool tells_several = false;            // where it does not, nothing is told together, whoever asks
    std::optional<model::Grouping> group;  // of what no rule with a `group` of its own has to tell
};

// All that planning needs to know of the configuration. Made once per (re)load, shared, never changed.
struct PlanningTable {
    std::vector<model::Rule> rules;
    std::map<std::string, model::Dependent> dependents;       // by normalised reference
    std::map<std::string, PlannedTarget> targets;             // by name
    std::map<std::string, std::vector<std::string>> aliases;  // base → its other names
    std::vector<PatternAliases> pattern_aliases;
    std::map<std::string, std::vector<Pin>> pins;  // by base
    std::vector<std::pair<std::string, std::vector<std::string>>>
        notify;              // event type without prefix → targets
    std::string source;      // CloudEvents `source`: public_url, or basewatch://HOSTNAME
    std::string public_url;  // empty: events carry no links
};

struct Plan {
    std::vector<model::Event> events;
    std::vector<model::Rebuild> rebuilds;
    std::vector<model::Delivery> deliveries;
};

// The pins of a base, by its normalised reference.
std::vector<Pin> pins_of(const std::string& base, const PlanningTable& table);

// The base's normalised reference, and its other names.
std::vector<std::string> names_of(const model::Reference& base, const PlanningTable& table);

// For kinds that a check or a list finds (not unreachable and recovered). Rules whose condition says
// `unwanted` are left out; the event names those whose condition failed.
Plan plan_change(const model::Change& change, const PlanningTable& table, UlidSource& ids, Time now,
                 const std::vector<model::Condition>& conditions = {});

// The plans of two changes that one check found, as one. A dependent that the first has rebuilt is not
// rebuilt again by the second: its causes are the first's as well.
Plan joined(Plan first, Plan second);

// `base.unreachable` and `base.recovered`, to the targets of `notify`. No targets, no event.
// `since` is when the failing began; for recovered, `error` is what it had been.
Plan plan_reachability(const model::Change& change, Time since, const std::string& error,
                       const std::string& error_kind, const PlanningTable& table, UlidSource& ids, Time now);

// `target.disabled`, to the targets of `notify` but the one that it is about. No targets, no event.
Plan plan_target_disabled(const std::string& target, Time since, const std::string& reason,
                          std::int64_t waiting, const PlanningTable& table, UlidSource& ids, Time now);

// A rebuild that somebody asks for: of one dependent, on the base given or on each base that a rule builds it
// on: one rebuild for each of `bases` (by normalised reference, with what is known of it) that a rule builds
// the dependent on. `reason` is the person's text; the event says `requested: TEXT`. invalid when no rule
// names the dependent or none of its targets rebuilds.
Result<Plan> plan_request(const std::string& dependent, const std::map<std::string, model::BaseState>& bases,
                          const std::string& reason, const PlanningTable& table, UlidSource& ids, Time now);
// The dependents that rules build on a base, in the order of the table, each once.
std::vector<std::string> dependents_of(const std::string& base, const PlanningTable& table);

// The marked `test` event, for `basewatch test`; to one target, never stored. Its data is a sample of what
// the target would get (a base.changed, or for per-dependent targets a rebuild.requested) with `"test":
// true`.
model::Event sample_event(bool per_dependent, const PlanningTable& table, UlidSource& ids, Time now);

}  // namespace basewatch::rules
