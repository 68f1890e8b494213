// How targets fare: failing since, disabled, paused.

#include "store/rows.hpp"
#include "store/worker.hpp"

namespace basewatch::store {

namespace {

Result<std::vector<model::TargetHealth>> read_health(Connection& connection) {
    std::vector<model::TargetHealth> all;
    Query row(connection,
              "SELECT target, failing_since, failures, disabled_at, reason, paused_at FROM target_health");
    while (row.next()) {
        model::TargetHealth health;
        health.target = row.text();
        health.failing_since = row.optional_time();
        health.failures = row.integer();
        health.disabled_at = row.optional_time();
        health.reason = row.text();
        health.paused_at = row.optional_time();
        all.push_back(std::move(health));
    }
    return all;
}

Result<std::int64_t> count_open(Connection& connection, const std::string& target) {
    std::int64_t open = 0;
    // One question for each of the partial indexes.
    for (const char* question :
         {"SELECT count(*) FROM deliveries WHERE target = ? AND state IN ('pending', 'waiting')",
          "SELECT count(*) FROM deliveries WHERE target = ? AND state = 'sending'"}) {
        Query row(connection, question, target);
        if (row.next()) open += row.integer();
    }
    return open;
}

Result<void> disable(Connection& connection, const Disabling& disabling) {
    auto changed = Query(connection,
                         "INSERT INTO target_health (target, failures, disabled_at, reason) "
                         "VALUES (?, 0, ?, ?) ON CONFLICT (target) DO UPDATE SET "
                         "disabled_at = excluded.disabled_at, reason = excluded.reason "
                         "WHERE disabled_at IS NULL",
                         disabling.target, disabling.at, disabling.reason)
                       .run();
    if (changed == 0) return Error(ErrorKind::conflict, disabling.target + " is disabled already");
    for (const auto& event : disabling.events) put_event(connection, event);
    for (const auto& delivery : disabling.deliveries) put_delivery(connection, delivery);
    return {};
}

Result<void> pause(Connection& connection, const std::string& target, Time now) {
    Query(connection,
          "INSERT INTO target_health (target, failures, reason, paused_at) VALUES (?, 0, '', ?) "
          "ON CONFLICT (target) DO UPDATE SET paused_at = coalesce(paused_at, excluded.paused_at)",
          target, now)
        .run();
    return {};
}

Result<void> resume(Connection& connection, const std::string& target, Time now, Milliseconds expire) {
    Query(connection, "DELETE FROM target_health WHERE target = ?", target).run();
    Query(connection,
          "UPDATE deliveries SET state = 'dead', due_at = ?, reason = 'expired', "
          "last_error = 'it expired while nothing was sent to the target' "
          "WHERE target = ? AND state IN ('pending', 'waiting') AND coalesce(replayed_at, created_at) < ?",
          now, target, now - expire)
        .run();
    return {};
}

}  // namespace

// A target that was well and took another one writes nothing.
void put_sign(Connection& connection, const std::string& target, const model::Attempt& attempt) {
    switch (attempt.sign) {
        case model::Sign::nothing:
            return;
        case model::Sign::delivered:
            Query(connection,
                  "UPDATE target_health SET failing_since = NULL, failures = 0 "
                  "WHERE target = ? AND failures > 0",
                  target)
                .run();
            return;
        case model::Sign::refused:
        case model::Sign::absent:
            Query(connection,
                  "INSERT INTO target_health (target, failing_since, failures, reason) VALUES (?, ?, 1, '') "
                  "ON CONFLICT (target) DO UPDATE SET failures = failures + 1, "
                  "failing_since = coalesce(failing_since, excluded.failing_since)",
                  target, attempt.started_at)
                .run();
            return;
    }
}

Async<Result<std::vector<model::TargetHealth>>> Store::target_health() {
    return worker_->read<std::vector<model::TargetHealth>>(read_health);
}

Async<Result<std::int64_t>> Store::open_deliveries(std::string target) {
    return worker_->read<std::int64_t>(
        [target = std::move(target)](Connection& connection) { return count_open(connection, target); });
}

Async<Result<void>> Store::disable_target(Disabling disabling) {
    return worker_->write<void>([disabling = std::move(disabling)](Connection& connection) {
        return disable(connection, disabling);
    });
}

Async<Result<void>> Store::pause_target(std::string target, Time now) {
    return worker_->write<void>(
        [target = std::move(target), now](Connection& connection) { return pause(connection, target, now); });
}

Async<Result<void>> Store::resume_target(std::string target, Time now, Milliseconds expire) {
    return worker_->write<void>([target = std::move(target), now, expire](Connection& connection) {
        return resume(connection, target, now, expire);
    });
}

}  // namespace basewatch::store
