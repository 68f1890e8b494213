// Deliveries that become one when they are recorded.

#include "foundation/failpoint.hpp"
#include "store/holding.hpp"
#include "store/rows.hpp"

#include <algorithm>

namespace basewatch::store {

namespace {

std::string held_by(const model::Grouping& group) {
    return group.rule.empty() ? "group" : "group of rule " + group.rule;
}

// A message that was never claimed: nobody can have seen it, so it may still grow.
struct OpenMessage {
    std::string id;
    Time created_at{};
    std::int64_t joined = 0;
};

// Of the same group, and held by the same mute or by none.
std::optional<OpenMessage> open_message(Connection& connection, const model::Delivery& delivery,
                                        const std::string& mute) {
    Query row(connection,
              "SELECT id, created_at, (SELECT count(*) FROM joined_events WHERE delivery_id = deliveries.id) "
              "FROM deliveries WHERE joinable = 1 AND state = 'pending' AND target = ? AND priority = ? AND "
              "group_rule = ? AND CASE WHEN held_by LIKE 'mute %' THEN held_by ELSE '' END = ? "
              "ORDER BY seq DESC LIMIT 1",
              delivery.target, number_of(delivery.priority), delivery.group->rule, mute);
    if (!row.next()) return std::nullopt;
    OpenMessage message;
    message.id = row.text();
    message.created_at = row.time();
    message.joined = row.integer();
    return message;
}

bool join(Connection& connection, const model::Delivery& delivery, const std::string& mute) {
    auto message = open_message(connection, delivery, mute);
    if (!message || message->joined + 1 >= static_cast<std::int64_t>(model::most_grouped)) return false;
    Query(connection,
          "INSERT INTO joined_events (delivery_id, position, event_id, own_id) VALUES (?, ?, ?, ?)",
          message->id, message->joined, delivery.event_id, delivery.id)
        .run();
    failpoint("event-joined");
    auto due =
        std::min(message->created_at + delivery.group->most, delivery.created_at + delivery.group->wait);
    Query(connection, "UPDATE deliveries SET due_at = max(due_at, ?) WHERE id = ? AND held_by = ?", due,
          message->id, held_by(*delivery.group))
        .run();
    return true;
}

void insert(Connection& connection, const model::Delivery& delivery) {
    Query(
        connection,
        "INSERT INTO deliveries (id, event_id, target, dependent, state, attempts, created_at, due_at, "
        "last_error, priority, held_by, joinable, group_rule) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        delivery.id, delivery.event_id, delivery.target, delivery.dependent, model::to_string(delivery.state),
        delivery.attempts, delivery.created_at, delivery.due_at, delivery.last_error,
        number_of(delivery.priority), delivery.held_by, delivery.group.has_value(),
        delivery.group ? delivery.group->rule : "")
        .run();
}

}  // namespace

void put_delivery(Connection& connection, const model::Delivery& delivery) {
    auto now = delivery.created_at;
    auto placed = delivery;
    if (placed.group && placed.group->wait > Milliseconds(0)) {
        placed.due_at = now + placed.group->wait;
        placed.held_by = held_by(*placed.group);
    }
    std::string muted;
    if (anything_muted(connection, now)) {
        if (auto mute = mute_of(connection, delivery, now)) {
            muted = held_by(*mute);
            placed.held_by = muted;
            placed.due_at = mute->until;
        }
    }
    if (placed.group && join(connection, placed, muted)) return;
    if (!placed.dependent.empty()) supersede_open(connection, placed);
    insert(connection, placed);
}

std::vector<std::string> open_causes(Connection& connection, const std::string& target,
                                     const std::string& dependent) {
    std::vector<std::string> causes;
    Query row(connection,
              "SELECT c.event_id FROM deliveries d JOIN rebuilds r ON r.event_id = d.event_id "
              "JOIN rebuild_causes c ON c.rebuild_id = r.id WHERE d.dependent = ? AND d.dependent <> '' AND "
              "d.target = ? AND d.state IN ('pending', 'waiting', 'sending') ORDER BY r.seq, c.position",
              dependent, target);
    while (row.next()) {
        auto cause = row.text();
        if (std::find(causes.begin(), causes.end(), cause) == causes.end())
            causes.push_back(std::move(cause));
    }
    return causes;
}

void supersede(Connection& connection, const std::string& delivery_id, const std::string& by) {
    Query(connection,
          "UPDATE deliveries SET state = 'dead', reason = 'superseded', held_by = '', joinable = 0, "
          "last_error = 'superseded by ' || ? || ', which has its causes as well' WHERE id = ?",
          by, delivery_id)
        .run();
    Query(connection,
          "UPDATE rebuilds SET state = 'superseded' WHERE state = 'requested' AND event_id = "
          "(SELECT event_id FROM deliveries WHERE id = ?) AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE "
          "d.event_id = rebuilds.event_id AND NOT (d.state = 'dead' AND d.reason = 'superseded'))",
          delivery_id)
        .run();
}

void supersede_open(Connection& connection, const model::Delivery& by) {
    std::vector<std::string> older;
    {
        // By the dependent: a target of ten thousand dependents has as many open, and `+` keeps SQLite from
        // looking through all of them for each.
        Query row(
            connection,
            "SELECT d.id FROM deliveries d JOIN rebuilds r ON r.event_id = d.event_id WHERE d.dependent = ? "
            "AND d.dependent <> '' AND +d.target = ? AND d.state IN ('pending', 'waiting') AND "
            "EXISTS (SELECT 1 FROM rebuilds WHERE event_id = ?)",
            by.dependent, by.target, by.event_id);
        while (row.next()) older.push_back(row.text());
    }
    for (const auto& id : older) supersede(connection, id, by.id);
}

}  // namespace basewatch::store
