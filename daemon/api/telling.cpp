#include "api/telling.hpp"

#include "api/views.hpp"
#include "foundation/time.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace basewatch::api {

using Json = nlohmann::ordered_json;

struct Telling::Lines {
    std::multimap<Time, Json> by_time;  // of equal times, the first told comes first
};

Telling::Telling(std::string subject, std::vector<dispatch::TargetReport> targets)
    : subject_(std::move(subject)), targets_(std::move(targets)), lines_(std::make_unique<Lines>()) {}

Telling::~Telling() = default;

void Telling::tell(Time when, std::string what) {
    lines_->by_time.emplace(when, Json{{"time", rfc3339(when)}, {"what", std::move(what)}});
}

void Telling::tell(Time when, std::string what, Json detail) {
    lines_->by_time.emplace(
        when, Json{{"time", rfc3339(when)}, {"what", std::move(what)}, {"detail", std::move(detail)}});
}

std::unique_ptr<Json> Telling::finish() {
    auto out = std::make_unique<Json>(Json{{"subject", subject_}, {"story", Json::array()}, {"now", now_}});
    for (auto& [when, line] : lines_->by_time) (*out)["story"].push_back(std::move(line));
    return out;
}

namespace {

// What a target's state means for what is sent there.
std::string to_hold(dispatch::TargetState state) {
    switch (state) {
        case dispatch::TargetState::open:
            return "target that does not answer";
        case dispatch::TargetState::paused:
            return "paused target";
        case dispatch::TargetState::disabled:
            return "disabled target";
        case dispatch::TargetState::well:
        case dispatch::TargetState::failing:
            break;
    }
    return "";
}

// What holds a delivery back, for people.
std::string reason_of(const std::string& held_by) {
    constexpr std::string_view mute = "mute ", rebuild = "rebuild ", of_rule = "group of rule ";
    if (held_by == "group") return "`group`: what else comes until then is told with it";
    if (held_by.starts_with(of_rule))
        return "the `group` of rule " + held_by.substr(of_rule.size()) +
               ": what else it fires until then is told with it";
    if (held_by == "quiet hours") return "the target's quiet hours";
    if (held_by.starts_with(mute)) return "the mute of " + held_by.substr(mute.size());
    if (held_by.starts_with(rebuild))
        return "a rebuild of the same dependent that is in flight: " + held_by.substr(rebuild.size());
    if (held_by == to_hold(dispatch::TargetState::open))
        return "the target, which did not answer: one delivery tries for all then";
    return held_by;
}

}  // namespace

void hold_by_target(model::Delivery& delivery, const std::vector<dispatch::TargetReport>& targets) {
    auto of = std::find_if(targets.begin(), targets.end(),
                           [&](const auto& target) { return target.name == delivery.target; });
    if (of == targets.end() || !is_queued(delivery.state) || !delivery.held_by.empty()) return;
    delivery.held_by = to_hold(of->state);
    bool stopped = of->state == dispatch::TargetState::paused || of->state == dispatch::TargetState::disabled;
    if (stopped) delivery.due_at = Time();
    if (of->next_try) delivery.due_at = std::max(delivery.due_at, *of->next_try);
}

Async<Result<bool>> tell_mute(Telling& telling, std::string subject, Time now, store::Store& store) {
    auto mutes = co_await store.mutes(now);
    if (!mutes) co_return mutes.error();
    for (const auto& mute : *mutes)
        if (mute.subject == subject)
            telling.now("muted since " + rfc3339(mute.since) + " until " + rfc3339(mute.until) +
                        ": what it makes is held back until then");
    co_return true;
}

Async<Result<bool>> tell_delivery(Telling& telling, model::Delivery delivery, store::Store& store) {
    std::string whom = delivery.target + (delivery.dependent.empty() ? "" : " for " + delivery.dependent);
    telling.tell(delivery.created_at, "delivery " + delivery.id + " to " + whom + " was queued");
    if (delivery.replayed_at)
        telling.tell(*delivery.replayed_at, "somebody asked for " + delivery.id + " to be sent again");
    auto joined = co_await store.joined_events(delivery.id);
    if (!joined) co_return joined.error();
    if (!joined->empty())
        telling.now("delivery " + delivery.id + " tells " + std::to_string(joined->size() + 1) +
                    " events in one message");
    auto attempts = co_await store.attempts(delivery.id);
    if (!attempts) co_return attempts.error();
    for (const auto& attempt : *attempts)
        telling.tell(attempt.started_at + attempt.duration,
                     "attempt " + std::to_string(attempt.number) + " of " + delivery.id +
                         (attempt.replay ? ", by request: " : ": ") + attempt.reason,
                     view(attempt));
    using State = model::DeliveryState;
    hold_by_target(delivery, telling.targets());
    std::string subject = "delivery " + delivery.id + " to " + whom;
    bool held = is_queued(delivery.state) && !delivery.held_by.empty();
    if (held && delivery.due_at == Time())
        telling.now(subject + " is held back by the " + delivery.held_by +
                    " until `basewatch resume target:" + delivery.target + "`");
    else if (held)
        telling.now(subject + " is held back until " + rfc3339(delivery.due_at) + " by " +
                    reason_of(delivery.held_by));
    else if (delivery.state == State::waiting)
        telling.now(subject + " waits until " + rfc3339(delivery.due_at) + ": " + delivery.last_error);
    else if (delivery.state == State::pending)
        telling.now(subject + " is queued");
    if (delivery.state == State::sending) telling.now(subject + " is being sent");
    if (delivery.state == State::dead)
        telling.now(subject + " was given up" +
                    (delivery.reason.empty() ? "" : " (" + delivery.reason + ")") + ": " +
                    delivery.last_error);
    co_return true;
}

Async<Result<bool>> tell_event(Telling& telling, model::Event event, store::Store& store) {
    telling.tell(event.time, "event " + event.id + " " + event.type + " about " + event.subject);
    store::PageRequest page{200, ""};
    store::DeliveryFilter filter;
    filter.event_id = event.id;
    auto deliveries = co_await store.deliveries(page, filter);
    if (!deliveries) co_return deliveries.error();
    for (auto& delivery : deliveries->rows) {
        auto told = co_await tell_delivery(telling, delivery, store);
        if (!told) co_return told.error();
    }
    if (!deliveries->cursor.empty())
        telling.now("only the newest 200 deliveries of " + event.id + " are listed");
    co_return true;
}

}  // namespace basewatch::api
