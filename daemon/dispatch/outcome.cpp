#include "dispatch/outcome.hpp"

#include "foundation/secret.hpp"
#include "foundation/time.hpp"
#include "net/http_server.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace basewatch::dispatch {

namespace {

using model::DeliveryState;

// The other side understood and says no: asking again with the same request changes nothing. 410 means that
// the receiver is gone for good (CloudEvents webhook specification §2.2).
constexpr std::array terminal_statuses{400, 401, 403, 404, 405, 410, 413, 415, 422};

// How long nothing may arrive before a target is given up.
constexpr Milliseconds patience = std::chrono::hours(24 * 5);

// A body of this status would have been a success with another status's body: Slack's 200 without `ok`, a
// login page in place of an API's answer.
bool right_status(const presets::Target& target, int status) {
    const auto& ranges = target.fields.success;
    if (ranges.empty()) return status >= 200 && status <= 299;
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return status >= range.first && status <= range.last; });
}

// How long the receiver asks us to stay away: Retry-After (RFC 9110 §10.2.3), or, as GitHub says it, nothing
// remaining until X-RateLimit-Reset in unix seconds. At most a day, whatever stands there.
std::optional<Milliseconds> asked_to_wait(const net::HttpResponse& answer, Time now) {
    if (auto wait = answer.headers.find("Retry-After")) return parse_retry_after(*wait, now);
    auto remaining = answer.headers.find("X-RateLimit-Remaining");
    auto reset = answer.headers.find("X-RateLimit-Reset");
    if (!remaining || *remaining != "0" || !reset) return std::nullopt;
    std::int64_t seconds = 0;
    auto [end, fault] = std::from_chars(reset->data(), reset->data() + reset->size(), seconds);
    if (fault != std::errc() || end != reset->data() + reset->size()) return std::nullopt;
    constexpr std::int64_t day = 86'400;
    auto present = to_unix_ms(now) / 1000;
    return Milliseconds(1000 * (std::clamp(seconds, present, present + day) - present));
}

Failure failure_of_status(const presets::Target& target, const net::HttpResponse& answer, Time now) {
    int status = answer.status;
    Failure failure;
    failure.detail = status_line(status);
    failure.asked = asked_to_wait(answer, now);
    failure.retry_after = failure.asked;
    // GitHub's secondary limits answer 403: who says when to come again has not said no.
    bool limited = status == 403 && failure.retry_after;
    if (auto known = target.terminal.find(status); !limited && known != target.terminal.end()) {
        failure.terminal = true;
        failure.detail += ": " + known->second;
    }
    if (right_status(target, status)) {
        failure.reason = "wrong answer";
        failure.detail += ", but not with the answer that means success";
    } else if (status >= 300 && status <= 399) {
        failure.reason = "3xx";
        failure.terminal = true;
        failure.detail += ": redirects are not followed";
    } else if (status >= 400 && status <= 599) {
        failure.reason = status <= 499 ? "4xx" : "5xx";
        failure.terminal |= !limited && std::find(terminal_statuses.begin(), terminal_statuses.end(),
                                                  status) != terminal_statuses.end();
    } else {
        failure.reason = "wrong answer";
        failure.detail += ", which does not mean success here";
    }
    bool cannot = limited || status == 408 || status == 425 || status == 429 || status >= 500;
    failure.sign = cannot ? model::Sign::absent : model::Sign::refused;
    return failure;
}

Verdict verdict_of(Failure failure, DeliveryState next, std::optional<Milliseconds> wait) {
    return {next, std::move(failure.reason), redact(failure.detail), wait, failure.sign, failure.asked};
}

Verdict dead(Failure failure, std::string_view why) {
    if (!why.empty()) failure.detail.append("; ").append(why);
    return verdict_of(std::move(failure), DeliveryState::dead, std::nullopt);
}

}  // namespace

std::string class_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::name_lookup:
            return "dns";
        case ErrorKind::unreachable:
            return "refused";
        case ErrorKind::blocked:
            return "blocked address";
        case ErrorKind::timed_out:
            return "timeout";
        case ErrorKind::tls:
            return "tls";
        case ErrorKind::unauthorized:
        case ErrorKind::not_found:
        case ErrorKind::rate_limited:
            return "4xx";
        case ErrorKind::server_error:
            return "5xx";
        case ErrorKind::invalid:
        case ErrorKind::bad_answer:
        case ErrorKind::too_large:
        case ErrorKind::unsupported:
        case ErrorKind::storage:
        case ErrorKind::conflict:
        case ErrorKind::cancelled:
            return "wrong answer";
    }
    return "wrong answer";
}

Verdict schedule(const presets::Target& target, Failure failure, int number, Time created_at, Time now,
                 double random01) {
    if (failure.terminal) return dead(std::move(failure), "");
    auto retries = target.retries();
    auto retry = static_cast<std::size_t>(std::max(number, 1) - 1);
    if (retry >= retries.size()) return dead(std::move(failure), "that was the last attempt");
    auto planned = static_cast<double>(retries[retry].count()) * (0.8 + 0.4 * random01);
    auto wait = Milliseconds(static_cast<std::int64_t>(planned));
    // The receiver must be observed (CloudEvents webhook specification §2.2.3), up to the day that reading
    // the header is capped at.
    if (failure.retry_after) wait = std::max(wait, *failure.retry_after);
    if (now + wait > created_at + target.expire())
        return dead(std::move(failure), "the next attempt would come after it expired");
    return verdict_of(std::move(failure), DeliveryState::waiting, wait);
}

Verdict delivered(std::string detail) {
    return {DeliveryState::delivered, "delivered", std::move(detail), std::nullopt,
            model::Sign::delivered,   std::nullopt};
}

std::string status_line(int status) {
    auto phrase = net::reason_phrase(status);
    std::string line = std::to_string(status);
    if (!phrase.empty()) line.append(1, ' ').append(phrase);
    return line;
}

Verdict judge(const presets::Target& target, const Result<net::HttpResponse>& answer, int number,
              Time created_at, Time now, double random01) {
    if (!answer) {
        auto error = answer.error();
        Failure failure{class_of(error.kind()), error.message()};
        failure.sign = model::Sign::absent;
        // Whoever sends us there is not to be trusted a second time, and says so once.
        failure.terminal = error.kind() == ErrorKind::blocked;
        return schedule(target, std::move(failure), number, created_at, now, random01);
    }
    auto content_type = answer->headers.find("Content-Type").value_or("");
    if (target.succeeded(answer->status, answer->body, content_type))
        return delivered(status_line(answer->status));
    return schedule(target, failure_of_status(target, *answer, now), number, created_at, now, random01);
}

Verdict judge_unsent(const presets::Target& target, const Error& error, std::string reason, int number,
                     Time created_at, Time now, double random01) {
    Failure failure{std::move(reason), error.message()};
    failure.retry_after = error.retry_after();
    return schedule(target, std::move(failure), number, created_at, now, random01);
}

std::optional<std::string> reason_to_disable(const model::TargetHealth& health, const model::Attempt& attempt,
                                             Time now) {
    bool failed = attempt.sign == model::Sign::refused || attempt.sign == model::Sign::absent;
    if (!failed) return std::nullopt;
    if (attempt.status == 410) return attempt.detail;
    // One that is given up: a target that was quiet for days and stumbles once has its retries first.
    bool long_ago = health.failing_since && now - *health.failing_since >= patience;
    if (!long_ago || attempt.next != DeliveryState::dead) return std::nullopt;
    return "nothing has arrived since " + rfc3339(*health.failing_since) + ": " + attempt.detail;
}

}  // namespace basewatch::dispatch
