#pragma once
// The whole story of a change, an event, a delivery, a rebuild, a base or a dependent, in order, with the
// reason of everything that was held back.

#include "dispatch/dispatcher.hpp"
#include "foundation/async.hpp"
#include "rules/plan.hpp"
#include "store/store.hpp"
#include "watch/watcher.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>

namespace basewatch::api {

// `{"subject": …, "story": [{"time", "what", …}], "now": […]}`; not_found and invalid as usual.
Async<Result<std::unique_ptr<nlohmann::ordered_json>>> explain_id(
    std::string id, store::Store& store, std::shared_ptr<const rules::PlanningTable> table,
    std::vector<dispatch::TargetReport> targets, Time now);
Async<Result<std::unique_ptr<nlohmann::ordered_json>>> explain_reference(
    model::Reference reference, store::Store& store, const watch::Watcher& watcher,
    std::shared_ptr<const rules::PlanningTable> table, std::vector<dispatch::TargetReport> targets, Time now);

}  // namespace basewatch::api
