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
    std::string reason;  // `delivered`, or one of model::delivery_reasons
    std::string detail;  // one line, redacted
    std::optional<Milliseconds> wait;
    model::Sign sign = model::Sign::nothing;
    std::optional<Milliseconds> asked{};  // the target's own Retry-After, at most a day
};

// What failed, before it is known whether there is another try.
struct Failure {
    std::string reason;
    std::string detail;
    std::optional<Milliseconds> retry_after{};
    bool terminal = false;
    model::Sign sign = model::Sign::nothing;
    std::optional<Milliseconds> asked{};  // by the target
};

// Of a failed attempt, by whatever way it went: what is terminal is dead, everything else follows the
// target's schedule.
Verdict schedule(const presets::Target& target, Failure failure, int number, Time created_at, Time now,
                 double random01);
Verdict delivered(std::string detail);

// The class of an error of the network.
std::string class_of(ErrorKind kind);

// Of attempt `number` (from 1) of a delivery that was created at `created_at`. Terminal statuses: 400 401 403
// 404 405 410 413 415 422, redirects, and the preset's own, but not a 403 that says when to come again
// (GitHub's rate limits); an address that the guard refuses is terminal, too. Everything else follows the
// target's schedule (±20 % by `random01` in [0, 1)), but not before Retry-After; after the last retry it is
// dead, and so it is when the next one would come past `expire`. (`expire` bounds the retries: a first
// attempt is always made, however long the daemon was away.)
Verdict judge(const presets::Target& target, const Result<net::HttpResponse>& answer, int number,
              Time created_at, Time now, double random01);

// Why a target is not to be sent to any more after this attempt; nothing where it is. 410 means that the
// receiver is gone for good; and where nothing has arrived for five days nobody is listening. `health` is as
// it was before the attempt.
std::optional<std::string> reason_to_disable(const model::TargetHealth& health, const model::Attempt& attempt,
                                             Time now);

// The same for an attempt that failed before anything was sent, by `error`; `reason` is the class to use.
// Nothing that the error says of itself is terminal here.
Verdict judge_unsent(const presets::Target& target, const Error& error, std::string reason, int number,
                     Time created_at, Time now, double random01);

// `503 Service Unavailable`.
std::string status_line(int status);

}  // namespace basewatch::dispatch
