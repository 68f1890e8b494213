#pragma once
// The dispatcher's insides: the loop that each target's queue runs, and one attempt from claim to record.

#include "dispatch/delivery_queue.hpp"
#include "dispatch/dispatcher.hpp"
#include "dispatch/way_out.hpp"
#include "foundation/task_group.hpp"
#include "foundation/ulid.hpp"

#include <random>

namespace basewatch::dispatch {

using QueuePointer = std::shared_ptr<DeliveryQueue>;

struct Dispatcher::State {
    // What the workers of one run() or one drain_once() share. Outlives them.
    struct Round {
        TaskGroup& attempts;
        bool stopping = false;      // no more claims
        bool out_of_grace = false;  // what is under way is put back
        std::optional<Time> drain;  // only what was due then, each once
        DrainReport drained;
    };
    // What one attempt came to before it is recorded.
    struct Attempted {
        model::Attempt attempt;
        std::optional<Milliseconds> asked;  // the target's Retry-After
        bool abandoned = false;             // stopped before there was an answer
    };

    State(asio::any_io_executor on, Clock& clock, net::HttpTransport& transport,
          registry::RegistryClient& registry, jq::Worker& jq, net::MailSender& mail, net::KafkaSender& kafka,
          net::NatsSender& nats, store::Store& in, std::uint64_t seed);

    // Claims and starts attempts until the round stops, the target retires or, draining, nothing is left.
    Async<void> serve(QueuePointer queue, Round& round);
    // False when the state could not be read.
    Async<bool> claim(QueuePointer queue, Round& round, std::size_t places);
    Async<bool> look_ahead(QueuePointer queue);
    Async<void> put_back(std::string delivery_id);
    // What was for targets that are gone is dead. Owed while the state cannot be written.
    Async<void> bury_others();
    void claim_failed(DeliveryQueue& queue, const Error& error);

    Async<void> attempt(QueuePointer queue, Round& round, store::ClaimedDelivery claimed);
    Async<Attempted> exchange(QueuePointer queue, std::shared_ptr<const DispatchTable> with,
                              store::ClaimedDelivery claimed);
    Async<Result<void>> record(model::Attempt attempt, Round& round);
    void tell(DeliveryQueue& queue, Round& round, const model::Attempt& attempt);
    static void note_failure(Round& round, std::string line);

    // --- health.cpp: how targets fare ---
    // What an attempt, recorded, tells of its target.
    Async<void> review(QueuePointer queue, model::Attempt attempt, std::optional<Milliseconds> asked);
    Async<void> disable(QueuePointer queue, model::Attempt attempt, std::string reason);
    void tell_breaker(const DeliveryQueue& queue, const model::Attempt& attempt);
    TargetReport report_of(const DeliveryQueue& queue) const;
    Result<QueuePointer> queue_of(const std::string& target) const;
    // The same for a target that is to be sent to now: conflict when it is paused or disabled.
    Result<QueuePointer> going_queue(const std::string& target) const;

    double random01();

    asio::any_io_executor executor;
    AccessTokens tokens;
    Collaborators collaborators;
    store::Store& store;
    std::shared_ptr<const DispatchTable> table = std::make_shared<DispatchTable>();
    std::map<std::string, QueuePointer> queues;
    TaskGroup* workers = nullptr;  // while run() runs
    Round* round = nullptr;        // likewise
    bool claims_released = false;
    bool health_known = false;
    bool others_to_bury = false;
    UlidSource ids;
    std::minstd_rand random;
};

}  // namespace basewatch::dispatch
