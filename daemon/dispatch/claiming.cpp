#include "dispatch/dispatcher_state.hpp"
#include "dispatch/quiet.hpp"
#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "foundation/time.hpp"

namespace basewatch::dispatch {

Async<void> Dispatcher::State::serve(QueuePointer queue, Round& round) {
    auto& clock = collaborators.clock;
    for (;;) {
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop || round.stopping || queue->retired()) break;
        auto now = clock.now();
        auto places = queue->wanted(now, clock.monotonic(), round.drain.has_value());
        if (places > 0) {
            bool readable = co_await claim(queue, round, places);
            if (!readable && round.drain) break;
            continue;
        }
        if (round.drain && queue->drained(clock.monotonic())) break;
        auto look = queue->next_look(now, clock.monotonic());
        if (look) {
            co_await queue->bell.wait_until(clock, *look);
        } else {
            co_await queue->bell.wait();
        }
    }
}

Async<bool> Dispatcher::State::claim(QueuePointer queue, Round& round, std::size_t places) {
    auto& clock = collaborators.clock;
    queue->begin_claim();
    auto now = round.drain.value_or(clock.now());
    store::Claiming how;
    how.order = queue->next_order();
    if (auto target = table->targets.find(queue->name()); target != table->targets.end()) {
        how.quiet_until = quiet_until(target->second.quiet, now);
        how.together = target->second.tells_several;
    }
    auto claimed = co_await store.claim_due(queue->name(), now, places, how);
    if (!claimed) {
        claim_failed(*queue, claimed.error());
        note_failure(round, queue->name() + ": " + claimed.error().message());
        co_return false;
    }
    if (!claimed->empty()) failpoint("deliveries-claimed");
    queue->end_claim(places, claimed->size(), clock.monotonic());
    bool asked_to_stop = co_await stop_requested();
    bool too_late = asked_to_stop || round.stopping || queue->retired();
    for (auto& delivery : *claimed) {
        if (too_late) {
            co_await put_back(delivery.delivery.id);
        } else {
            ++queue->report.in_flight;
            round.attempts.start("a delivery to " + queue->name(),
                                 attempt(queue, round, std::move(delivery)));
        }
    }
    if (too_late || round.drain || claimed->size() >= places) co_return true;
    bool readable = co_await look_ahead(queue);
    co_return readable;
}

Async<bool> Dispatcher::State::look_ahead(QueuePointer queue) {
    auto next = co_await store.next_due(queue->name());
    if (!next) {
        claim_failed(*queue, next.error());
        co_return false;
    }
    if (*next) queue->expect(**next);
    co_return true;
}

// A row that cannot be put back stays claimed, and claims end with the process.
Async<void> Dispatcher::State::put_back(std::string delivery_id) {
    auto done = co_await store.unclaim(delivery_id);
    if (!done)
        log::warning("a delivery stays claimed until the next start",
                     {{"delivery", delivery_id}, {"error", done.error().message()}});
}

void Dispatcher::State::claim_failed(DeliveryQueue& queue, const Error& error) {
    if (error.kind() == ErrorKind::cancelled) return;
    auto wait = queue.fail_claim(collaborators.clock.monotonic());
    if (!queue.first_failure()) return;  // once is enough until it works again
    log::error(
        "deliveries wait: the state cannot be read",
        {{"target", queue.name()}, {"error", error.message()}, {"next_try_in", format_duration(wait)}});
}

}  // namespace basewatch::dispatch
