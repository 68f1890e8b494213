#include "dispatch/dispatcher.hpp"

#include "dispatch/dispatcher_state.hpp"
#include "foundation/log.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

namespace basewatch::dispatch {

Dispatcher::State::State(asio::any_io_executor on, Clock& clock, net::HttpTransport& transport,
                         registry::RegistryClient& registry, jq::Worker& jq, net::MailSender& mail,
                         net::KafkaSender& kafka, net::NatsSender& nats, store::Store& in, std::uint64_t seed)
    : executor(std::move(on)),
      tokens(executor, clock, transport),
      collaborators{clock, transport, registry, jq, tokens, mail, kafka, nats},
      store(in),
      random(seed) {}

double Dispatcher::State::random01() {
    return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

Dispatcher::Dispatcher(asio::any_io_executor executor, Clock& clock, net::HttpTransport& transport,
                       store::Store& store, registry::RegistryClient& registry, jq::Worker& jq,
                       net::MailSender& mail, net::KafkaSender& kafka, net::NatsSender& nats,
                       std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(executor), clock, transport, registry, jq, mail, kafka, nats,
                                     store, seed)) {}

Dispatcher::~Dispatcher() = default;

Async<Result<void>> Dispatcher::use(std::shared_ptr<const DispatchTable> table) {
    auto& state = *state_;
    if (!state.claims_released) {
        auto released = co_await state.store.release_claims(state.collaborators.clock.now());
        if (!released) co_return released;
        state.claims_released = true;
    }
    std::vector<model::TargetHealth> health;
    if (!state.health_known) {
        auto stored = co_await state.store.target_health();
        if (!stored) co_return stored.error();
        health = std::move(*stored);
        state.health_known = true;
    }
    state.table = table;
    state.tokens.review();
    state.collaborators.kafka.renew();
    for (auto next = state.queues.begin(); next != state.queues.end();) {
        auto known = next++;
        if (table->targets.contains(known->first)) continue;
        known->second->retire();
        state.queues.erase(known);
    }
    for (const auto& [name, target] : table->targets) {
        auto [place, fresh] = state.queues.try_emplace(name);
        if (fresh) place->second = std::make_shared<DeliveryQueue>(state.executor, name);
        place->second->use(target);
        if (fresh && state.workers != nullptr)
            state.workers->start("deliveries to " + name, state.serve(place->second, *state.round));
    }
    for (auto& known : health)
        if (auto queue = state.queues.find(known.target); queue != state.queues.end())
            queue->second->health = std::move(known);
    co_await state.bury_others();
    // Other hours may be quiet by this table: what still is, is held again. Not before the table is taken, or
    // a claim by the old one could hold it once more.
    auto lifted = co_await state.store.lift("quiet hours", state.collaborators.clock.now());
    if (!lifted)
        log::warning("what waits for the end of quiet hours still waits for that of the old ones",
                     {{"error", lifted.error().message()}});
    for (const auto& [name, queue] : state.queues) queue->notify();
    co_return Result<void>();
}

Async<void> Dispatcher::State::bury_others() {
    others_to_bury = false;
    std::vector<std::string> names;
    for (const auto& [name, target] : table->targets) names.push_back(name);
    auto buried = co_await store.bury_deliveries_but(std::move(names), collaborators.clock.now());
    if (buried) co_return;
    others_to_bury = true;
    log::warning("deliveries to targets that are gone end when the state can be written",
                 {{"error", buried.error().message()}});
}

void Dispatcher::notify(const std::vector<std::string>& targets) {
    for (const auto& name : targets)
        if (auto known = state_->queues.find(name); known != state_->queues.end()) known->second->notify();
}

Async<void> Dispatcher::run(Milliseconds grace) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto& state = *state_;
    auto& clock = state.collaborators.clock;
    TaskGroup workers(state.executor), attempts(state.executor);
    State::Round round{attempts, false, false, std::nullopt, {}};
    state.workers = &workers;
    state.round = &round;
    for (const auto& [name, queue] : state.queues)
        workers.start("deliveries to " + name, state.serve(queue, round));

    Bell never(state.executor);
    co_await never.wait();
    // From here on this coroutine waits again; a second request to stop ends the grace at once.
    co_await asio::this_coro::reset_cancellation_state();
    state.workers = nullptr;
    round.stopping = true;
    for (const auto& [name, queue] : state.queues) queue->bell.ring();
    auto put_back = [&round, &attempts] {
        round.out_of_grace = true;
        attempts.cancel();
    };
    std::unique_ptr<Clock::Timer> limit;
    if (grace > Milliseconds(0))
        limit = clock.call_at(clock.monotonic() + grace, put_back);
    else
        put_back();
    // Not cancelled: a worker in the middle of a claim has to put back what it got.
    co_await workers.wait();
    co_await attempts.wait();
    state.round = nullptr;
}

Async<Dispatcher::DrainReport> Dispatcher::drain_once() {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto& state = *state_;
    TaskGroup workers(state.executor), attempts(state.executor);
    State::Round round{attempts, false, false, state.collaborators.clock.now(), {}};
    for (const auto& [name, queue] : state.queues) {
        queue->notify();
        workers.start("deliveries to " + name, state.serve(queue, round));
    }
    co_await workers.wait();
    co_await attempts.wait();
    co_return std::move(round.drained);
}

std::vector<TargetReport> Dispatcher::reports() const {
    std::vector<TargetReport> all;
    for (const auto& [name, queue] : state_->queues) all.push_back(state_->report_of(*queue));
    return all;
}

}  // namespace basewatch::dispatch
