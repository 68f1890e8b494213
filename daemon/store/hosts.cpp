// What is remembered of the registries' hosts.

#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "store/rows.hpp"
#include "store/worker.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::store {

namespace {

using Json = nlohmann::json;

std::string facts_text(const std::vector<model::HostFact>& facts) {
    Json list = Json::array();
    for (const auto& fact : facts)
        list.push_back(Json{{"name", fact.name},
                            {"value", fact.value},
                            {"since", to_unix_ms(fact.since)},
                            {"until", to_unix_ms(fact.until)}});
    return to_text(list);
}

std::string pulls_text(const std::vector<std::pair<Time, std::int64_t>>& pulls) {
    Json list = Json::array();
    for (const auto& [last, count] : pulls)
        list.push_back(Json{{"last", to_unix_ms(last)}, {"count", count}});
    return to_text(list);
}

// What cannot be read is not there: all of it may be forgotten, and nothing else hangs on it.
Json list_of(const std::string& text) {
    auto parsed = parse_json(text);
    return parsed && parsed->is_array() ? std::move(*parsed) : Json::array();
}

std::vector<model::HostFact> facts_of(const std::string& text) {
    std::vector<model::HostFact> facts;
    for (const auto& each : list_of(text)) {
        auto name = string_member(each, "name"), value = string_member(each, "value");
        auto since = integer_member(each, "since"), until = integer_member(each, "until");
        if (name && value && since && until)
            facts.push_back({*name, *value, from_unix_ms(*since), from_unix_ms(*until)});
    }
    return facts;
}

std::vector<std::pair<Time, std::int64_t>> pulls_of(const std::string& text) {
    std::vector<std::pair<Time, std::int64_t>> pulls;
    for (const auto& each : list_of(text)) {
        auto last = integer_member(each, "last"), count = integer_member(each, "count");
        if (last && count && *count > 0) pulls.emplace_back(from_unix_ms(*last), *count);
    }
    return pulls;
}

Result<std::vector<model::HostMemory>> read_hosts(Connection& connection) {
    std::vector<model::HostMemory> all;
    Query row(connection,
              "SELECT host, address, profile, facts, rate_share, slowed_at, paused_until, refusals, "
              "shut_until, shuts, pulls_limit, pulls_remaining, pulls_heard_at, pulls_window, pulls_source, "
              "pulls_unlimited, pulls FROM hosts");
    while (row.next()) {
        auto& memory = all.emplace_back();
        memory.host = row.text();
        memory.address = row.text();
        memory.profile = row.small_integer();
        memory.facts = facts_of(row.text());
        memory.rate_share = row.real();
        memory.slowed_at = row.time();
        memory.paused_until = row.optional_time();
        memory.refusals = row.small_integer();
        memory.shut_until = row.optional_time();
        memory.shuts = row.small_integer();
        memory.pulls_limit = row.optional_integer();
        memory.pulls_remaining = row.optional_integer();
        memory.pulls_heard_at = row.time();
        memory.pulls_window = std::chrono::seconds(row.integer());
        memory.pulls_source = row.text();
        memory.pulls_unlimited = row.flag();
        memory.pulls = pulls_of(row.text());
    }
    return all;
}

}  // namespace

void put_host(Connection& connection, const model::HostMemory& memory) {
    if (memory.empty()) {
        Query(connection, "DELETE FROM hosts WHERE host = ?", memory.host).run();
        return;
    }
    Query(connection,
          "INSERT OR REPLACE INTO hosts (host, address, profile, facts, rate_share, slowed_at, paused_until, "
          "refusals, shut_until, shuts, pulls_limit, pulls_remaining, pulls_heard_at, pulls_window, "
          "pulls_source, pulls_unlimited, pulls) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          memory.host, memory.address, memory.profile, facts_text(memory.facts), memory.rate_share,
          memory.slowed_at, memory.paused_until, memory.refusals, memory.shut_until, memory.shuts,
          memory.pulls_limit, memory.pulls_remaining, memory.pulls_heard_at,
          static_cast<std::int64_t>(memory.pulls_window.count()), memory.pulls_source, memory.pulls_unlimited,
          pulls_text(memory.pulls))
        .run();
}

Async<Result<std::vector<model::HostMemory>>> Store::host_memories() {
    return worker_->read<std::vector<model::HostMemory>>(read_hosts);
}

}  // namespace basewatch::store
