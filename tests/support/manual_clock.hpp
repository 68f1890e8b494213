#pragma once
// A clock whose hands the test turns. Timers fire in the order of their times, from inside advance(), and
// what they set going is run on the loop before the next one fires.

#include "foundation/clock.hpp"

#include <boost/asio/io_context.hpp>

#include <map>
#include <optional>

namespace basewatch::test {

class ManualClock final : public Clock {
public:
    // Starts at 2026-11-23T12:00:00Z.
    explicit ManualClock(asio::io_context& loop) : loop_(loop) {}

    Time now() const override { return now_; }
    Monotonic monotonic() const override { return monotonic_; }
    std::unique_ptr<Timer> call_at(Monotonic when, std::function<void()> callback) override;

    // Runs what is ready, then turns the hands by `duration`, stopping at every timer on the way.
    void advance(Milliseconds duration);
    // Runs what is ready without turning the hands.
    void settle();
    std::size_t waiting() const { return timers_.size(); }
    std::optional<Monotonic> next() const;

private:
    class ManualTimer;
    asio::io_context& loop_;
    Time now_{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12)};
    Monotonic monotonic_{std::chrono::hours(1000)};
    std::multimap<Monotonic, std::function<void()>> timers_;
};

}  // namespace basewatch::test
