// What nobody wants to hear of for a while.

#include "store/holding.hpp"
#include "store/worker.hpp"

#include <algorithm>

namespace basewatch::store {

namespace {

std::optional<Mute> longest(Connection& connection, const std::vector<std::string>& subjects, Time now) {
    std::optional<Mute> found;
    for (const auto& subject : subjects) {
        Query row(connection, "SELECT subject, since, until FROM mutes WHERE subject = ? AND until > ?",
                  subject, now);
        if (!row.next()) continue;
        Mute mute{row.text(), row.time(), row.time()};
        if (!found || mute.until > found->until) found = std::move(mute);
    }
    return found;
}

// What an event is about: its change, and the base behind it.
std::vector<std::string> subjects_of(Connection& connection, const std::string& event_id) {
    std::vector<std::string> subjects;
    Query row(connection,
              "SELECT coalesce(e.change_id, ''), coalesce(c.base, r.base, e.subject) FROM events e "
              "LEFT JOIN changes c ON c.id = e.change_id LEFT JOIN rebuilds r ON r.event_id = e.id "
              "WHERE e.id = ?",
              event_id);
    if (!row.next()) return subjects;
    auto change = row.text();
    if (!change.empty()) subjects.push_back("change:" + change);
    subjects.push_back("base:" + row.text());
    return subjects;
}

void lift_held(Connection& connection, const std::string& by, Time now) {
    Query(connection,
          "UPDATE deliveries SET due_at = ?, held_by = '' WHERE held_by = ? AND held_by <> '' AND "
          "state IN ('pending', 'waiting')",
          now, by)
        .run();
}

}  // namespace

std::string held_by(const Mute& mute) {
    return "mute " + mute.subject;
}

bool anything_muted(Connection& connection, Time now) {
    Query row(connection, "SELECT 1 FROM mutes WHERE until > ? LIMIT 1", now);
    return row.next();
}

// Of a message that tells several events each must be muted: what nobody muted is not held for the others.
std::optional<Mute> mute_of(Connection& connection, const model::Delivery& delivery, Time now) {
    std::vector<std::string> whole{"target:" + delivery.target};
    if (!delivery.dependent.empty()) whole.push_back("dependent:" + delivery.dependent);
    auto found = longest(connection, whole, now);
    auto events = events_joined(connection, delivery.id);
    events.insert(events.begin(), delivery.event_id);
    std::optional<Mute> shortest;
    for (const auto& event : events) {
        auto mute = longest(connection, subjects_of(connection, event), now);
        if (!mute) return found;
        if (!shortest || mute->until < shortest->until) shortest = std::move(mute);
    }
    return found && found->until >= shortest->until ? found : shortest;
}

Async<Result<void>> Store::lift(std::string held_by, Time now) {
    return worker_->write<void>([by = std::move(held_by), now](Connection& connection) -> Result<void> {
        lift_held(connection, by, now);
        return {};
    });
}

Async<Result<void>> Store::mute(Mute mute) {
    return worker_->write<void>([mute = std::move(mute)](Connection& connection) -> Result<void> {
        Query(connection, "DELETE FROM mutes WHERE until <= ?", mute.since).run();
        Query(connection, "INSERT OR REPLACE INTO mutes (subject, since, until) VALUES (?, ?, ?)",
              mute.subject, mute.since, mute.until)
            .run();
        // Whatever an earlier one of this subject held is held anew when it is claimed.
        lift_held(connection, store::held_by(mute), mute.since);
        return {};
    });
}

Async<Result<void>> Store::unmute(std::string subject, Time now) {
    return worker_->write<void>([subject = std::move(subject), now](Connection& connection) -> Result<void> {
        auto ended =
            Query(connection, "DELETE FROM mutes WHERE subject = ? AND until > ?", subject, now).run();
        if (ended == 0) return Error(ErrorKind::not_found, subject + " is not muted");
        lift_held(connection, store::held_by({subject, now, now}), now);
        return {};
    });
}

Async<Result<std::vector<Mute>>> Store::mutes(Time now) {
    return worker_->read<std::vector<Mute>>([now](Connection& connection) {
        std::vector<Mute> mutes;
        Query row(connection, "SELECT subject, since, until FROM mutes WHERE until > ? ORDER BY subject",
                  now);
        while (row.next()) {
            auto& mute = mutes.emplace_back();
            mute.subject = row.text();
            mute.since = row.time();
            mute.until = row.time();
        }
        return mutes;
    });
}

}  // namespace basewatch::store
