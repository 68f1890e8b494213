#include "dispatch/delivery_queue.hpp"

#include "dispatch/exchange.hpp"

#include <algorithm>
#include <limits>

namespace basewatch::dispatch {

namespace {

// The wall clock may be set while we wait on the monotonic one, so no wait for an hour of the wall is longer.
constexpr Milliseconds longest_wait{60'000};

constexpr std::size_t most_unrecorded = 64;
constexpr Milliseconds first_pause{30'000};
constexpr Milliseconds longest_pause{15 * 60'000};
constexpr Milliseconds longest_hold = std::chrono::hours(24);

// How many may go now, with `under_way` sent and not answered.
std::size_t let_through(Breaker::State state, std::size_t under_way) {
    switch (state) {
        case Breaker::State::closed:
            return std::numeric_limits<std::size_t>::max();
        case Breaker::State::half_open:
            return under_way == 0 ? 1 : 0;
        case Breaker::State::open:
            return 0;
    }
    return 0;
}

}  // namespace

DeliveryQueue::DeliveryQueue(const asio::any_io_executor& executor, std::string name)
    : bell(executor), breaker_(first_pause, longest_pause) {
    report.name = name;
    health.target = std::move(name);
}

void DeliveryQueue::use(const presets::Target& target) {
    if (target.concurrency() != concurrency_ || target.tls != tls_) {
        concurrency_ = target.concurrency();
        tls_ = target.tls;
        policy_ = connection_policy(concurrency_, tls_);
    }
    std::optional<double> rate;
    if (target.fields.rate) rate = target.fields.rate->per_second;
    pace_.set_rate(rate);
    forget_failures();
    bell.ring();
}

void DeliveryQueue::retire() {
    retired_ = true;
    bell.ring();
}

void DeliveryQueue::notify() {
    may_be_due_ = true;
    bell.ring();
}

void DeliveryQueue::expect(Time due) {
    next_due_ = next_due_ ? std::min(*next_due_, due) : due;
    bell.ring();
}

std::size_t DeliveryQueue::free_places() const {
    return concurrency_ - std::min(concurrency_, report.in_flight);
}

std::size_t DeliveryQueue::wanted(Time now, Monotonic monotonic, bool drains) const {
    if (stopped() || !due(now) || monotonic < not_before_) return 0;
    auto places = free_places();
    if (!drains)
        places = std::min(places, let_through(breaker(monotonic), report.in_flight));
    else if (held(monotonic))
        places = 0;
    return pace_.free(monotonic, places);
}

bool DeliveryQueue::may_record_later(Monotonic monotonic) const {
    return unrecorded < most_unrecorded && breaker(monotonic) == Breaker::State::closed;
}

bool DeliveryQueue::drained(Monotonic monotonic) const {
    return report.in_flight == 0 && (!may_be_due_ || stopped() || held(monotonic));
}

bool DeliveryQueue::learn(const model::Attempt& attempt, std::optional<Milliseconds> asked,
                          Monotonic monotonic) {
    switch (attempt.sign) {
        case model::Sign::nothing:
            return false;
        case model::Sign::delivered:
            health.failing_since.reset();
            health.failures = 0;
            return breaker_.answered();
        case model::Sign::refused:
        case model::Sign::absent:
            if (!health.failing_since) health.failing_since = attempt.started_at;
            ++health.failures;
            if (asked)
                held_until_ =
                    std::max(held_until_, monotonic + std::clamp(*asked, Milliseconds(0), longest_hold));
            return attempt.sign == model::Sign::refused ? breaker_.answered() : breaker_.failed(monotonic);
    }
    return false;
}

void DeliveryQueue::forget_failures() {
    breaker_ = Breaker(first_pause, longest_pause);
    held_until_ = {};
}

Breaker::State DeliveryQueue::breaker(Monotonic monotonic) const {
    return held(monotonic) ? Breaker::State::open : breaker_.state(monotonic);
}

Monotonic DeliveryQueue::tries_at(Monotonic monotonic) const {
    return std::max({monotonic, held_until_, breaker_.open_until(monotonic).value_or(monotonic)});
}

void DeliveryQueue::resume() {
    auto name = health.target;
    health = model::TargetHealth();
    health.target = std::move(name);
    forget_failures();
    notify();
}

void DeliveryQueue::begin_claim() {
    may_be_due_ = false;
    next_due_.reset();
}

void DeliveryQueue::end_claim(std::size_t asked, std::size_t got, Monotonic monotonic) {
    claim_failures_ = 0;
    pace_.take(monotonic, got);
    if (got >= asked) may_be_due_ = true;
}

Milliseconds DeliveryQueue::fail_claim(Monotonic monotonic) {
    may_be_due_ = true;
    auto wait = storage_backoff(++claim_failures_);
    not_before_ = monotonic + wait;
    return wait;
}

std::optional<Monotonic> DeliveryQueue::next_look(Time now, Monotonic monotonic) const {
    if (stopped()) return std::nullopt;  // whoever resumes it rings
    if (due(now)) {
        if (free_places() == 0) return std::nullopt;  // the end of an attempt rings
        auto allowed = tries_at(monotonic);
        bool trial = breaker_.state(allowed) == Breaker::State::half_open && report.in_flight > 0;
        if (trial) return std::nullopt;  // likewise
        return std::max({pace_.next(monotonic), not_before_, allowed});
    }
    if (!next_due_) return std::nullopt;
    return monotonic + std::min(*next_due_ - now, longest_wait);
}

std::array<model::Priority, 3> order_of_claim(std::uint64_t number) {
    using enum model::Priority;
    if (number % 16 == 15) return {bulk, security, routine};
    if (number % 4 == 3) return {routine, security, bulk};
    return {security, routine, bulk};
}

Milliseconds storage_backoff(int failures) {
    constexpr Milliseconds first{1'000}, most{60'000};
    return std::min(most, first * (1 << std::clamp(failures - 1, 0, 6)));
}

}  // namespace basewatch::dispatch
