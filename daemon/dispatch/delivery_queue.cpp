#include "dispatch/delivery_queue.hpp"

#include "dispatch/exchange.hpp"

#include <algorithm>

namespace basewatch::dispatch {

namespace {

// The wall clock may be set while we wait on the monotonic one, so no wait for an hour of the wall is longer.
constexpr Milliseconds longest_wait{60'000};

}  // namespace

DeliveryQueue::DeliveryQueue(const asio::any_io_executor& executor, std::string name) : bell(executor) {
    report.name = std::move(name);
}

void DeliveryQueue::use(const presets::Target& target, std::size_t concurrency) {
    if (concurrency != concurrency_) {
        concurrency_ = std::max<std::size_t>(concurrency, 1);
        policy_ = connection_policy(concurrency_);
    }
    std::optional<double> rate;
    if (target.fields.rate) rate = target.fields.rate->per_second;
    pace_.set_rate(rate);
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

std::size_t DeliveryQueue::wanted(Time now, Monotonic monotonic) const {
    if (!due(now) || monotonic < not_before_) return 0;
    return pace_.free(monotonic, free_places());
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
    if (due(now)) {
        if (free_places() == 0) return std::nullopt;  // the end of an attempt rings
        return std::max(pace_.next(monotonic), not_before_);
    }
    if (!next_due_) return std::nullopt;
    return monotonic + std::min(*next_due_ - now, longest_wait);
}

Milliseconds storage_backoff(int failures) {
    constexpr Milliseconds first{1'000}, most{60'000};
    return std::min(most, first * (1 << std::clamp(failures - 1, 0, 6)));
}

}  // namespace basewatch::dispatch
