#pragma once
// What a registry says when it does not answer: the error body of distribution-spec ("Error Codes") and the
// other shapes that are met (token servers, Hub's web API, proxies with HTML), as one line for a person; the
// status as an Error; and how long it asks us to wait. Everything here was written by strangers: at most
// 4 KiB are kept, control characters are dropped, and secrets are struck out. Pure.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "net/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace basewatch::registry {

// One line fit for logs and tables: valid UTF-8, no control characters, at most `most` bytes.
std::string plain_line(std::string_view text, std::size_t most);

// The sentence in the body: `MANIFEST_UNKNOWN: manifest unknown`; empty where there is none.
std::string complaint_of(const net::HttpResponse& response);

// How long to wait, where the answer says it: Retry-After in both forms, GHCR's `retry-after: 1.16ms` in the
// message, RateLimit-Reset, or RateLimit in its later shapes. At most 24 hours; nothing where it is not said
// or not positive.
std::optional<Milliseconds> asked_wait(const net::HttpResponse& response, Time now);

// Whether this answer means "too many requests": 429, or another refusal whose text says so.
bool means_rate_limit(const net::HttpResponse& response);

// The Error that an answer's status stands for, whoever gave it; for any status but 200. `said` replaces the
// body's own words where they are known from elsewhere (a HEAD has none).
Error error_of(const net::HttpResponse& response, const std::string& host, const std::string& said, Time now);
// The same of a server that was asked for a grant: one that it refuses is a 400 (RFC 6749 §5.2), and means
// that the login is wrong.
Error error_of_grant(const net::HttpResponse& response, const std::string& server, Time now);

}  // namespace basewatch::registry
