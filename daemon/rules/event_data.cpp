#include "rules/event_data.hpp"

#include "foundation/bytes.hpp"
#include "foundation/time.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::rules {

EventData base_data(const model::Reference& base) {
    EventData data{
        {"reference", base.text()}, {"registry", base.registry()}, {"repository", base.repository()}};
    if (!base.tag().empty()) data["tag"] = base.tag();
    if (auto page = model::repository_page(base); !page.empty()) data["url"] = page;
    return data;
}

EventData observation_data(const model::Observation& observation) {
    if (observation.digest.empty()) return nullptr;
    auto platforms = EventData::object();
    for (const auto& [platform, digest] : observation.platforms) platforms[platform.text()] = digest.text();
    return {{"digest", observation.digest.text()},
            {"media_type", observation.media_type},
            {"observed_at", rfc3339(observation.observed_at)},
            {"platforms", std::move(platforms)}};
}

EventData dependent_data(const std::string& dependent, const PlanningTable& table) {
    auto data = EventData::object();
    data["reference"] = dependent;
    auto parameters = EventData::object();
    if (auto known = table.dependents.find(dependent); known != table.dependents.end()) {
        if (!known->second.owner.empty()) data["owner"] = known->second.owner;
        for (const auto& [name, value] : known->second.parameters) parameters[name] = value;
    }
    data["with"] = std::move(parameters);
    return data;
}

void add_links(EventData& data, const std::string& change_id, const model::Reference& base,
               const PlanningTable& table) {
    if (table.public_url.empty()) return;
    auto links = EventData::object();
    if (!change_id.empty())
        links["change"] = table.public_url + "/api/v1/changes/" + percent_encode(change_id);
    links["base"] = table.public_url + "/api/v1/bases?reference=" + percent_encode(base.text());
    data["links"] = std::move(links);
}

void add_pins(EventData& data, const model::Reference& base, const model::Observation& after,
              const PlanningTable& table) {
    for (const auto& pin : pins_of(base.text(), table))
        data["pins"].push_back({{"digest", pin.digest.text()},
                                {"by", pin.by},
                                {"behind", !after.digest.empty() && pin.digest != after.digest}});
}

EventData newer_data(const model::Change& change) {
    if (change.newer_tags.empty()) return nullptr;
    const auto& tag = change.newer_tags.front();
    return {{"reference", change.base.with_tag(tag).text()}, {"tag", tag}, {"tags", change.newer_tags}};
}

EventData change_data(const model::Change& change, const std::vector<std::string>& rule_names,
                      const std::vector<std::string>& dependents, const PlanningTable& table) {
    EventData data{{"kind", model::to_string(change.kind)},
                   {"assumed", change.assumed},
                   {"base", base_data(change.base)},
                   {"old", observation_data(change.before)},
                   {"new", observation_data(change.after)},
                   {"changed_platforms", EventData::array()},
                   {"differences", change.differences},
                   {"rules", rule_names},
                   {"dependents", EventData::array()},
                   {"detected_by", model::to_string(change.detected_by)},
                   {"change", change.id}};
    if (auto newer = newer_data(change); !newer.is_null()) data["newer"] = std::move(newer);
    for (const auto& platform : change.changed_platforms)
        data["changed_platforms"].push_back(platform.text());
    for (const auto& dependent : dependents) data["dependents"].push_back(dependent_data(dependent, table));
    bool of_base = change.kind != model::ChangeKind::newer_version;
    add_pins(data, change.base, of_base ? change.after : change.before, table);
    add_links(data, change.id, change.base, table);
    return data;
}

model::Event make_event(std::string_view type, std::string subject, Time time, std::string change_id,
                        const EventData& data, const PlanningTable& table, UlidSource& ids, Time now) {
    model::Event event;
    event.id = ids.next("evt_", now);
    event.type = std::string(model::event_type_prefix) + std::string(type);
    event.subject = std::move(subject);
    event.time = time;
    event.change_id = std::move(change_id);
    EventData whole{{"specversion", "1.0"},
                    {"id", event.id},
                    {"source", table.source},
                    {"type", event.type},
                    {"subject", event.subject},
                    {"time", rfc3339(time)},
                    {"datacontenttype", "application/json"}};
    whole["data"] = data;
    // What a registry said may be no UTF-8; an event always is.
    event.json = whole.dump(-1, ' ', false, EventData::error_handler_t::replace);
    return event;
}

}  // namespace basewatch::rules
