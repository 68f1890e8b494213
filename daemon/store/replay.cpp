// Deliveries that somebody wants to be sent again. Their ids, events and attempts stay; only the schedule
// begins anew.

#include "store/due.hpp"
#include "store/rows.hpp"
#include "store/worker.hpp"

namespace basewatch::store {

namespace {

using model::DeliveryState;

struct Found {
    std::int64_t seq = 0;
    std::string target;
    std::string state;
};

// Bound with the time twice, the lane and the row.
constexpr const char* send_again =
    "UPDATE deliveries SET state = CASE attempts WHEN 0 THEN 'pending' ELSE 'waiting' END, due_at = ?, "
    "replayed_at = ?, attempts_before = attempts, lane = ?, held_by = '' WHERE seq = ?";

Result<void> retry(Connection& connection, const std::string& id, Time now) {
    std::int64_t seq = 0;
    std::string state;
    {
        Query row(connection, "SELECT seq, state FROM deliveries WHERE id = ?", id);
        if (!row.next()) return Error(ErrorKind::not_found, "there is no delivery " + id);
        seq = row.integer();
        state = row.text();
    }
    if (state == "delivered")
        return Error(ErrorKind::conflict, "delivery " + id + " has arrived: `basewatch replay --delivery " +
                                              id + "` sends it once more");
    if (state == "pending")
        return Error(ErrorKind::conflict, "delivery " + id + " is queued and was never tried");
    if (state == "sending") return Error(ErrorKind::conflict, "delivery " + id + " is being sent right now");
    Query(connection, send_again, now, now, first_lane, seq).run();
    return {};
}

// What narrows a question, with the values to bind in their order.
struct Condition {
    std::string text;
    std::vector<std::string> values;
    std::vector<Time> times;
};

Condition condition_of(const Replay& what) {
    Condition condition;
    auto text = [&](const char* part, const std::string& value) {
        if (value.empty()) return;
        condition.text += part;
        condition.values.push_back(value);
    };
    text(" AND id = ?", what.delivery_id);
    // Bound twice: a message tells of a change in its own event or in one that joined it.
    text(
        " AND (event_id IN (SELECT id FROM events WHERE change_id = ?) OR id IN (SELECT j.delivery_id "
        "FROM events e JOIN joined_events j ON j.event_id = e.id WHERE e.change_id = ?))",
        what.change_id);
    if (!what.change_id.empty()) condition.values.push_back(what.change_id);
    text(" AND target = ?", what.target);
    auto time = [&](const char* part, const std::optional<Time>& value) {
        if (!value) return;
        condition.text += part;
        condition.times.push_back(*value);
    };
    time(" AND created_at >= ?", what.since);
    time(" AND created_at < ?", what.until);
    return condition;
}

// Those of one state, in the order in which they were created; the words of the state are those of a partial
// index, so that what is done is found by time and what waits among what waits.
void find(Connection& connection, const Condition& condition, DeliveryState state, std::size_t most,
          std::vector<Found>& found) {
    std::string index = state == DeliveryState::waiting ? "state IN ('pending', 'waiting')"
                                                        : "state IN ('delivered', 'dead')";
    Query row(connection, "SELECT seq, target, state FROM deliveries WHERE " + index + " AND state = '" +
                              std::string(model::to_string(state)) + "'" + condition.text +
                              " ORDER BY created_at, seq LIMIT ?");
    for (const auto& value : condition.values) row.bind(value);
    for (auto time : condition.times) row.bind(time);
    row.bind(most - found.size());
    while (row.next()) {
        Found one;
        one.seq = row.integer();
        one.target = row.text();
        one.state = row.text();
        found.push_back(std::move(one));
    }
}

Result<Replayed> send_many_again(Connection& connection, const Replay& what, Time now, bool dry_run) {
    auto condition = condition_of(what);
    std::vector<Found> found;
    for (auto state : what.states) find(connection, condition, state, most_replayed + 1, found);
    if (found.size() > most_replayed)
        return Error(ErrorKind::invalid, "more than " + std::to_string(most_replayed) +
                                             " deliveries are meant, and no more are sent again at once: "
                                             "narrow the time or name a target");
    Replayed replayed;
    for (const auto& one : found) {
        if (!what.targets.contains(one.target)) {
            ++replayed.skipped[one.target];
            continue;
        }
        ++replayed.deliveries;
        ++replayed.targets[one.target];
        ++replayed.states[one.state];
        if (!dry_run) Query(connection, send_again, now, now, replay_lane, one.seq).run();
    }
    return replayed;
}

}  // namespace

Async<Result<void>> Store::retry_delivery(std::string id, Time now) {
    return worker_->write<void>(
        [id = std::move(id), now](Connection& connection) { return retry(connection, id, now); });
}

Async<Result<Replayed>> Store::replay(Replay what, Time now, bool dry_run) {
    auto work = [what = std::move(what), now, dry_run](Connection& connection) {
        return send_many_again(connection, what, now, dry_run);
    };
    return dry_run ? worker_->read<Replayed>(std::move(work)) : worker_->write<Replayed>(std::move(work));
}

}  // namespace basewatch::store
