// What `basewatch test` sends: as much of the reader's own table as there is, and digests that nobody can
// take for real ones.

#include "rules/event_data.hpp"
#include "rules/match.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::rules {

namespace {

model::Observation sample_observation(std::string_view content, Time at) {
    model::Observation observation;
    observation.digest = model::Digest::of(content);
    observation.media_type = "application/vnd.oci.image.index.v1+json";
    observation.observed_at = at;
    observation.platforms[model::Platform::of("linux", "amd64", "", "")] =
        model::Digest::of("linux/amd64 of " + std::string(content));
    observation.detailed = true;
    return observation;
}

// The first base of the table that is a reference.
model::Reference sample_base(const PlanningTable& table) {
    for (const auto& rule : table.rules)
        for (const auto& base : rule.bases) {
            if (is_glob(base)) continue;
            if (auto reference = model::Reference::parse(base)) return *reference;
        }
    return *model::Reference::parse("ruby:3.3-alpine");
}

std::vector<std::string> sample_dependents(const PlanningTable& table) {
    for (const auto& rule : table.rules)
        if (!rule.dependents.empty()) return {rule.dependents.front()};
    return {"registry.example.com/shop/api:latest"};
}

}  // namespace

model::Event sample_event(bool per_dependent, const PlanningTable& table, UlidSource& ids, Time now) {
    model::Change change;
    change.id = ids.next("chg_", now);
    change.base = sample_base(table);
    change.before = sample_observation("the base before the test", now - std::chrono::hours(24));
    change.after = sample_observation("the base after the test", now);
    change.changed_platforms = {model::Platform::of("linux", "amd64", "", "")};
    change.differences = {"layers"};
    change.detected_by = model::DetectedBy::request;
    change.detected_at = now;

    const auto dependents = sample_dependents(table);
    auto data = EventData::object();
    data["test"] = true;
    if (per_dependent) {
        data["rebuild"] = ids.next("rbd_", now);
        data["dependent"] = dependent_data(dependents.front(), table);
        data["base"] = base_data(change.base);
        data["old"] = observation_data(change.before);
        data["new"] = observation_data(change.after);
        data["reason"] = "requested: test";
        data["causes"] = EventData::array();
    } else {
        data.update(change_data(change, {"test"}, dependents, table));
        data.erase("links");  // there is no such change to look at
    }
    return make_event("test", per_dependent ? dependents.front() : change.base.text(), now, "", data, table,
                      ids, now);
}

}  // namespace basewatch::rules
