#include "store/rows.hpp"

#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace basewatch::store {

namespace {

using Json = nlohmann::json;

[[noreturn]] void unreadable(const char* what) {
    throw Unreadable(std::string(what) + " that is none");
}

Json parsed(const std::string& text, Json::value_t expected) {
    JsonLimits limits;
    limits.bytes = std::size_t{1} << 30;  // our own writing
    auto json = parse_json(text, limits);
    if (!json || json->type() != expected) unreadable("a list or map");
    return *std::move(json);
}

std::string string_of(const Json& json) {
    if (!json.is_string()) unreadable("a text");
    return json.get<std::string>();
}

Json json_of(const model::Platform& platform) {
    return Json::array({platform.os, platform.architecture, platform.variant, platform.os_version});
}

// `parts`: how many there are when everything is there.
model::Platform platform_of(const Json& json, std::size_t parts) {
    if (!json.is_array() || json.size() != parts) unreadable("a platform");
    return {string_of(json[0]), string_of(json[1]), string_of(json[2]), string_of(json[3])};
}

// Rows of five texts as manifests_text() writes them, without a document in between: at a start 100,000 are
// read. Only what needs no unescaping; false for anything else, which is then read as JSON.
bool read_plain(std::string_view text, std::map<model::Platform, model::Digest>& manifests) {
    auto skip = [&](std::string_view wanted) {
        bool there = text.starts_with(wanted);
        if (there) text.remove_prefix(wanted.size());
        return there;
    };
    if (!skip("[")) return false;
    do {
        std::array<std::string_view, 5> parts;
        if (!skip("[")) return false;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if ((i > 0 && !skip(",")) || !skip("\"")) return false;
            parts[i] = text.substr(0, text.find_first_of("\"\\"));
            text.remove_prefix(parts[i].size());
            if (!skip("\"")) return false;
        }
        auto digest = model::Digest::parse(parts[4]);
        if (!skip("]") || !digest) return false;
        manifests.emplace(model::Platform{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]),
                                          std::string(parts[3])},
                          *std::move(digest));
    } while (skip(","));
    return text == "]";
}

template <class Enum>
Enum known(const std::optional<Enum>& value, const char* what) {
    if (!value) unreadable(what);
    return *value;
}

model::DetectedBy detection(const std::string& name) {
    for (auto by : {model::DetectedBy::poll, model::DetectedBy::push, model::DetectedBy::request})
        if (model::to_string(by) == name) return by;
    unreadable("a way of detection");
}

}  // namespace

std::string strings_text(const std::vector<std::string>& strings) {
    return strings.empty() ? "[]" : to_text(Json(strings));
}

std::vector<std::string> strings_of(const std::string& text) {
    std::vector<std::string> strings;
    if (text == "[]") return strings;
    for (const auto& one : parsed(text, Json::value_t::array)) strings.push_back(string_of(one));
    return strings;
}

// As a list of pairs: a label's name may hold what JSON's own keys may not hold twice.
std::string map_text(const std::map<std::string, std::string>& map) {
    Json list = Json::array();
    for (const auto& [key, value] : map) list.push_back(Json::array({key, value}));
    return to_text(list);
}

std::map<std::string, std::string> map_of(const std::string& text) {
    std::map<std::string, std::string> map;
    for (const auto& pair : parsed(text, Json::value_t::array)) {
        if (!pair.is_array() || pair.size() != 2) unreadable("a pair");
        map.emplace(string_of(pair[0]), string_of(pair[1]));
    }
    return map;
}

std::string platform_text(const model::Platform& platform) {
    return to_text(json_of(platform));
}

model::Platform platform_of(const std::string& text) {
    return platform_of(parsed(text, Json::value_t::array), 4);
}

std::string platforms_text(const std::vector<model::Platform>& platforms) {
    Json list = Json::array();
    for (const auto& platform : platforms) list.push_back(json_of(platform));
    return to_text(list);
}

std::vector<model::Platform> platforms_of(const std::string& text) {
    std::vector<model::Platform> platforms;
    if (text == "[]") return platforms;
    for (const auto& one : parsed(text, Json::value_t::array)) platforms.push_back(platform_of(one, 4));
    return platforms;
}

std::string manifests_text(const std::map<model::Platform, model::Digest>& manifests) {
    if (manifests.empty()) return "[]";  // every baseline
    Json list = Json::array();
    for (const auto& [platform, digest] : manifests) {
        auto row = json_of(platform);
        row.push_back(digest.text());
        list.push_back(std::move(row));
    }
    return to_text(list);
}

std::map<model::Platform, model::Digest> manifests_of(const std::string& text) {
    std::map<model::Platform, model::Digest> manifests;
    if (text == "[]" || read_plain(text, manifests)) return manifests;
    manifests.clear();
    for (const auto& one : parsed(text, Json::value_t::array)) {
        auto platform = platform_of(one, 5);
        auto digest = model::Digest::parse(string_of(one[4]));
        if (!digest) unreadable("a digest");
        manifests.emplace(std::move(platform), *std::move(digest));
    }
    return manifests;
}

model::Observation read_observation(Query& row) {
    model::Observation observation;
    observation.digest = row.digest();
    observation.media_type = row.text();
    observation.observed_at = row.time();
    observation.detailed = row.flag();
    observation.platforms = manifests_of(row.text());
    return observation;
}

model::Settling read_settling(Query& row) {
    model::Settling settling;
    settling.held = read_observation(row);
    settling.moved_at = row.time();
    settling.reads = row.small_integer();
    settling.until = row.time();
    settling.because = row.text();
    settling.left = row.digest();
    settling.left_at = row.time();
    settling.one = row.digest();
    settling.other = row.digest();
    settling.flapped_at = row.time();
    return settling;
}

model::Change read_change(Query& row) {
    model::Change change;
    change.id = row.text();
    change.base = row.reference();
    change.kind = known(model::change_kind(row.text()), "a kind of change");
    change.assumed = row.flag();
    change.before = read_observation(row);
    change.after = read_observation(row);
    change.changed_platforms = platforms_of(row.text());
    change.differences = strings_of(row.text());
    change.detected_by = detection(row.text());
    change.detected_at = row.time();
    change.newer_tags = strings_of(row.text());
    return change;
}

model::Event read_event(Query& row) {
    model::Event event;
    event.id = row.text();
    event.type = row.text();
    event.subject = row.text();
    event.time = row.time();
    event.change_id = row.text();
    event.json = row.text();
    return event;
}

model::Rebuild read_rebuild(Query& row) {
    model::Rebuild rebuild;
    rebuild.id = row.text();
    rebuild.dependent = row.reference();
    rebuild.base = row.reference();
    rebuild.reason = row.text();
    rebuild.event_id = row.text();
    rebuild.deadline = row.optional_time();
    rebuild.requested_at = row.time();
    rebuild.state = row.text();
    return rebuild;
}

model::Delivery read_delivery(Query& row) {
    model::Delivery delivery;
    delivery.id = row.text();
    delivery.event_id = row.text();
    delivery.target = row.text();
    delivery.dependent = row.text();
    delivery.state = known(model::delivery_state(row.text()), "a delivery's state");
    delivery.attempts = row.small_integer();
    delivery.created_at = row.time();
    delivery.due_at = row.time();
    delivery.reason = row.text();
    delivery.last_error = row.text();
    delivery.replayed_at = row.optional_time();
    delivery.attempts_before = row.small_integer();
    delivery.priority = priority_of(row.small_integer());
    delivery.held_by = row.text();
    return delivery;
}

void put_event(Connection& connection, const model::Event& event) {
    Query(connection,
          "INSERT INTO events (id, type, subject, time, change_id, json) VALUES (?, ?, ?, ?, ?, ?)", event.id,
          event.type, event.subject, event.time, Query::TextOrNull{event.change_id}, event.json)
        .run();
}

int number_of(model::Priority priority) {
    return static_cast<int>(priority);
}

model::Priority priority_of(int number) {
    if (number < 0 || number > 2) throw Unreadable("a delivery with the priority " + std::to_string(number));
    return static_cast<model::Priority>(number);
}

}  // namespace basewatch::store
