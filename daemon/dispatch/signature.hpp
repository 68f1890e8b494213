#pragma once
// Signatures of what we send, and their check as a receiver would do it. Standard Webhooks 1.0 (`v1`
// HMAC-SHA256, `v1a` Ed25519) and GitHub's X-Hub-Signature-256. Pure.

#include "foundation/error.hpp"
#include "foundation/secret.hpp"
#include "net/headers.hpp"
#include "settings/target_settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace basewatch::dispatch {

// Adds `webhook-id`, `webhook-timestamp` and, as the style asks, the signature by every secret.
// invalid when a `whsec_` or `whsk_` secret is no base64 of a key of its kind.
Result<void> sign(net::Headers& headers, std::string_view id, std::int64_t unix_seconds,
                  std::string_view body, settings::SignatureStyle style, const std::vector<Secret>& secrets);

// The check a receiver makes: id, timestamp within five minutes of `now_seconds`, one signature of one secret
// that fits. `whsec_…`, `whsk_…`, `whpk_…` and plain secrets. The error says which of these it was.
Result<void> verify(const net::Headers& headers, std::string_view body, std::int64_t now_seconds,
                    const std::vector<Secret>& secrets);

}  // namespace basewatch::dispatch
