#pragma once
// One event on its way to one target.

#include "foundation/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace basewatch::model {

// pending: committed, never tried. sending: claimed by a running process. waiting: tried, due again later.
// delivered and dead are final.
enum class DeliveryState { pending, sending, waiting, delivered, dead };
std::string_view to_string(DeliveryState state);
std::optional<DeliveryState> delivery_state(std::string_view name);

struct Delivery {
    std::string id;  // `dlv_` + ULID; the `webhook-id` of every attempt
    std::string event_id;
    std::string target;
    std::string dependent;  // normalised reference; empty for targets that fire once per change
    DeliveryState state = DeliveryState::pending;
    int attempts = 0;  // finished ones
    Time created_at{};
    Time due_at{};
    std::string last_error;  // redacted; empty when there was none
};

// What came of one attempt. Everything in it is already redacted.
struct Attempt {
    std::string delivery_id;
    int number = 1;
    Time started_at{};
    Milliseconds duration{};
    int status = 0;      // HTTP, 0 when there was no answer
    std::string remote;  // address:port connected to, where known
    std::string reason;  // class: `delivered`, `timed_out`, `tls`, `4xx`, `wrong answer`, …
    std::string detail;  // one line for people
    std::string answer;  // the first 2 KiB of the answer
    DeliveryState next = DeliveryState::delivered;  // where the delivery goes: delivered, waiting or dead
    std::optional<Time> due_at;                     // with waiting
};

}  // namespace basewatch::model
