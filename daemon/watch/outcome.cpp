// Keeping what a check found, and telling whoever wants to know.

#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "foundation/time.hpp"
#include "rules/conditions.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>
#include <iterator>

namespace basewatch::watch {

namespace {

CheckReport failed_report(const model::Reference& base, const KnownBase* known, const Error& error) {
    CheckReport report;
    report.base = base;
    report.outcome = CheckReport::Outcome::failed;
    if (known != nullptr) report.before = known->observation.unpacked().digest;
    report.error = error.message();
    report.error_kind = error.kind();
    return report;
}

// Puts a plan into a finding.
void add_plan(store::Finding& finding, rules::Plan plan) {
    finding.events = std::move(plan.events);
    finding.rebuilds = std::move(plan.rebuilds);
    finding.deliveries = std::move(plan.deliveries);
}

// What is told of a finding after it was committed.
struct Told {
    std::vector<model::Change> changes;
    std::map<std::string, std::size_t> deliveries;  // by change
    std::vector<std::string> targets;
};

Told told_of(const store::Finding& finding) {
    Told told;
    told.changes = finding.changes;
    std::map<std::string, std::string> change_of_event;
    for (const auto& event : finding.events) change_of_event[event.id] = event.change_id;
    std::set<std::string> targets;
    for (const auto& delivery : finding.deliveries) {
        ++told.deliveries[change_of_event[delivery.event_id]];
        targets.insert(delivery.target);
    }
    told.targets.assign(targets.begin(), targets.end());
    return told;
}

void log_change(const model::Change& change, std::size_t deliveries) {
    std::string base = change.base.text(), count = std::to_string(deliveries);
    switch (change.kind) {
        case model::ChangeKind::unreachable:
            log::warning("base unreachable", {{"base", base}, {"deliveries", count}});
            return;
        case model::ChangeKind::recovered:
            log::info("base recovered", {{"base", base}, {"deliveries", count}});
            return;
        case model::ChangeKind::content:
        case model::ChangeKind::reverted:
        case model::ChangeKind::metadata:
        case model::ChangeKind::platform_added:
        case model::ChangeKind::platform_removed:
            log::info("base changed", {{"base", base},
                                       {"kind", std::string(model::to_string(change.kind))},
                                       {"old", change.before.digest.short_text()},
                                       {"new", change.after.digest.short_text()},
                                       {"deliveries", count}});
    }
}

}  // namespace

model::Change Watcher::State::change_of(const model::Reference& base, model::ChangeKind kind,
                                        model::DetectedBy by) {
    model::Change change;
    change.detected_at = clock.now();
    change.id = ids.next("chg_", change.detected_at);
    change.base = base;
    change.kind = kind;
    change.detected_by = by;
    return change;
}

Async<Result<CheckReport>> Watcher::State::keep(model::Reference base, GoodAnswer answer) {
    auto* known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    auto table = planning;  // a reload while conditions are asked changes nothing for what was found before
    store::Finding finding;
    finding.state.reference = base;
    finding.state.current = answer.now;
    finding.state.checked_at = clock.now();
    finding.state.settling = answer.settling;
    finding.images = std::move(answer.learnt);
    rules::Plan plan;
    if (known->told_unreachable) {
        auto change = change_of(base, model::ChangeKind::recovered, answer.by);
        change.before = known->observation.unpacked();
        change.after = answer.now;
        const auto& was = known->in_trouble();
        plan = rules::plan_reachability(change, was.since, was.error, was.kind, *table, ids, clock.now());
        finding.changes.push_back(std::move(change));
    }
    for (auto& found : answer.classified) {
        auto change = change_of(base, found.kind, answer.by);
        change.assumed = found.assumed;
        change.before = answer.before;
        change.after = answer.now;
        change.changed_platforms = std::move(found.platforms);
        change.differences = std::move(found.differences);
        auto asked = co_await rules::ask_conditions(change, table, conditions, clock.now());
        if (!asked) co_return asked.error();
        auto more = rules::plan_change(change, *table, ids, clock.now(), *asked);
        std::move(asked->begin(), asked->end(), std::back_inserter(finding.conditions));
        plan = rules::joined(std::move(plan), std::move(more));
        finding.changes.push_back(std::move(change));
    }
    add_plan(finding, std::move(plan));
    auto told = told_of(finding);
    CheckReport report;
    report.base = base;
    report.outcome = answer.outcome;
    report.before = answer.before.digest;
    report.after = answer.now.digest;
    report.changes = told.changes;
    report.deliveries = finding.deliveries.size();
    failpoint("change-planned");

    auto recorded = co_await store.record(std::move(finding));
    if (!recorded) co_return recorded.error();
    failpoint("change-recorded");
    known = find(base.text());
    if (known != nullptr) {
        known->observation = PackedObservation(answer.now);
        known->profile = model::accept_profile;
        known->checked_at = clock.now();
        known->settling =
            answer.settling ? std::make_unique<const model::Settling>(*answer.settling) : nullptr;
        known->trouble.reset();
        known->told_unreachable = false;
        known->unsaved = false;
        if (answer.outcome == CheckReport::Outcome::changed) known->detail_attempts = 0;
        next_turn(base, *known);
        if (answer.outcome == CheckReport::Outcome::changed) hasten_siblings(base);
    }
    progress.changes += told.changes.size();
    if (answer.outcome == CheckReport::Outcome::baseline)
        log::debug("baseline", {{"base", base.text()}, {"digest", answer.now.digest.short_text()}});
    for (const auto& change : told.changes) log_change(change, told.deliveries[change.id]);
    if (!told.targets.empty()) committed(told.targets);
    co_return report;
}

CheckReport Watcher::State::unchanged(const model::Reference& base, KnownBase& known,
                                      const model::Digest& digest) {
    if (known.failing()) log::debug("a base answers again", {{"base", base.text()}});
    known.trouble.reset();
    known.checked_at = clock.now();
    mark_unsaved(known);
    next_turn(base, known);
    CheckReport report;
    report.base = base;
    report.before = digest;
    report.after = digest;
    return report;
}

Async<CheckReport> Watcher::State::fail(model::Reference base, model::DetectedBy by, Error error) {
    bool ours = error.kind() == ErrorKind::storage || error.kind() == ErrorKind::conflict;
    if (ours)
        log::error("what a check found could not be stored; it is checked again",
                   {{"base", base.text()}, {"error", error.message()}});
    if (ours || error.kind() == ErrorKind::cancelled) co_return try_again(base, error);
    co_return co_await note_failure(base, by, error, false);
}

Async<CheckReport> Watcher::State::refuse(model::Reference base, model::DetectedBy by,
                                          model::Observation observation) {
    auto* known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    Error error(ErrorKind::unsupported, "none of the watched platforms (" +
                                            listed(known->settings->platforms) + ") is in it; it has " +
                                            listed(watched_platforms(observation, {})));
    known->in_trouble().refused = observation.digest;
    known->settling.reset();
    co_return co_await note_failure(base, by, error, true);
}

Async<CheckReport> Watcher::State::note_failure(model::Reference base, model::DetectedBy by, Error error,
                                                bool answered) {
    ++progress.failures;
    auto* known = find(base.text());
    if (known == nullptr) co_return failed_report(base, known, error);
    auto now = clock.now();
    auto turn = clock.monotonic();
    auto interval = known->settings->interval;
    auto& trouble = known->in_trouble();
    if (trouble.answered != answered) trouble.failures = 0;
    if (trouble.failures == 0) {
        trouble.since = now;
        trouble.answered = answered;
        log::warning("a base could not be checked", {{"base", base.text()}, {"error", error.message()}});
    }
    ++trouble.failures;
    trouble.error = error.message();
    trouble.kind = std::string(to_string(error.kind()));
    known->checked_at = now;
    mark_unsaved(*known);
    auto report = failed_report(base, known, error);
    if (answered) {
        lane_of(base).schedule.done(base, turn);
        co_return report;
    }

    auto wait = back_off(trouble.failures, interval, random01());
    if (auto asked = error.retry_after()) {
        trouble.held_until = turn + *asked;
        // At each of its turns meanwhile it counts as not answering, without being asked.
        wait = std::max(wait, std::min(*asked, interval));
    }
    auto when = turn + wait;
    auto patience = interval * (known->settings->unreachable_after - 1);
    bool over = trouble.failures >= known->settings->unreachable_after && now - trouble.since >= patience;
    if (!known->told_unreachable && now - trouble.since < patience)
        when = std::min(when, turn + (trouble.since + patience - now));
    lane_of(base).schedule.postpone(base, when);
    if (over && !known->told_unreachable) co_await tell_unreachable(base, by);
    co_return report;
}

CheckReport Watcher::State::try_again(const model::Reference& base, const Error& error) {
    const auto* known = find(base.text());
    if (known != nullptr) {
        auto& schedule = lane_of(base).schedule;
        auto interval = known->settings->interval;
        auto soon = clock.monotonic() + std::min(interval, back_off(1, interval, random01()));
        // Whoever knew better when to ask again has already put it back.
        if (!schedule.due(base)) schedule.postpone(base, soon);
    }
    return failed_report(base, known, error);
}

Async<void> Watcher::State::tell_unreachable(model::Reference base, model::DetectedBy by) {
    const auto* known = find(base.text());
    auto change = change_of(base, model::ChangeKind::unreachable, by);
    change.before = known->observation.unpacked();
    change.after = change.before;
    store::Finding finding;
    finding.state = known->state(base);
    finding.state.told_unreachable = true;
    const auto& trouble = *known->trouble;
    auto plan = rules::plan_reachability(change, trouble.since, trouble.error, trouble.kind, *planning, ids,
                                         clock.now());
    finding.changes.push_back(std::move(change));
    add_plan(finding, std::move(plan));
    auto told = told_of(finding);
    auto recorded = co_await store.record(std::move(finding));
    if (!recorded) {
        // The next failure brings it again.
        log::error("what a check found could not be stored",
                   {{"base", base.text()}, {"error", recorded.error().message()}});
        co_return;
    }
    if (auto* now_known = find(base.text())) {
        now_known->told_unreachable = true;
        now_known->unsaved = false;
    }
    progress.changes += 1;
    for (const auto& each : told.changes) log_change(each, told.deliveries[each.id]);
    if (!told.targets.empty()) committed(told.targets);
}

void Watcher::State::mark_unsaved(KnownBase& known) {
    known.unsaved = true;
    if (!marks_since) mark_soon();
}

void Watcher::State::mark_soon() {
    marks_since = clock.monotonic();
    bell.ring();
}

double Watcher::State::random01() {
    dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(dice >> 11) * 0x1p-53;
}

}  // namespace basewatch::watch
