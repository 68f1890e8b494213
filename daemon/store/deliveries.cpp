// Deliveries on their way: tried, put back, given up.

#include "store/holding.hpp"
#include "store/rows.hpp"
#include "store/worker.hpp"

#include <set>

namespace basewatch::store {

namespace {

using model::DeliveryState;

constexpr std::size_t longest_answer = 2048;
constexpr const char* no_such_target = "the target is no longer configured";
constexpr const char* target_removed = "target removed";

Error no_delivery(const std::string& id) {
    return Error(ErrorKind::not_found, "there is no delivery " + id);
}

// The first bytes of an answer, not ending within a character.
std::string beginning(const std::string& answer) {
    if (answer.size() <= longest_answer) return answer;
    std::size_t end = longest_answer;
    while (end > longest_answer - 4 && (static_cast<unsigned char>(answer[end]) & 0xc0) == 0x80) --end;
    return answer.substr(0, end);
}

// Where a delivery that was never finished goes back to.
constexpr const char* back_to_waiting = "state = CASE attempts WHEN 0 THEN 'pending' ELSE 'waiting' END";

Result<void> release(Connection& connection, Time now) {
    Query(connection,
          std::string("UPDATE deliveries SET due_at = ?, ") + back_to_waiting + " WHERE state = 'sending'",
          now)
        .run();
    // A claim is not flushed, so a power cut can undo one whose message went out: what was due grows no more.
    Query(connection, "UPDATE deliveries SET joinable = 0 WHERE joinable = 1 AND due_at <= ?", now).run();
    return {};
}

Result<void> put_back(Connection& connection, const std::string& id) {
    {
        Query row(connection, "SELECT 1 FROM deliveries WHERE id = ?", id);
        if (!row.next()) return no_delivery(id);
    }
    Query(connection,
          std::string("UPDATE deliveries SET ") + back_to_waiting + " WHERE id = ? AND state = 'sending'", id)
        .run();
    return {};
}

Result<void> sensible(const model::Attempt& attempt) {
    bool waits = attempt.next == DeliveryState::waiting;
    bool ends = attempt.next == DeliveryState::delivered || attempt.next == DeliveryState::dead;
    if (ends || (waits && attempt.due_at)) return {};
    return Error(ErrorKind::invalid,
                 "an attempt leaves its delivery delivered, dead, or waiting with a time to try again");
}

void put_attempt(Connection& connection, const model::Attempt& attempt, int number) {
    Query(connection,
          "INSERT INTO attempts (delivery_id, number, started_at, duration, status, remote, reason, detail, "
          "answer, next, due_at, replay) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          attempt.delivery_id, number, attempt.started_at, std::int64_t{attempt.duration.count()},
          attempt.status, attempt.remote, attempt.reason, attempt.detail, beginning(attempt.answer),
          model::to_string(attempt.next), attempt.due_at, attempt.replay)
        .run();
}

// A delivery whose target vanished while it was being sent is dead already; that it arrived after all is
// still the truth, that it would be tried again is not.
Result<void> finish(Connection& connection, const model::Attempt& attempt) {
    auto good = sensible(attempt);
    if (!good) return good.error();
    std::string state, last_error, target;
    int number = 0;
    {
        Query row(connection, "SELECT state, attempts, last_error, target FROM deliveries WHERE id = ?",
                  attempt.delivery_id);
        if (!row.next()) return no_delivery(attempt.delivery_id);
        state = row.text();
        number = row.small_integer() + 1;
        last_error = row.text();
        target = row.text();
    }
    bool buried = state == "dead" && last_error == no_such_target;
    if (state != "sending" && !buried)
        return Error(ErrorKind::conflict,
                     "delivery " + attempt.delivery_id + " is " + state + ", nobody is sending it");
    put_attempt(connection, attempt, number);
    if (!buried) put_sign(connection, target, attempt);
    auto next = attempt.next;
    std::string reason;
    if (next == DeliveryState::delivered) {
        last_error.clear();
    } else if (buried) {
        next = DeliveryState::dead;
        reason = target_removed;
    } else {
        reason = attempt.reason;
        last_error = attempt.detail.empty() ? attempt.reason : attempt.detail;
    }
    Query(connection,
          "UPDATE deliveries SET state = ?, attempts = ?, due_at = coalesce(?, due_at), reason = ?, "
          "last_error = ? WHERE id = ?",
          model::to_string(next), number, attempt.due_at, reason, last_error, attempt.delivery_id)
        .run();
    if (next == DeliveryState::dead)
        release_waiting_for(connection, attempt.delivery_id, attempt.started_at + attempt.duration);
    return {};
}

Result<void> bury(Connection& connection, const std::vector<std::string>& targets, Time now) {
    std::set<std::string> vanished;
    for (const char* open : {"SELECT DISTINCT target FROM deliveries WHERE state IN ('pending', 'waiting')",
                             "SELECT DISTINCT target FROM deliveries WHERE state = 'sending'"}) {
        Query row(connection, open);
        while (row.next()) vanished.insert(row.text());
    }
    for (const auto& target : targets) vanished.erase(target);
    for (const auto& target : vanished)
        for (const char* kill :
             {"UPDATE deliveries SET state = 'dead', reason = ?, last_error = ?, due_at = ? "
              "WHERE target = ? AND state IN ('pending', 'waiting')",
              "UPDATE deliveries SET state = 'dead', reason = ?, last_error = ?, due_at = ? "
              "WHERE target = ? AND state = 'sending'"})
            Query(connection, kill, target_removed, no_such_target, now, target).run();
    std::set<std::string> known;
    {
        Query row(connection, "SELECT target FROM target_health");
        while (row.next()) known.insert(row.text());
    }
    for (const auto& target : targets) known.erase(target);
    for (const auto& target : known)
        Query(connection, "DELETE FROM target_health WHERE target = ?", target).run();
    return {};
}

}  // namespace

Async<Result<void>> Store::release_claims(Time now) {
    return worker_->write<void>([now](Connection& connection) { return release(connection, now); });
}

Async<Result<void>> Store::finish_attempt(model::Attempt attempt) {
    return worker_->write<void>(
        [attempt = std::move(attempt)](Connection& connection) { return finish(connection, attempt); });
}

Async<Result<void>> Store::unclaim(std::string delivery_id) {
    return worker_->write<void>(
        [id = std::move(delivery_id)](Connection& connection) { return put_back(connection, id); });
}

Async<Result<void>> Store::bury_deliveries_but(std::vector<std::string> targets, Time now) {
    return worker_->write<void>([targets = std::move(targets), now](Connection& connection) {
        return bury(connection, targets, now);
    });
}

}  // namespace basewatch::store
