#pragma once
// Times and durations as text. RFC 3339 in UTC for what is stored and sent (`2026-11-23T17:40:00.123Z`, the
// fraction only where it is not zero), IMF-fixdate for HTTP (RFC 9110 §5.6.7), and the durations of the
// configuration: `100ms 90s 15m 6h 7d`.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <string>
#include <string_view>

namespace basewatch {

std::string rfc3339(Time time);
Result<Time> parse_rfc3339(std::string_view text);  // any offset, up to nanoseconds (cut to milliseconds)

Result<Time> parse_http_date(std::string_view text);

Result<Milliseconds> parse_duration(std::string_view text);
std::string format_duration(Milliseconds duration);  // the same spelling: `15m`, `1500ms`

// Retry-After, both forms (RFC 9110 §10.2.3), as a wait from `now`; nothing where it is not understood or not
// positive. Capped at 24 hours.
std::optional<Milliseconds> parse_retry_after(std::string_view value, Time now);

std::int64_t to_unix_ms(Time time);
Time from_unix_ms(std::int64_t ms);

}  // namespace basewatch
