#pragma once
// One target's side of the dispatcher: what may be due, how many places are free, how fast it may go. The
// deliveries themselves stay in the database; this is only what decides when to ask for them. No I/O.

#include "dispatch/dispatcher.hpp"
#include "dispatch/pace.hpp"
#include "foundation/bell.hpp"
#include "foundation/breaker.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace basewatch::dispatch {

// Which priority goes first in the claim of this number: security, but routine every fourth time and bulk
// every sixteenth, so that each gets its share however much there is of the others.
std::array<model::Priority, 3> order_of_claim(std::uint64_t number);

class DeliveryQueue {
public:
    DeliveryQueue(const asio::any_io_executor& executor, std::string name);

    // A (re)load's decision about this target.
    void use(const presets::Target& target);
    // The target is gone: no more claims.
    void retire();
    bool retired() const { return retired_; }

    // There may be deliveries that are due.
    void notify();
    // A delivery will be due then.
    void expect(Time due);
    // How many to claim now: 0 when nothing can be due, no place is free, the pace or the breaker says wait,
    // or the target is stopped. Draining asks a target that fails all the same, each delivery once.
    std::size_t wanted(Time now, Monotonic monotonic, bool drains) const;
    // The order of priorities for the next claim.
    std::array<model::Priority, 3> next_order() { return order_of_claim(claims_++); }
    // A claim of `asked` begins: whatever is said by notify() and expect() from here on is news.
    void begin_claim();
    // It gave `got`. As many as asked for: there may be more.
    void end_claim(std::size_t asked, std::size_t got, Monotonic monotonic);
    // It failed: ask again, but not at once.
    Milliseconds fail_claim(Monotonic monotonic);
    // Whether this was the first failure since a claim went well.
    bool first_failure() const { return claim_failures_ == 1; }

    // Whether what arrived may leave its place before it is written down. Not while the breaker watches the
    // target, and only so many: after a crash they are sent again.
    bool may_record_later(Monotonic monotonic) const;

    // When wanted() may say something else without being told; nothing: ring the bell.
    std::optional<Monotonic> next_look(Time now, Monotonic monotonic) const;
    // Nothing is under way, and nothing is known to be due or may be sent.
    bool drained(Monotonic monotonic) const;

    // What an attempt told of the target; `asked` is its own Retry-After. True when the breaker opened or
    // closed over it.
    bool learn(const model::Attempt& attempt, std::optional<Milliseconds> asked, Monotonic monotonic);
    Breaker::State breaker(Monotonic monotonic) const;
    // When the breaker and the target's own Retry-After let the next one try; `monotonic` when it may.
    Monotonic tries_at(Monotonic monotonic) const;
    // Disabled or paused.
    bool stopped() const { return health.disabled_at || health.paused_at; }
    // Somebody wants it to be sent to again.
    void resume();

    const std::string& name() const { return report.name; }
    const std::shared_ptr<const net::ConnectionPolicy>& policy() const { return policy_; }

    Bell bell;
    TargetReport report;
    std::size_t unrecorded = 0;  // arrived, out of their places, and not yet written down
    model::TargetHealth health;

private:
    bool due(Time now) const { return may_be_due_ || (next_due_ && *next_due_ <= now); }
    std::size_t free_places() const;
    // It asked to be left alone, and the time is not over.
    bool held(Monotonic monotonic) const { return monotonic < held_until_; }
    // A target that is there again knows nothing of what was learnt of it.
    void forget_failures();

    std::size_t concurrency_ = 0;
    settings::TlsFiles tls_;
    std::shared_ptr<const net::ConnectionPolicy> policy_;
    Pace pace_;
    Breaker breaker_;
    Monotonic held_until_{};  // by Retry-After: the whole target is (CloudEvents webhooks §2.2.3)
    bool retired_ = false;
    bool may_be_due_ = true;
    std::optional<Time> next_due_;
    std::uint64_t claims_ = 0;
    int claim_failures_ = 0;
    Monotonic not_before_{};
};

// 1 s, 2 s, 4 s … 1 min: the waits of somebody whom the database failed `failures` times.
Milliseconds storage_backoff(int failures);

}  // namespace basewatch::dispatch
