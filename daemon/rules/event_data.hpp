#pragma once
// How the parts of an event are written: CloudEvents 1.0 (structured mode, JSON format), members in a fixed
// order, so that an event of the same things has the same bytes. A member that would say nothing is left out.

#include "model/change.hpp"
#include "model/event.hpp"
#include "rules/plan.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace basewatch::rules {

using EventData = nlohmann::ordered_json;

EventData base_data(const model::Reference& base);
// Null for what was never observed.
EventData observation_data(const model::Observation& observation);
EventData dependent_data(const std::string& dependent, const PlanningTable& table);
// Adds `links` where there is a public address to link to. `change_id` may be empty.
void add_links(EventData& data, const std::string& change_id, const model::Reference& base,
               const PlanningTable& table);

// Adds `pins` where the base has any: each with its digest, who wrote it, and whether it is behind `after`.
void add_pins(EventData& data, const model::Reference& base, const model::Observation& after,
              const PlanningTable& table);

// Which tags are newer, the newest first; `new` is what that one points to. Null for other kinds.
EventData newer_data(const model::Change& change);

// The data of `base.changed`.
EventData change_data(const model::Change& change, const std::vector<std::string>& rule_names,
                      const std::vector<std::string>& dependents, const PlanningTable& table);

// `type` without the prefix.
model::Event make_event(std::string_view type, std::string subject, Time time, std::string change_id,
                        const EventData& data, const PlanningTable& table, UlidSource& ids, Time now);

}  // namespace basewatch::rules
