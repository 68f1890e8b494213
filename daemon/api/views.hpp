#pragma once
// What the domain's values look like in the API's answers. Field names are those of the event where both have
// the thing; times are RFC 3339; a secret has no way in.

#include "dispatch/dispatcher.hpp"
#include "model/change.hpp"
#include "model/delivery.hpp"
#include "model/rebuild.hpp"
#include "model/rule.hpp"
#include "registry/registry_client.hpp"
#include "watch/watcher.hpp"

#include <nlohmann/json_fwd.hpp>

namespace basewatch::api {

nlohmann::ordered_json view(const model::Observation& observation);
nlohmann::ordered_json view(const model::BaseState& state, std::optional<Time> next_check,
                            Milliseconds asked_every, const std::vector<rules::Pin>& pins);
// Whether a pin is other than what the base points to; nothing where that is not known.
std::optional<bool> behind(const std::vector<rules::Pin>& pins, const model::Digest& current);
nlohmann::ordered_json view(const watch::PatternReport& pattern);
nlohmann::ordered_json view(const model::Change& change);
// To be sent, or to be sent again.
bool is_queued(model::DeliveryState state);
nlohmann::ordered_json view(const model::Delivery& delivery);
nlohmann::ordered_json view(const model::Attempt& attempt);
nlohmann::ordered_json view(const model::Rebuild& rebuild);
nlohmann::ordered_json view(const model::Rule& rule);
nlohmann::ordered_json view(const dispatch::TargetReport& target);
// `pace`: of its bases, where it has any.
nlohmann::ordered_json view(const registry::HostReport& host,
                            const std::optional<watch::Watcher::Pace>& pace);
nlohmann::ordered_json view(const registry::MirrorReport& mirror);
nlohmann::ordered_json view(const registry::MirrorLag& lag);
// `unchanged`, as in the view of its report.
std::string_view outcome_name(watch::CheckReport::Outcome outcome);
nlohmann::ordered_json view(const watch::CheckReport& report);

}  // namespace basewatch::api
