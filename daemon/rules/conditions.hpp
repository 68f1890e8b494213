#pragma once
// What rules say of a change by their `when`: a jq program over the event that the change would make, with
// all the rules in it that name the base and the kind. What it gives is taken as jq takes it: false, null and
// nothing at all are no, everything else is yes.
//
// Asked before anything is recorded, so a process that ends meanwhile has lost nothing: the change is found
// again. A condition that fails, or breaks its bounds, is no reason to keep silent about a base that moved:
// its rule fires, and the event, the log and `explain` say so.

#include "foundation/async.hpp"
#include "jq/worker.hpp"
#include "rules/plan.hpp"

#include <memory>
#include <vector>

namespace basewatch::rules {

// One for each rule that names the base and the kind of change and has a `when`, in the order of the table.
// cancelled when the worker was stopped: then nothing is known.
Async<Result<std::vector<model::Condition>>> ask_conditions(model::Change change,
                                                            std::shared_ptr<const PlanningTable> table,
                                                            jq::Worker& worker, Time now);

// Compiles one, as it stands in the file. Errors with the user's own line numbers.
Async<Result<void>> check_condition(std::string when, jq::Worker& worker);

}  // namespace basewatch::rules
