#include "api/views.hpp"

#include "foundation/time.hpp"
#include "rules/tag_filter.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::api {

namespace {

using Json = nlohmann::ordered_json;

void put(Json& object, const char* name, const std::string& text) {
    if (!text.empty()) object[name] = text;
}

void put(Json& object, const char* name, const std::optional<Time>& time) {
    if (time && time->time_since_epoch().count() != 0) object[name] = rfc3339(*time);
}

// As a duration, without the milliseconds that nobody asked for.
std::string in_seconds(Milliseconds time) {
    return time < std::chrono::seconds(10) ? format_duration(time)
                                           : format_duration(std::chrono::ceil<std::chrono::seconds>(time));
}

}  // namespace

Json view(const model::Observation& observation) {
    Json out = Json::object();
    put(out, "digest", observation.digest.text());
    put(out, "media_type", observation.media_type);
    put(out, "observed_at", observation.observed_at);
    Json platforms = Json::object();
    for (const auto& [platform, digest] : observation.platforms) platforms[platform.text()] = digest.text();
    out["platforms"] = std::move(platforms);
    return out;
}

std::optional<bool> behind(const std::vector<rules::Pin>& pins, const model::Digest& current) {
    if (pins.empty() || current.empty()) return std::nullopt;
    return std::any_of(pins.begin(), pins.end(), [&](const auto& pin) { return pin.digest != current; });
}

Json view(const model::BaseState& state, std::optional<Time> next_check, Milliseconds asked_every,
          const std::vector<rules::Pin>& pins) {
    Json out = view(state.current);
    Json front{{"reference", state.reference.text()}};
    front["state"] = !state.last_error.empty() ? "failing" : state.observed() ? "ok" : "new";
    front.update(out);
    put(front, "checked_at", state.checked_at);
    put(front, "next_check", next_check);
    if (asked_every > Milliseconds(0)) front["asked_every"] = in_seconds(asked_every);
    if (!state.last_error.empty()) {
        front["error"] = state.last_error;
        front["error_kind"] = state.last_error_kind;
        front["failures"] = state.failures;
        put(front, "failing_since", state.failing_since);
    }
    if (state.settling && state.settling->holds()) {
        const auto& settling = *state.settling;
        front["held_digest"] = settling.held.digest.text();
        put(front, "held_since", settling.moved_at);
        put(front, "held_until", settling.until);
        front["held_because"] = settling.because;
    }
    if (state.settling && state.settling->flaps()) {
        front["flaps_between"] = {state.settling->one.text(), state.settling->other.text()};
        put(front, "flapped_at", state.settling->flapped_at);
    }
    for (const auto& pin : pins) front["pins"].push_back({{"digest", pin.digest.text()}, {"by", pin.by}});
    if (auto late = behind(pins, state.current.digest)) front["pin"] = *late ? "behind" : "current";
    return front;
}

Json view(const watch::PatternReport& pattern) {
    Json tags = Json::object();
    put(tags, "glob", pattern.tags.glob);
    put(tags, "regex", pattern.tags.regex);
    put(tags, "semver", pattern.tags.semver);
    if (!pattern.tags.exclude.empty()) tags["exclude"] = pattern.tags.exclude;
    if (pattern.tags.newest) tags["newest"] = *pattern.tags.newest;
    Json bases = Json::array();
    for (const auto& base : pattern.bases) bases.push_back(base.text());
    Json out{{"repository", pattern.repository.name()},
             {"tags", std::move(tags)},
             {"pattern", rules::in_words(pattern.tags)},
             {"state", pattern.failing_since ? "failing"
                       : pattern.idle        ? "matches none"
                       : pattern.known       ? "ok"
                                             : "new"},
             {"bases", std::move(bases)},
             {"listed", pattern.listed}};
    put(out, "listed_at", pattern.listed_at);
    put(out, "next_list", pattern.next_list);
    put(out, "error", pattern.error);
    put(out, "failing_since", pattern.failing_since);
    return out;
}

Json view(const model::Change& change) {
    Json out{{"id", change.id},
             {"base", change.base.text()},
             {"kind", model::to_string(change.kind)},
             {"assumed", change.assumed},
             {"detected_at", rfc3339(change.detected_at)},
             {"detected_by", model::to_string(change.detected_by)},
             {"old", view(change.before)},
             {"new", view(change.after)}};
    Json platforms = Json::array();
    for (const auto& platform : change.changed_platforms) platforms.push_back(platform.text());
    out["changed_platforms"] = std::move(platforms);
    out["differences"] = change.differences;
    if (!change.newer_tags.empty()) out["newer_tags"] = change.newer_tags;
    return out;
}

bool is_queued(model::DeliveryState state) {
    return state == model::DeliveryState::pending || state == model::DeliveryState::waiting;
}

Json view(const model::Delivery& delivery) {
    Json out{{"id", delivery.id},
             {"event", delivery.event_id},
             {"target", delivery.target},
             {"state", model::to_string(delivery.state)},
             {"attempts", delivery.attempts},
             {"created_at", rfc3339(delivery.created_at)}};
    put(out, "dependent", delivery.dependent);
    if (is_queued(delivery.state) && delivery.due_at != Time()) put(out, "due_at", delivery.due_at);
    put(out, "replayed_at", delivery.replayed_at);
    put(out, "reason", delivery.reason);
    put(out, "last_error", delivery.last_error);
    if (delivery.priority != model::Priority::routine) out["priority"] = model::to_string(delivery.priority);
    put(out, "held_by", delivery.held_by);
    return out;
}

Json view(const model::Attempt& attempt) {
    Json out{{"number", attempt.number},
             {"started_at", rfc3339(attempt.started_at)},
             {"duration_ms", attempt.duration.count()},
             {"status", attempt.status},
             {"reason", attempt.reason}};
    if (attempt.replay) out["replay"] = true;
    put(out, "detail", attempt.detail);
    put(out, "remote", attempt.remote);
    put(out, "answer", attempt.answer);
    put(out, "next_attempt_at", attempt.due_at);
    return out;
}

Json view(const model::Rebuild& rebuild) {
    Json out{{"id", rebuild.id},
             {"dependent", rebuild.dependent.text()},
             {"base", rebuild.base.text()},
             {"state", rebuild.state},
             {"reason", rebuild.reason},
             {"event", rebuild.event_id},
             {"causes", rebuild.causes},
             {"requested_at", rfc3339(rebuild.requested_at)}};
    put(out, "deadline", rebuild.deadline);
    return out;
}

Json view(const model::Rule& rule) {
    Json kinds = Json::array();
    for (auto kind : rule.on) kinds.push_back(model::to_string(kind));
    Json out{{"name", rule.name},      {"base", rule.bases},
             {"on", std::move(kinds)}, {"dependents", rule.dependents},
             {"fire", rule.fire},      {"origin", rule.origin}};
    put(out, "when", rule.when);
    if (rule.group) out["group"] = model::to_string(rule.group->together);
    return out;
}

Json view(const dispatch::TargetReport& target) {
    Json out{{"name", target.name},
             {"state", dispatch::to_string(target.state)},
             {"delivered", target.delivered},
             {"failed", target.failed},
             {"in_flight", target.in_flight}};
    if (!target.failures.empty()) out["failures"] = target.failures;
    put(out, "since", target.since);
    put(out, "next_try", target.next_try);
    put(out, "reason", target.reason);
    put(out, "last_delivery", target.last_delivery);
    put(out, "last_error", target.last_error);
    return out;
}

Json view(const registry::HostReport& host, const std::optional<watch::Watcher::Pace>& pace) {
    Json out{{"host", host.host},
             {"state", host.state},
             {"requests", host.requests},
             {"pulls", host.pulls},
             {"tokens", host.tokens},
             {"failures", host.failures},
             {"rate_per_second", host.rate_per_second},
             {"rate_configured", host.rate_configured}};
    put(out, "state_until", host.state_until);
    if (pace) {
        out["bases"] = pace->bases;
        out["interval"] = in_seconds(pace->interval);
        out["effective_interval"] = in_seconds(pace->effective);
    }
    if (host.pulls_unlimited) out["pulls_unlimited"] = true;
    if (host.listed > 0) out["listed"] = host.listed;
    if (host.pulls_limit) out["pulls_limit"] = *host.pulls_limit;
    if (host.pulls_limit) out["pulls_window"] = format_duration(host.pulls_window);
    if (host.pulls_remaining) out["pulls_remaining"] = *host.pulls_remaining;
    put(out, "pulls_source", host.pulls_source);
    Json learned = Json::object();
    for (const auto& fact : host.learned)
        learned[fact.name] = {
            {"value", fact.value}, {"since", rfc3339(fact.since)}, {"until", rfc3339(fact.until)}};
    out["learned"] = std::move(learned);
    return out;
}

Json view(const registry::MirrorReport& mirror) {
    Json out{{"registry", mirror.registry},
             {"mirror", mirror.mirror},
             {"state", !mirror.error.empty() ? "left alone"
                       : mirror.behind > 0   ? "behind"
                                             : "ready"},
             {"behind", mirror.behind}};
    if (mirror.behind > 0) put(out, "behind_since", mirror.behind_since);
    put(out, "error", mirror.error);
    return out;
}

Json view(const registry::MirrorLag& lag) {
    return {{"name", lag.mirror}, {"digest", lag.shows.text()}, {"behind_since", rfc3339(lag.since)}};
}

std::string_view outcome_name(watch::CheckReport::Outcome outcome) {
    switch (outcome) {
        case watch::CheckReport::Outcome::baseline:
            return "baseline";
        case watch::CheckReport::Outcome::unchanged:
            return "unchanged";
        case watch::CheckReport::Outcome::held:
            return "held";
        case watch::CheckReport::Outcome::changed:
            return "changed";
        case watch::CheckReport::Outcome::failed:
            return "failed";
    }
    return "unknown";
}

Json view(const watch::CheckReport& report) {
    Json out{{"reference", report.base.text()}, {"outcome", outcome_name(report.outcome)}};
    put(out, "old", report.before.text());
    put(out, "new", report.after.text());
    Json changes = Json::array();
    for (const auto& change : report.changes) changes.push_back(view(change));
    out["changes"] = std::move(changes);
    out["deliveries"] = report.deliveries;
    put(out, "error", report.error);
    put(out, "held_until", report.held_until);
    put(out, "held_because", report.held_because);
    return out;
}

}  // namespace basewatch::api
