#include "api/explain.hpp"

#include "api/telling.hpp"
#include "api/views.hpp"
#include "foundation/counted.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "rules/match.hpp"
#include "rules/tag_filter.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::api {

namespace {

using Story = Result<std::unique_ptr<nlohmann::ordered_json>>;

std::string because(const model::Change& change) {
    std::string text = std::string(model::to_string(change.kind)) + " of " + change.base.text();
    if (!change.newer_tags.empty()) {
        for (std::size_t i = 0; i < change.newer_tags.size(); ++i)
            text += (i > 0 ? ", " : ": ") + change.newer_tags[i];
        return text + " (at " + change.after.digest.short_text() + ")";
    }
    if (change.kind == model::ChangeKind::tag_created)
        return text + ": points to " + change.after.digest.short_text();
    if (change.kind == model::ChangeKind::tag_deleted)
        return text + ": pointed to " + change.before.digest.short_text();
    if (change.before.digest != change.after.digest)
        text += ": " + change.before.digest.short_text() + " -> " + change.after.digest.short_text();
    if (!change.differences.empty()) {
        text += " (";
        for (std::size_t i = 0; i < change.differences.size(); ++i)
            text += (i > 0 ? ", " : "") + change.differences[i];
        text += ")";
    }
    if (change.assumed) text += ", assumed: the details that would tell could not be read";
    return text;
}

// What a rule's condition said when the change was found.
std::string said(const model::Rule& rule, const std::vector<model::Condition>& conditions) {
    for (const auto& condition : conditions) {
        if (condition.rule != rule.name) continue;
        switch (condition.outcome) {
            case model::Condition::Outcome::wanted:
                return ", and its `when` wanted it";
            case model::Condition::Outcome::unwanted:
                return "held back: rule \"" + rule.name + "\" did not want it, by its `when`";
            case model::Condition::Outcome::failed:
                return ", although its `when` failed: " + condition.detail;
        }
    }
    return "";
}

// Why a change fired what it fired, by the rules as they are now and what their conditions said then.
void tell_rules(Telling& telling, const model::Change& change, const rules::PlanningTable& table,
                const std::vector<model::Condition>& conditions) {
    auto names = rules::names_of(change.base, table);
    auto fired = rules::matching(table.rules, names, change.kind);
    for (const auto* rule : fired) {
        auto condition = said(*rule, conditions);
        telling.now(condition.starts_with("held")
                        ? condition
                        : "rule \"" + rule->name + "\" fires on " +
                              std::string(model::to_string(change.kind)) + condition);
    }
    if (!fired.empty()) return;
    bool named = false;
    for (const auto& rule : table.rules) {
        bool about = std::any_of(rule.bases.begin(), rule.bases.end(), [&](const std::string& pattern) {
            return std::any_of(names.begin(), names.end(),
                               [&](const std::string& name) { return rules::glob_matches(pattern, name); });
        });
        if (!about) continue;
        named = true;
        telling.now("held back: rule \"" + rule.name + "\" does not fire on " +
                    std::string(model::to_string(change.kind)));
    }
    if (!named) telling.now("held back: no rule names this base");
}

Async<Result<bool>> tell_change(Telling& telling, model::Change change, store::Store& store,
                                std::shared_ptr<const rules::PlanningTable> table) {
    telling.tell(change.detected_at,
                 "change " + change.id + " by " + std::string(model::to_string(change.detected_by)) + ": " +
                     because(change),
                 view(change));
    auto events = co_await store.events_of_change(change.id);
    if (!events) co_return events.error();
    for (auto& event : *events) {
        auto told = co_await tell_event(telling, event, store);
        if (!told) co_return told.error();
    }
    auto conditions = co_await store.conditions_of_change(change.id);
    if (!conditions) co_return conditions.error();
    tell_rules(telling, change, *table, *conditions);
    co_return true;
}

}  // namespace

Async<Story> explain_id(std::string id, store::Store& store,
                        std::shared_ptr<const rules::PlanningTable> table,
                        std::vector<dispatch::TargetReport> targets, Time now) {
    Telling telling(id, std::move(targets));
    std::string event_id = id.starts_with("evt_") ? id : "";
    std::string change_id = id.starts_with("chg_") ? id : "";
    if (id.starts_with("dlv_")) {
        auto delivery = co_await store.delivery(id);
        if (!delivery) co_return delivery.error();
        auto told = co_await tell_delivery(telling, *delivery, store);
        if (!told) co_return told.error();
        auto event = co_await store.event(delivery->event_id);
        if (!event) co_return event.error();
        telling.tell(event->time, "event " + event->id + " " + event->type + " about " + event->subject);
        if (!event->change_id.empty()) {
            auto change = co_await store.change(event->change_id);
            if (change) telling.tell(change->detected_at, "change " + change->id + ": " + because(*change));
        }
        co_return telling.finish();
    }
    if (id.starts_with("rbd_")) {
        auto rebuild = co_await store.rebuild(id);
        if (!rebuild) co_return rebuild.error();
        telling.tell(rebuild->requested_at,
                     "rebuild of " + rebuild->dependent.text() + " on " + rebuild->base.text() +
                         " was asked for: " + rebuild->reason,
                     view(*rebuild));
        event_id = rebuild->event_id;
    }
    if (!event_id.empty()) {
        auto event = co_await store.event(event_id);
        if (!event) co_return event.error();
        if (event->change_id.empty() || id.starts_with("rbd_")) {
            auto told = co_await tell_event(telling, *event, store);
            if (!told) co_return told.error();
            co_return telling.finish();
        }
        change_id = event->change_id;
    }
    if (change_id.empty())
        co_return Error(ErrorKind::invalid,
                        "an id begins with chg_, evt_, dlv_ or rbd_; for an image use `?reference=`");
    auto change = co_await store.change(change_id);
    if (!change) co_return change.error();
    auto told = co_await tell_change(telling, *change, store, table);
    if (!told) co_return told.error();
    auto muted = co_await tell_mute(telling, "change:" + change->id, now, store);
    if (!muted) co_return muted.error();
    co_return telling.finish();
}

namespace {

// A dependent: which rules build it, on what, and what was asked for.
Async<Story> explain_dependent(model::Reference reference, store::Store& store,
                               std::shared_ptr<const rules::PlanningTable> table,
                               std::vector<dispatch::TargetReport> targets, Time now) {
    Telling telling(reference.text(), std::move(targets));
    auto muted = co_await tell_mute(telling, "dependent:" + reference.text(), now, store);
    if (!muted) co_return muted.error();
    bool known = false;
    for (const auto& rule : table->rules) {
        if (std::find(rule.dependents.begin(), rule.dependents.end(), reference.text()) ==
            rule.dependents.end())
            continue;
        known = true;
        std::string bases;
        for (const auto& base : rule.bases) bases += (bases.empty() ? "" : ", ") + base;
        telling.now("rule \"" + rule.name + "\" builds it on " + bases);
    }
    auto rebuilds = co_await store.rebuilds(store::PageRequest{20, ""}, reference);
    if (!rebuilds) co_return rebuilds.error();
    for (const auto& rebuild : rebuilds->rows) {
        known = true;
        telling.tell(rebuild.requested_at, "rebuild " + rebuild.id + " on " + rebuild.base.text() +
                                               " was asked for: " + rebuild.reason);
        auto event = co_await store.event(rebuild.event_id);
        if (!event) continue;
        auto told = co_await tell_event(telling, *event, store);
        if (!told) co_return told.error();
    }
    if (!known)
        co_return Error(ErrorKind::not_found, reference.text() + " is neither watched nor built by a rule");
    co_return telling.finish();
}

}  // namespace

Async<Story> explain_reference(model::Reference reference, store::Store& store, const watch::Watcher& watcher,
                               std::shared_ptr<const rules::PlanningTable> table,
                               std::vector<dispatch::TargetReport> targets, Time now) {
    auto base = watcher.watched_as(reference);
    if (!base) {
        auto story = co_await explain_dependent(reference, store, table, std::move(targets), now);
        co_return story;
    }
    Telling telling(base->text(), std::move(targets));
    auto muted = co_await tell_mute(telling, "base:" + base->text(), now, store);
    if (!muted) co_return muted.error();
    auto state = watcher.state(*base);
    if (state->observed())
        telling.now("points to " + state->current.digest.short_text() + " since " +
                    rfc3339(state->current.observed_at));
    else
        telling.now("was never observed");
    for (const auto& pattern : watcher.patterns())
        if (std::find(pattern.bases.begin(), pattern.bases.end(), *base) != pattern.bases.end())
            telling.now("is watched for the pattern over " + pattern.repository.name() + ": " +
                        rules::in_words(pattern.tags));
    for (const auto& pin : rules::pins_of(base->text(), *table)) {
        bool late = state->observed() && pin.digest != state->current.digest;
        telling.now(pin.by + " pins it at " + pin.digest.short_text() +
                    (late ? ", which is behind: a rebuild cannot help there, a commit can" : ""));
    }
    if (!state->last_error.empty()) telling.now("failing: " + state->last_error);
    if (state->settling && state->settling->holds())
        telling.now("answered " + state->settling->held.digest.short_text() + " since " +
                    rfc3339(state->settling->held.observed_at) + ", held until " +
                    rfc3339(state->settling->until) + ", because " + state->settling->because);
    if (state->settling && state->settling->flaps())
        telling.now("flaps between " + state->settling->one.short_text() + " and " +
                    state->settling->other.short_text() + ", last at " +
                    rfc3339(state->settling->flapped_at));
    if (auto next = watcher.next_check(*base)) telling.now("is checked again at " + rfc3339(*next));
    auto changes = co_await store.changes(store::PageRequest{20, ""}, base);
    if (!changes) co_return changes.error();
    if (changes->rows.empty()) telling.now("no change was seen yet");
    for (std::size_t i = 0; i < changes->rows.size(); ++i) {
        // The newest is told whole, the ones before it in a line each.
        if (i == 0) {
            auto told = co_await tell_change(telling, changes->rows[i], store, table);
            if (!told) co_return told.error();
        } else {
            telling.tell(changes->rows[i].detected_at,
                         "change " + changes->rows[i].id + ": " + because(changes->rows[i]));
        }
    }
    auto dependents = rules::dependents_of(base->text(), *table);
    telling.now(counted(dependents.size(), "dependent") + (dependents.size() == 1 ? " is" : " are") +
                " built on it by the rules");
    co_return telling.finish();
}

}  // namespace basewatch::api
