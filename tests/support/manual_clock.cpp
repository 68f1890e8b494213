#include "support/manual_clock.hpp"

namespace basewatch::test {

class ManualClock::ManualTimer final : public Clock::Timer {
public:
    using Place = std::multimap<Monotonic, std::function<void()>>::iterator;
    ManualTimer(ManualClock& clock, Place place, std::shared_ptr<bool> pending)
        : clock_(clock), place_(place), pending_(std::move(pending)) {}
    ~ManualTimer() override {
        if (*pending_) clock_.timers_.erase(place_);
    }

private:
    ManualClock& clock_;
    Place place_;
    std::shared_ptr<bool> pending_;
};

std::unique_ptr<Clock::Timer> ManualClock::call_at(Monotonic when, std::function<void()> callback) {
    auto pending = std::make_shared<bool>(true);
    auto place = timers_.emplace(when, nullptr);
    place->second = [pending, callback = std::move(callback)] {
        *pending = false;
        callback();
    };
    return std::make_unique<ManualTimer>(*this, place, pending);
}

void ManualClock::settle() {
    loop_.restart();
    loop_.poll();
    while (!timers_.empty() && timers_.begin()->first <= monotonic_) {
        auto callback = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
        callback();
        loop_.restart();
        loop_.poll();
    }
}

void ManualClock::advance(Milliseconds duration) {
    auto until = monotonic_ + duration;
    settle();
    while (!timers_.empty() && timers_.begin()->first <= until) {
        auto step = std::chrono::ceil<Milliseconds>(timers_.begin()->first - monotonic_);
        monotonic_ += step;
        now_ += step;
        settle();
    }
    if (monotonic_ < until) {
        now_ += std::chrono::floor<Milliseconds>(until - monotonic_);
        monotonic_ = until;
    }
}

std::optional<Monotonic> ManualClock::next() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first;
}

}  // namespace basewatch::test
