#include "dispatch/dispatcher_state.hpp"
#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "foundation/time.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

namespace basewatch::dispatch {

namespace {

using model::DeliveryState;

// A place in a target's queue: free again, and told, however the attempt ends. What arrived may leave it
// before it is recorded, so that the next goes out while the disk is flushed.
class Place {
public:
    explicit Place(QueuePointer queue) : queue_(std::move(queue)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        if (left_)
            --queue_->unrecorded;
        else
            leave();
    }
    void record_later() {
        left_ = true;
        ++queue_->unrecorded;
        leave();
    }

private:
    void leave() {
        --queue_->report.in_flight;
        queue_->bell.ring();
    }
    QueuePointer queue_;
    bool left_ = false;
};

// What a render can do wrong for good: the program, its bounds, a place without a value. Anything else (no
// worker process, say) may be over the next time.
bool for_good(ErrorKind kind) {
    return kind == ErrorKind::invalid || kind == ErrorKind::timed_out || kind == ErrorKind::too_large ||
           kind == ErrorKind::bad_answer || kind == ErrorKind::unsupported;
}

Verdict of_unprepared(const presets::Target& target, const Prepared& prepared, int number, Time created_at,
                      Time now, double random01) {
    if (prepared.failed_at == "render" && for_good(prepared.error.kind()))
        return {DeliveryState::dead, "render", prepared.error.message(), std::nullopt};
    return judge_unsent(target, prepared.error, prepared.failed_at, number, created_at, now, random01);
}

}  // namespace

Async<void> Dispatcher::State::attempt(QueuePointer queue, Round& round, store::ClaimedDelivery claimed) {
    Place place(queue);
    auto with = table;
    auto target = with->targets.find(queue->name());
    bool removed = target == with->targets.end();
    // A reload since it was claimed: the target is gone, or tells events one by one now, as the next claim
    // does.
    if (removed || (!claimed.joined.empty() && !target->second.tells_several)) {
        co_await put_back(claimed.delivery.id);
        if (!removed) queue->notify();
        co_return;
    }
    auto id = claimed.delivery.id;
    auto dependent = claimed.delivery.dependent;
    auto attempted = co_await exchange(queue, with, std::move(claimed));
    // What has happened is recorded even when we were asked to stop meanwhile; a cancelled coroutine could
    // not wait for the store any more.
    co_await asio::this_coro::reset_cancellation_state();
    if (attempted.abandoned) {
        co_await put_back(id);
        co_return;
    }
    bool arrived = attempted.attempt.next == DeliveryState::delivered;
    if (arrived && queue->may_record_later(collaborators.clock.monotonic())) place.record_later();
    failpoint("attempt-made");
    auto recorded = co_await record(attempted.attempt, round);
    failpoint("attempt-recorded");
    if (!recorded) {
        log::error("an attempt could not be recorded and will be made again",
                   {{"target", queue->name()}, {"delivery", id}, {"error", recorded.error().message()}});
        note_failure(round, queue->name() + " " + id + ": " + recorded.error().message());
        co_return;
    }
    tell(*queue, round, attempted.attempt);
    if (others_to_bury) co_await bury_others();
    // Another rebuild of the dependent may have waited for this one.
    bool lost = attempted.attempt.next == DeliveryState::dead && !dependent.empty();
    if (lost && !round.drain) queue->notify();
    if (attempted.attempt.due_at && !round.drain) queue->expect(*attempted.attempt.due_at);
    co_await review(queue, std::move(attempted.attempt), attempted.asked);
}

Async<Dispatcher::State::Attempted> Dispatcher::State::exchange(QueuePointer queue,
                                                                std::shared_ptr<const DispatchTable> with,
                                                                store::ClaimedDelivery claimed) {
    auto& clock = collaborators.clock;
    const auto& target = with->targets.find(queue->name())->second;
    const auto& delivery = claimed.delivery;
    auto began = clock.monotonic();
    Attempted attempted;
    auto& attempt = attempted.attempt;
    attempt.delivery_id = delivery.id;
    attempt.number = delivery.attempts + 1;
    attempt.started_at = clock.now();
    attempt.replay = delivery.replayed_at.has_value();
    // Of a delivery that is sent again by request, the schedule begins where that was asked.
    int number = attempt.number - delivery.attempts_before;
    auto since = delivery.replayed_at.value_or(delivery.created_at);

    Message message;
    message.delivery_id = delivery.id;
    message.event_id = delivery.event_id;
    message.event_type = std::move(claimed.event_type);
    message.event_json = std::move(claimed.event_json);
    message.joined = std::move(claimed.joined);
    message.policy = queue->policy();
    if (auto known = with->with.find(delivery.dependent); known != with->with.end())
        message.with = known->second;
    auto prepared = co_await prepare(collaborators, target, std::move(message));
    Verdict verdict;
    failpoint("request-prepared");
    if (prepared.outgoing) {
        Try when{number, since, random01()};
        auto answer = co_await send(collaborators, target, std::move(prepared), when);
        failpoint("receiver-answered");
        bool asked_to_stop = co_await stop_requested();
        attempted.abandoned = asked_to_stop && !answer.came;
        attempt.status = answer.status;
        attempt.remote = answer.remote;
        attempt.answer = std::move(answer.kept);
        verdict = std::move(answer.verdict);
    } else {
        bool asked_to_stop = co_await stop_requested();
        attempted.abandoned = asked_to_stop;
        verdict = of_unprepared(target, prepared, number, since, clock.now(), random01());
        verdict.detail = printable(prepared.parts.strike(verdict.detail), most_kept_answer);
    }
    attempt.duration = std::chrono::duration_cast<Milliseconds>(clock.monotonic() - began);
    attempt.reason = std::move(verdict.reason);
    attempt.detail = std::move(verdict.detail);
    attempt.next = verdict.next;
    attempt.sign = verdict.sign;
    attempted.asked = verdict.asked;
    if (verdict.wait) attempt.due_at = clock.now() + *verdict.wait;
    co_return attempted;
}

// Until it is recorded: it has been sent, and what is not recorded is sent again. A delivery that somebody
// else has moved on meanwhile (its target was removed) is not ours to record.
Async<Result<void>> Dispatcher::State::record(model::Attempt attempt, Round& round) {
    for (int failures = 1;; ++failures) {
        auto done = co_await store.finish_attempt(attempt);
        if (done || done.error().kind() != ErrorKind::storage || round.drain) co_return done;
        if (failures == 1)
            log::error("attempts wait to be recorded: the state cannot be written",
                       {{"delivery", attempt.delivery_id}, {"error", done.error().message()}});
        if (round.out_of_grace) co_return done;
        auto wait = storage_backoff(failures);
        bool waited = co_await sleep_for(collaborators.clock, wait);
        if (!waited) co_return done;
    }
}

void Dispatcher::State::tell(DeliveryQueue& queue, Round& round, const model::Attempt& attempt) {
    auto& report = queue.report;
    if (attempt.next == DeliveryState::delivered) {
        ++report.delivered;
        ++round.drained.delivered;
        report.last_error.clear();
        report.last_delivery = collaborators.clock.now();
        return;
    }
    ++report.failed;
    ++report.failures[attempt.reason];
    if (attempt.next == DeliveryState::dead) ++report.given_up[attempt.reason];
    report.last_error = attempt.detail;
    std::string next = attempt.due_at ? rfc3339(*attempt.due_at) : "never";
    if (attempt.next == DeliveryState::waiting)
        log::warning("delivery failed", {{"target", queue.name()},
                                         {"delivery", attempt.delivery_id},
                                         {"reason", attempt.reason},
                                         {"detail", attempt.detail},
                                         {"attempt", std::to_string(attempt.number)},
                                         {"next_try", next}});
    else
        log::error("delivery given up", {{"target", queue.name()},
                                         {"delivery", attempt.delivery_id},
                                         {"reason", attempt.reason},
                                         {"detail", attempt.detail},
                                         {"attempt", std::to_string(attempt.number)}});
    note_failure(round,
                 queue.name() + " " + attempt.delivery_id + ": " + attempt.detail + "; next try: " + next);
}

void Dispatcher::State::note_failure(Round& round, std::string line) {
    if (!round.drain) return;
    ++round.drained.failed;
    round.drained.failures.push_back(std::move(line));
}

}  // namespace basewatch::dispatch
