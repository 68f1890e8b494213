// Sending again by request: who may be sent to, and the line in the log that says who asked.

#include "dispatch/dispatcher_state.hpp"
#include "foundation/log.hpp"

namespace basewatch::dispatch {

Result<QueuePointer> Dispatcher::State::going_queue(const std::string& target) const {
    auto known = queue_of(target);
    if (!known || !(*known)->stopped()) return known;
    bool disabled = (*known)->health.disabled_at.has_value();
    return Error(ErrorKind::conflict, "target " + target + " is " + (disabled ? "disabled" : "paused") +
                                          ": `basewatch resume target:" + target + "` first");
}

Async<Result<model::Delivery>> Dispatcher::retry(std::string delivery_id, std::string caller) {
    auto& state = *state_;
    auto delivery = co_await state.store.delivery(delivery_id);
    if (!delivery) co_return delivery;
    auto queue = state.going_queue(delivery->target);
    if (!queue && queue.error().kind() == ErrorKind::not_found)
        co_return Error(ErrorKind::conflict, "delivery " + delivery_id + " cannot be sent: the target " +
                                                 delivery->target + " is no longer configured");
    if (!queue) co_return queue.error();
    auto done = co_await state.store.retry_delivery(delivery_id, state.collaborators.clock.now());
    if (!done) co_return done.error();
    log::info("a delivery is sent again by request",
              {{"delivery", delivery_id}, {"target", delivery->target}, {"by", caller}});
    (*queue)->notify();
    auto now = co_await state.store.delivery(delivery_id);
    co_return now;
}

Async<Result<store::Replayed>> Dispatcher::replay(store::Replay what, bool dry_run, std::string caller) {
    auto& state = *state_;
    if (!what.target.empty()) {
        auto queue = state.going_queue(what.target);
        if (!queue) co_return queue.error();
    }
    for (const auto& [name, queue] : state.queues)
        if (!queue->stopped()) what.targets.insert(name);
    auto replayed = co_await state.store.replay(std::move(what), state.collaborators.clock.now(), dry_run);
    if (!replayed || dry_run) co_return replayed;
    for (const auto& [name, count] : replayed->targets) {
        log::info("deliveries are sent again by request",
                  {{"target", name}, {"deliveries", std::to_string(count)}, {"by", caller}});
        if (auto known = state.queues.find(name); known != state.queues.end()) known->second->notify();
    }
    co_return replayed;
}

}  // namespace basewatch::dispatch
