// How targets fare: what attempts tell of them, when one is given up, and how it is taken up again.

#include "dispatch/dispatcher_state.hpp"
#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "foundation/time.hpp"

namespace basewatch::dispatch {

std::string_view to_string(TargetState state) {
    switch (state) {
        case TargetState::well:
            return "well";
        case TargetState::failing:
            return "failing";
        case TargetState::open:
            return "open";
        case TargetState::paused:
            return "paused";
        case TargetState::disabled:
            return "disabled";
    }
    return "well";
}

Async<void> Dispatcher::State::review(QueuePointer queue, model::Attempt attempt,
                                      std::optional<Milliseconds> asked) {
    auto& clock = collaborators.clock;
    auto reason = reason_to_disable(queue->health, attempt, clock.now());
    if (queue->learn(attempt, asked, clock.monotonic())) tell_breaker(*queue, attempt);
    if (reason && !queue->health.disabled_at) co_await disable(queue, std::move(attempt), *reason);
}

Async<void> Dispatcher::State::disable(QueuePointer queue, model::Attempt attempt, std::string reason) {
    auto planning = table->planning;
    auto waiting = co_await store.open_deliveries(queue->name());
    auto now = collaborators.clock.now();
    auto since = queue->health.failing_since.value_or(attempt.started_at);
    store::Disabling disabling{queue->name(), now, reason, {}, {}};
    if (planning) {
        auto plan = rules::plan_target_disabled(queue->name(), since, reason, waiting ? *waiting : 0,
                                                *planning, ids, now);
        disabling.events = std::move(plan.events);
        disabling.deliveries = std::move(plan.deliveries);
    }
    std::vector<std::string> told;
    for (const auto& delivery : disabling.deliveries) told.push_back(delivery.target);
    failpoint("target-to-be-disabled");
    auto done = co_await store.disable_target(std::move(disabling));
    failpoint("target-disabled");
    if (!done) {
        // The next failure brings it again; a conflict means that another attempt was quicker.
        if (done.error().kind() != ErrorKind::conflict)
            log::error("a target could not be disabled",
                       {{"target", queue->name()}, {"error", done.error().message()}});
        co_return;
    }
    queue->health.disabled_at = now;
    queue->health.reason = reason;
    log::error("nothing is sent to this target any more: mend it, then `basewatch resume target:NAME`",
               {{"target", queue->name()}, {"reason", reason}});
    for (const auto& name : told)
        if (auto known = queues.find(name); known != queues.end()) known->second->notify();
}

void Dispatcher::State::tell_breaker(const DeliveryQueue& queue, const model::Attempt& attempt) {
    auto now = collaborators.clock.monotonic();
    if (queue.breaker(now) == Breaker::State::closed) {
        log::info("the target answers again", {{"target", queue.name()}});
        return;
    }
    auto pause = std::chrono::ceil<Milliseconds>(queue.tries_at(now) - now);
    log::warning(
        "the target does not answer; one delivery tries it for all",
        {{"target", queue.name()}, {"reason", attempt.reason}, {"next_try_in", format_duration(pause)}});
}

TargetReport Dispatcher::State::report_of(const DeliveryQueue& queue) const {
    auto report = queue.report;
    const auto& health = queue.health;
    report.since = health.failing_since;
    if (health.failing_since) report.state = TargetState::failing;
    auto& clock = collaborators.clock;
    if (queue.breaker(clock.monotonic()) != Breaker::State::closed) {
        report.state = TargetState::open;
        auto wait = queue.tries_at(clock.monotonic()) - clock.monotonic();
        report.next_try = clock.now() + std::chrono::ceil<Milliseconds>(wait);
    }
    if (health.paused_at) {
        report.state = TargetState::paused;
        report.since = health.paused_at;
        report.next_try.reset();
    }
    if (health.disabled_at) {
        report.state = TargetState::disabled;
        report.since = health.disabled_at;
        report.next_try.reset();
        report.reason = health.reason;
    }
    return report;
}

Result<QueuePointer> Dispatcher::State::queue_of(const std::string& target) const {
    auto known = queues.find(target);
    if (known == queues.end()) return Error(ErrorKind::not_found, "there is no target " + target);
    return known->second;
}

Async<Result<void>> Dispatcher::pause(std::string target) {
    auto& state = *state_;
    auto known = state.queue_of(target);
    if (!known) co_return known.error();
    const auto& queue = *known;
    auto now = state.collaborators.clock.now();
    auto done = co_await state.store.pause_target(target, now);
    if (done && !queue->health.paused_at) queue->health.paused_at = now;
    co_return done;
}

Async<Result<void>> Dispatcher::resume(std::string target) {
    auto& state = *state_;
    auto known = state.queue_of(target);
    if (!known) co_return known.error();
    const auto& queue = *known;
    auto expire = state.table->targets.at(target).expire();
    auto done = co_await state.store.resume_target(target, state.collaborators.clock.now(), expire);
    if (done) queue->resume();
    co_return done;
}

}  // namespace basewatch::dispatch
