// Taking what is due, and holding back what is not to go yet.

#include "foundation/failpoint.hpp"
#include "store/due.hpp"
#include "store/holding.hpp"
#include "store/rows.hpp"
#include "store/worker.hpp"

namespace basewatch::store {

namespace {

void hold(Connection& connection, const std::string& delivery_id, Time until, const std::string& by) {
    Query(connection, "UPDATE deliveries SET due_at = ?, held_by = ? WHERE id = ?", until, by, delivery_id)
        .run();
}

// What is no matter of security waits for the end of the quiet hours, and stays open for what comes
// meanwhile.
void keep_quiet(Connection& connection, const std::string& target, Time now, Time until) {
    for (int lane : lanes)
        for (auto priority : {model::Priority::routine, model::Priority::bulk})
            Query(
                connection,
                "UPDATE deliveries SET due_at = ?, held_by = 'quiet hours' WHERE target = ? AND lane = ? AND "
                "priority = ? AND state IN ('pending', 'waiting') AND due_at <= ?",
                until, target, lane, number_of(priority), now)
                .run();
}

// A rebuild of the same dependent that this target got, and that is neither done nor overdue.
struct Flight {
    std::string rebuild;
    Time deadline{};
};

std::optional<Flight> in_flight(Connection& connection, const model::Delivery& delivery, Time now) {
    {
        // A person who asks knows why.
        Query row(connection, "SELECT 1 FROM rebuilds WHERE event_id = ? AND reason NOT LIKE 'requested%'",
                  delivery.event_id);
        if (!row.next()) return std::nullopt;
    }
    Query row(
        connection,
        "SELECT r.id, r.deadline FROM deliveries d JOIN rebuilds r ON r.event_id = d.event_id WHERE "
        "d.dependent = ? AND d.dependent <> '' AND d.target = ? AND d.state IN ('delivered', 'sending') "
        "AND r.state = 'requested' AND r.deadline > ? AND d.id <> ? ORDER BY r.deadline DESC LIMIT 1",
        delivery.dependent, delivery.target, now, delivery.id);
    if (!row.next()) return std::nullopt;
    Flight flight;
    flight.rebuild = row.text();
    flight.deadline = row.time();
    return flight;
}

// A newer rebuild of the same dependent that has all the causes of this one, and that this target has or
// gets: it came while this one was being sent.
std::optional<std::string> successor(Connection& connection, const model::Delivery& delivery) {
    Query row(connection,
              "SELECT d.id FROM deliveries d JOIN rebuilds r ON r.event_id = d.event_id "
              "JOIN rebuilds mine ON mine.event_id = ? WHERE d.dependent = ? AND d.dependent <> '' AND "
              "d.target = ? AND d.state <> 'dead' AND r.seq > mine.seq AND NOT EXISTS "
              "(SELECT 1 FROM rebuild_causes c WHERE c.rebuild_id = mine.id AND c.event_id NOT IN "
              "(SELECT event_id FROM rebuild_causes WHERE rebuild_id = r.id)) ORDER BY r.seq DESC LIMIT 1",
              delivery.event_id, delivery.dependent, delivery.target);
    if (!row.next()) return std::nullopt;
    return row.text();
}

// Whether this one, which is due, is not to go now; then it is held, or dead.
bool held(Connection& connection, const model::Delivery& delivery, Time now, bool muted) {
    // Whoever asked for it to be sent again knows why.
    bool asked_for = delivery.replayed_at.has_value();
    if (!delivery.dependent.empty() && !asked_for) {
        if (auto newer = successor(connection, delivery)) {
            supersede(connection, delivery.id, *newer);
            release_waiting_for(connection, delivery.id, now);
            return true;
        }
    }
    if (muted) {
        if (auto mute = mute_of(connection, delivery, now)) {
            hold(connection, delivery.id, mute->until, held_by(*mute));
            return true;
        }
    }
    if (delivery.dependent.empty() || asked_for) return false;
    auto flight = in_flight(connection, delivery, now);
    if (flight) hold(connection, delivery.id, flight->deadline, "rebuild " + flight->rebuild);
    return flight.has_value();
}

// Those of one lane and priority, until `most` are taken. Each round takes, holds or ends what it read, so it
// ends.
void take(Connection& connection, const std::string& target, int lane, model::Priority priority, Time now,
          bool muted, std::size_t most, std::vector<ClaimedDelivery>& taken) {
    while (taken.size() < most) {
        std::vector<model::Delivery> due;
        std::size_t asked = most - taken.size();
        {
            Query row(connection, std::string("SELECT ") + delivery_columns + due_deliveries, target, lane,
                      number_of(priority), now, asked);
            while (row.next()) due.push_back(read_delivery(row));
        }
        for (auto& delivery : due) {
            if (held(connection, delivery, now, muted)) continue;
            Query(connection,
                  "UPDATE deliveries SET state = 'sending', held_by = '', joinable = 0 WHERE id = ?",
                  delivery.id)
                .run();
            failpoint("delivery-taken");
            delivery.state = model::DeliveryState::sending;
            delivery.held_by.clear();
            taken.push_back({std::move(delivery), "", "", {}});
        }
        if (due.size() < asked) return;
    }
}

// What was to be told with it is told by deliveries of its own, by the ids that were kept for them: a power
// cut that undoes this leads to the same ones.
void split(Connection& connection, const std::string& delivery_id, Time now) {
    {
        Query row(connection, "SELECT 1 FROM joined_events WHERE delivery_id = ? LIMIT 1", delivery_id);
        if (!row.next()) return;
    }
    Query(connection,
          "INSERT INTO deliveries (id, event_id, target, dependent, state, attempts, created_at, due_at, "
          "last_error, priority, lane, replayed_at) SELECT j.own_id, j.event_id, d.target, '', 'pending', 0, "
          "d.created_at, ?, '', d.priority, d.lane, d.replayed_at FROM joined_events j "
          "JOIN deliveries d ON d.id = j.delivery_id WHERE d.id = ? ORDER BY j.position",
          now, delivery_id)
        .run();
    Query(connection, "DELETE FROM joined_events WHERE delivery_id = ?", delivery_id).run();
}

void read_events(Connection& connection, ClaimedDelivery& one) {
    {
        Query row(connection, "SELECT type, json FROM events WHERE id = ?", one.delivery.event_id);
        if (!row.next()) throw Unreadable("delivery " + one.delivery.id + " without its event");
        one.event_type = row.text();
        one.event_json = row.text();
    }
    if (!one.delivery.dependent.empty()) return;  // builds are never told together
    Query row(connection,
              "SELECT e.json FROM joined_events j JOIN events e ON e.id = j.event_id "
              "WHERE j.delivery_id = ? ORDER BY j.position",
              one.delivery.id);
    while (row.next()) one.joined.push_back(row.text());
}

Result<std::vector<ClaimedDelivery>> claim(Connection& connection, const std::string& target, Time now,
                                           std::size_t limit, const Claiming& how) {
    std::vector<ClaimedDelivery> claimed;
    if (how.quiet_until) keep_quiet(connection, target, now, *how.quiet_until);
    bool muted = anything_muted(connection, now);
    for (int lane : lanes)
        for (auto priority : how.order) take(connection, target, lane, priority, now, muted, limit, claimed);
    for (auto& one : claimed) {
        if (!how.together) split(connection, one.delivery.id, now);
        read_events(connection, one);
    }
    return claimed;
}

Result<std::optional<Time>> earliest_due(Connection& connection, const std::string& target) {
    std::optional<Time> earliest;
    for (int lane : lanes) {
        for (auto priority : Claiming().order) {
            Query row(connection, next_due_time, target, lane, number_of(priority));
            if (!row.next()) continue;
            auto due = row.time();
            if (!earliest || due < *earliest) earliest = due;
        }
    }
    return earliest;
}

}  // namespace

std::vector<std::string> events_joined(Connection& connection, const std::string& delivery_id) {
    std::vector<std::string> events;
    Query row(connection, "SELECT event_id FROM joined_events WHERE delivery_id = ? ORDER BY position",
              delivery_id);
    while (row.next()) events.push_back(row.text());
    return events;
}

void release_waiting_for(Connection& connection, const std::string& delivery_id, Time now) {
    Query(connection,
          "UPDATE deliveries SET due_at = ?, held_by = '' WHERE state IN ('pending', 'waiting') AND "
          "held_by <> '' AND held_by = (SELECT 'rebuild ' || r.id FROM deliveries d "
          "JOIN rebuilds r ON r.event_id = d.event_id WHERE d.id = ?)",
          now, delivery_id)
        .run();
}

Async<Result<std::vector<ClaimedDelivery>>> Store::claim_due(std::string target, Time now, std::size_t limit,
                                                             Claiming how) {
    // Claims end with the process, whatever ended it, and what is held or superseded here is found out again.
    return worker_->write_passing<std::vector<ClaimedDelivery>>(
        [target = std::move(target), now, limit, how](Connection& connection) {
            return claim(connection, target, now, limit, how);
        });
}

Async<Result<std::optional<Time>>> Store::next_due(std::string target) {
    return worker_->read<std::optional<Time>>(
        [target = std::move(target)](Connection& connection) { return earliest_due(connection, target); });
}

Async<Result<std::vector<std::string>>> Store::joined_events(std::string delivery_id) {
    return worker_->read<std::vector<std::string>>(
        [id = std::move(delivery_id)](Connection& connection) { return events_joined(connection, id); });
}

}  // namespace basewatch::store
