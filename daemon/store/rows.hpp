#pragma once
// How the model's values stand in rows: lists and maps as JSON text, observations as five columns. Columns
// are read in the order of the lists below.

#include "model/change.hpp"
#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/host_memory.hpp"
#include "model/observation.hpp"
#include "model/rebuild.hpp"
#include "model/rule.hpp"
#include "store/connection.hpp"

#include <map>
#include <string>
#include <unordered_set>
#include <vector>

namespace basewatch::store {

std::string strings_text(const std::vector<std::string>& strings);
std::vector<std::string> strings_of(const std::string& text);
std::string map_text(const std::map<std::string, std::string>& map);
std::map<std::string, std::string> map_of(const std::string& text);

// Platforms are kept by their parts, not by their text: an index may name ones whose text is no platform.
std::string platform_text(const model::Platform& platform);
model::Platform platform_of(const std::string& text);
std::string platforms_text(const std::vector<model::Platform>& platforms);
std::vector<model::Platform> platforms_of(const std::string& text);
std::string manifests_text(const std::map<model::Platform, model::Digest>& manifests);
std::map<model::Platform, model::Digest> manifests_of(const std::string& text);

inline constexpr const char* observation_columns = "digest, media_type, observed_at, detailed, platforms";
model::Observation read_observation(Query& row);

inline constexpr const char* settling_columns =
    "digest, media_type, observed_at, detailed, platforms, moved_at, reads, held_until, because, "
    "left_digest, left_at, one_digest, other_digest, flapped_at";
model::Settling read_settling(Query& row);

inline constexpr const char* change_columns =
    "id, base, kind, assumed, before_digest, before_media_type, before_observed_at, before_detailed, "
    "before_platforms, after_digest, after_media_type, after_observed_at, after_detailed, after_platforms, "
    "changed_platforms, differences, detected_by, detected_at, newer_tags";
model::Change read_change(Query& row);

inline constexpr const char* event_columns = "id, type, subject, time, coalesce(change_id, ''), json";
model::Event read_event(Query& row);

// Without its causes.
inline constexpr const char* rebuild_columns =
    "id, dependent, base, reason, coalesce(event_id, ''), deadline, requested_at, state";
model::Rebuild read_rebuild(Query& row);

inline constexpr const char* delivery_columns =
    "id, event_id, target, dependent, state, attempts, created_at, due_at, reason, last_error, "
    "replayed_at, attempts_before, priority, held_by";
model::Delivery read_delivery(Query& row);

int number_of(model::Priority priority);
model::Priority priority_of(int number);

// Findings, from record() and from record_tags().
struct Finding;
Result<void> put_finding(Connection& connection, const Finding& finding);
// Its past stays, and ages from then on.
void forget_base(Connection& connection, const std::string& base, Time at);
// What this question names and `kept` does not.
std::vector<std::string> names_but(Connection& connection, const char* question,
                                   const std::unordered_set<std::string>& kept);
// The tag is no longer one that its repository is known with.
void take_off_list(Connection& connection, const model::Reference& base);

void put_condition(Connection& connection, const model::Condition& condition);
void put_host(Connection& connection, const model::HostMemory& memory);
void put_event(Connection& connection, const model::Event& event);
// By what was open before: see Store::record.
void put_delivery(Connection& connection, const model::Delivery& delivery);
// What an attempt tells of its target.
void put_sign(Connection& connection, const std::string& target, const model::Attempt& attempt);

}  // namespace basewatch::store
