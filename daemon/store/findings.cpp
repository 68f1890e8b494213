// record(): what one check found, all of it or nothing. The worker undoes everything when it returns an
// error.

#include "store/holding.hpp"
#include "store/rows.hpp"
#include "store/worker.hpp"

#include <algorithm>
#include <map>

namespace basewatch::store {

namespace {

bool about_reachability(const model::Change& change) {
    return change.kind == model::ChangeKind::unreachable || change.kind == model::ChangeKind::recovered;
}

bool moves_digest(const model::Change& change) {
    return model::moves_digest(change.kind);
}

struct StoredObservation {
    std::int64_t seq = 0;  // 0: none
    model::Digest digest;
    bool detailed = false;
};

StoredObservation newest_observation(Connection& connection, const model::Reference& base) {
    StoredObservation newest;
    Query row(connection,
              "SELECT seq, digest, detailed FROM observations WHERE base = ? ORDER BY seq DESC LIMIT 1",
              base);
    if (!row.next()) return newest;
    newest.seq = row.integer();
    newest.digest = row.digest();
    newest.detailed = row.flag();
    return newest;
}

bool has_current(Connection& connection, const model::Reference& base) {
    Query row(connection, "SELECT 1 FROM bases WHERE reference = ? AND observation IS NOT NULL", base);
    return row.next();
}

// A change is told of the digest that is stored; when another one is there by now, it never happened.
Result<void> follows_from(const model::Digest& current, const Finding& finding) {
    for (const auto& change : finding.changes) {
        // A tag that came, or a newer one, is no state of the base that it is told of.
        if (finding.state.reference.empty() && !moves_digest(change) && !about_reachability(change)) continue;
        if (change.base != finding.state.reference)
            return Error(ErrorKind::invalid,
                         "a change of " + change.base.text() + " came without the state that it led to");
        if (change.before.digest == current) continue;
        if (about_reachability(change) && change.before.digest.empty()) continue;
        return Error(ErrorKind::conflict, change.base.text() + " is at " +
                                              (current.empty() ? "nothing" : current.short_text()) +
                                              " by now, not at " + change.before.digest.short_text());
    }
    return {};
}

std::int64_t add_observation(Connection& connection, const Finding& finding, std::int64_t replaced) {
    const auto& observation = finding.state.current;
    bool baseline = std::none_of(finding.changes.begin(), finding.changes.end(), moves_digest);
    if (replaced != 0)
        Query(connection, "UPDATE observations SET replaced_at = ? WHERE seq = ?", observation.observed_at,
              replaced)
            .run();
    Query(connection,
          "INSERT INTO observations (base, digest, media_type, observed_at, detailed, platforms, baseline) "
          "VALUES (?, ?, ?, ?, ?, ?, ?)",
          finding.state.reference, observation.digest, observation.media_type, observation.observed_at,
          observation.detailed, manifests_text(observation.platforms), baseline)
        .run();
    return connection.database().getLastInsertRowid();
}

// The row of the observation that the base is at from now on; 0 when it was never observed. Details that were
// read later fill the row that is there; details that are known are never lost.
std::int64_t place_observation(Connection& connection, const Finding& finding,
                               const StoredObservation& newest, bool current) {
    const auto& observation = finding.state.current;
    if (observation.digest.empty()) return current ? newest.seq : 0;
    if (newest.digest != observation.digest) return add_observation(connection, finding, newest.seq);
    // Back after it was forgotten: its past is the present again, and a silent beginning.
    if (!current)
        Query(connection, "UPDATE observations SET replaced_at = NULL, baseline = 1 WHERE seq = ?",
              newest.seq)
            .run();
    if (observation.detailed && !newest.detailed)
        Query(connection, "UPDATE observations SET media_type = ?, detailed = 1, platforms = ? WHERE seq = ?",
              observation.media_type, manifests_text(observation.platforms), newest.seq)
            .run();
    return newest.seq;
}

void put_settling(Connection& connection, const model::BaseState& state) {
    if (!state.settling) {
        Query(connection, "DELETE FROM settling WHERE base = ?", state.reference).run();
        return;
    }
    const auto& settling = *state.settling;
    const auto& held = settling.held;
    Query(connection,
          "INSERT OR REPLACE INTO settling (base, digest, media_type, observed_at, detailed, platforms, "
          "moved_at, reads, held_until, because, left_digest, left_at, one_digest, other_digest, flapped_at) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          state.reference, held.digest, held.media_type, held.observed_at, held.detailed,
          manifests_text(held.platforms), settling.moved_at, settling.reads, settling.until, settling.because,
          settling.left, settling.left_at, settling.one, settling.other, settling.flapped_at)
        .run();
}

Result<void> put_state(Connection& connection, const Finding& finding) {
    const auto& state = finding.state;
    if (state.reference.empty()) return follows_from({}, finding);
    auto newest = newest_observation(connection, state.reference);
    bool current = newest.seq != 0 && has_current(connection, state.reference);
    auto follows = follows_from(current ? newest.digest : model::Digest(), finding);
    if (!follows) return follows.error();
    auto observation = place_observation(connection, finding, newest, current);
    Query query(connection,
                "INSERT INTO bases (reference, observation, profile, checked_at, failing_since, failures, "
                "last_error, last_error_kind, told_unreachable, missing, missing_since) "
                "VALUES (?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (reference) DO UPDATE SET observation = excluded.observation, "
                "profile = excluded.profile, checked_at = excluded.checked_at, "
                "failing_since = excluded.failing_since, failures = excluded.failures, "
                "last_error = excluded.last_error, last_error_kind = excluded.last_error_kind, "
                "told_unreachable = excluded.told_unreachable, missing = excluded.missing, "
                "missing_since = excluded.missing_since",
                state.reference, observation, state.profile, state.checked_at, state.failing_since,
                state.failures, state.last_error, state.last_error_kind, state.told_unreachable,
                state.missing, state.missing_since);
    query.run();
    put_settling(connection, state);
    return {};
}

// Content-addressed: what is known of a digest never changes.
void put_image(Connection& connection, const model::Digest& digest, const model::ImageContent& image) {
    Query(connection,
          "INSERT INTO images (digest, platform, diff_ids, inherited_config, labels, created) "
          "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
          digest, platform_text(image.platform), strings_text(image.diff_ids), image.inherited_config,
          map_text(image.labels), image.created)
        .run();
}

void put_change(Connection& connection, const model::Change& change) {
    const auto& before = change.before;
    const auto& after = change.after;
    Query(
        connection,
        "INSERT INTO changes (id, base, kind, assumed, before_digest, before_media_type, before_observed_at, "
        "before_detailed, before_platforms, after_digest, after_media_type, after_observed_at, "
        "after_detailed, after_platforms, changed_platforms, differences, detected_by, detected_at, "
        "newer_tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        change.id, change.base, model::to_string(change.kind), change.assumed, before.digest,
        before.media_type, before.observed_at, before.detailed, manifests_text(before.platforms),
        after.digest, after.media_type, after.observed_at, after.detailed, manifests_text(after.platforms),
        platforms_text(change.changed_platforms), strings_text(change.differences),
        model::to_string(change.detected_by), change.detected_at, strings_text(change.newer_tags))
        .run();
}

void put_rebuild(Connection& connection, const model::Rebuild& rebuild) {
    Query(connection,
          "INSERT INTO rebuilds (id, dependent, base, reason, event_id, deadline, requested_at, state) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          rebuild.id, rebuild.dependent, rebuild.base, rebuild.reason, Query::TextOrNull{rebuild.event_id},
          rebuild.deadline, rebuild.requested_at, rebuild.state)
        .run();
    for (std::size_t i = 0; i < rebuild.causes.size(); ++i)
        Query(connection, "INSERT INTO rebuild_causes (rebuild_id, position, event_id) VALUES (?, ?, ?)",
              rebuild.id, i, rebuild.causes[i])
            .run();
}

// By a rebuild's event: its causes, behind those of earlier rebuilds that its targets did not get yet. Only
// where there are any.
std::map<std::string, std::vector<std::string>> all_causes(Connection& connection, const Finding& finding) {
    std::map<std::string, std::vector<std::string>> all;
    auto add = [&](const std::string& event_id, const std::vector<std::string>& more) {
        auto& causes = all[event_id];
        for (const auto& cause : more)
            if (std::find(causes.begin(), causes.end(), cause) == causes.end()) causes.push_back(cause);
    };
    if (finding.rebuilds.empty()) return all;
    for (const auto& delivery : finding.deliveries) {
        if (delivery.dependent.empty()) continue;
        auto open = open_causes(connection, delivery.target, delivery.dependent);
        if (!open.empty()) add(delivery.event_id, open);
    }
    if (all.empty()) return all;
    for (const auto& rebuild : finding.rebuilds)
        if (all.contains(rebuild.event_id)) add(rebuild.event_id, rebuild.causes);
    return all;
}

}  // namespace

// What refers to something comes after it.
Result<void> put_finding(Connection& connection, const Finding& finding) {
    auto state = put_state(connection, finding);
    if (!state) return state.error();
    if (finding.forgets) forget_base(connection, finding.state.reference.text(), finding.state.checked_at);
    for (const auto& [digest, image] : finding.images) put_image(connection, digest, image);
    for (const auto& change : finding.changes) put_change(connection, change);
    for (const auto& condition : finding.conditions) put_condition(connection, condition);
    auto causes = all_causes(connection, finding);
    for (auto event : finding.events) {
        if (auto more = causes.find(event.id); more != causes.end())
            event.json = model::with_causes(event.json, more->second);
        put_event(connection, event);
    }
    for (auto rebuild : finding.rebuilds) {
        if (auto more = causes.find(rebuild.event_id); more != causes.end()) rebuild.causes = more->second;
        put_rebuild(connection, rebuild);
    }
    for (const auto& delivery : finding.deliveries) put_delivery(connection, delivery);
    if (finding.tag_gone) take_off_list(connection, finding.state.reference);
    return {};
}

Async<Result<void>> Store::record(Finding finding) {
    return worker_->write<void>(
        [finding = std::move(finding)](Connection& connection) { return put_finding(connection, finding); });
}

}  // namespace basewatch::store
