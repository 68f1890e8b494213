#pragma once
// One event on its way to one target.

#include "foundation/clock.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace basewatch::model {

// pending: committed, never tried. sending: claimed by a running process. waiting: tried, due again later.
// delivered and dead are final.
enum class DeliveryState { pending, sending, waiting, delivered, dead };
std::string_view to_string(DeliveryState state);
std::optional<DeliveryState> delivery_state(std::string_view name);

// Why an attempt or a delivery failed, as a class: few and fixed, so that tables can be filtered and metrics
// labelled by it. `exit`: a program that was run did not end well. `render`, `token` and `layers`: nothing
// could be sent. `expired`: it was not sent any more, because its target was away for longer than `expire`.
// `target removed`: the configuration does not name it any more. `superseded`: a later rebuild of the same
// dependent has its causes.
inline constexpr std::array<std::string_view, 16> delivery_reasons{
    "dns",       "refused", "tls",    "timeout",      "blocked address",
    "3xx",       "4xx",     "5xx",    "wrong answer", "exit",
    "render",    "token",   "layers", "expired",      "target removed",
    "superseded"};
constexpr bool is_delivery_reason(std::string_view name) {
    return std::find(delivery_reasons.begin(), delivery_reasons.end(), name) != delivery_reasons.end();
}

// Whose turn it is when much is due: a security fix does not wait behind a refresh of eight hundred images.
enum class Priority { security, routine, bulk };
std::string_view to_string(Priority priority);
std::optional<Priority> priority(std::string_view name);

// How long a message waits for others to join it: until nothing new came for `wait`, and at most for `most`
// from the first. Both 0: it joins whatever has not been sent yet, and waits for nothing. Only what has the
// same group at a target is told together.
struct Grouping {
    Milliseconds wait{};
    Milliseconds most{};
    std::string rule{};  // whose `group` it is, by name; empty: the target's
};
// As it stands in a configuration: `2m`, `{wait: 30s, most: 5m}`; `none` for nothing.
std::string to_string(const std::optional<Grouping>& grouping);
// Events in one message; the next one begins another.
inline constexpr std::size_t most_grouped = 100;

// What an attempt tells of its target.
enum class Sign {
    nothing,    // it was not asked: nothing could be rendered, a layer could not be found
    delivered,  // it took the delivery
    refused,    // it answers, and says no
    absent,     // no connection, no answer in time, or an answer that says it cannot (429, 5xx)
};

struct Delivery {
    std::string id;  // `dlv_` + ULID; the `webhook-id` of every attempt
    std::string event_id;
    std::string target;
    std::string dependent;  // normalised reference; empty for targets that fire once per change
    DeliveryState state = DeliveryState::pending;
    int attempts = 0;  // finished ones
    Time created_at{};
    Time due_at{};
    std::string reason;      // class of the last failure, of delivery_reasons; empty when there was none
    std::string last_error;  // redacted; empty when there was none
    // When somebody asked for it to be sent again; the schedule and `expire` begin anew there.
    std::optional<Time> replayed_at{};
    int attempts_before = 0;  // attempts that were finished by then
    Priority priority = Priority::routine;
    // Where it may be told together with others: of a delivery that is being recorded, not of a stored one.
    std::optional<Grouping> group{};
    // What holds it back until `due_at` although nothing failed: `group`, `group of rule NAME`, `quiet
    // hours`, `mute SUBJECT`, `rebuild ID`; empty: nothing.
    std::string held_by{};
};

// What came of one attempt. Everything in it is already redacted.
struct Attempt {
    std::string delivery_id;
    int number = 1;
    Time started_at{};
    Milliseconds duration{};
    int status = 0;                                 // HTTP, 0 when there was no answer
    std::string remote;                             // address:port connected to, where known
    std::string reason;                             // `delivered`, or one of delivery_reasons
    std::string detail;                             // one line for people
    std::string answer;                             // the first 2 KiB of the answer
    DeliveryState next = DeliveryState::delivered;  // where the delivery goes: delivered, waiting or dead
    std::optional<Time> due_at;                     // with waiting
    Sign sign = Sign::nothing;
    bool replay = false;  // somebody had asked for it to be sent again
};

// How a target fares, over restarts.
struct TargetHealth {
    std::string target;
    std::optional<Time> failing_since;  // the first failed attempt since the last that arrived
    std::int64_t failures = 0;          // since then
    std::optional<Time> disabled_at;    // nothing is sent until somebody resumes it
    std::string reason;                 // of having been disabled; redacted
    std::optional<Time> paused_at;      // somebody asked for it
};

}  // namespace basewatch::model
