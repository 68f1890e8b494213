#pragma once
// What an answer, or the lack of one, means for a delivery. Pure: tested as a table.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "model/delivery.hpp"
#include "net/http_message.hpp"
#include "presets/render.hpp"

namespace basewatch::dispatch {

struct Verdict {
    model::DeliveryState next = model::DeliveryState::dead;
    std::string reason;  // class: delivered, dns, refused, tls, timeout, blocked, 4xx, 5xx, wrong answer,
                         // render, expired
    std::string detail;  // one line, redacted
    std::optional<Milliseconds> wait;
};

// Of attempt `number` (from 1) of a delivery that was created at `created_at`. Terminal statuses: 400 401 403
// 404 405 410 413 415 422, redirects, and the preset's own; everything else follows the target's schedule
// (±20 % by `random01` in [0, 1)), but not before Retry-After; after the last retry or past `expire` it is
// dead.
Verdict judge(const presets::Target& target, const Result<net::HttpResponse>& answer, int number,
              Time created_at, Time now, double random01);

}  // namespace basewatch::dispatch
