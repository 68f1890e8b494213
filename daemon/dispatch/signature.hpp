#pragma once
// Signatures of what we send, and their check as a receiver would do it. Standard Webhooks 1.0
// (standardwebhooks.com, "Signature scheme": `v1` HMAC-SHA256, `v1a` Ed25519, both over `id.timestamp.body`)
// and GitHub's X-Hub-Signature-256 (HMAC-SHA256 over the body, in hex); for Azure DevOps, which takes nothing
// else, HMAC-SHA1 over the body in bare hex, in a header of the connection's choice. Pure.
//
// Secrets as Standard Webhooks reads them: `whsec_` and base64 is an HMAC key; `whsk_` and base64 is an
// Ed25519 key, 64 bytes of seed and public key or the 32 bytes of the seed; `whpk_` and base64 is the public
// key, with which one can only verify. A secret without such a prefix is the HMAC key itself, byte for byte:
// it is never taken for base64, whatever it looks like. (The public libraries decode a secret even without
// the prefix. Whoever verifies with them writes `whsec_`.)
// GitHub's and Azure's style take every secret byte for byte, prefix and all.

#include "foundation/error.hpp"
#include "foundation/secret.hpp"
#include "net/headers.hpp"
#include "settings/target_settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::dispatch {

// Adds `webhook-id`, `webhook-timestamp` and, as the style asks, the signature by every secret; of GitHub's
// and Azure's there is one, by the first secret, because their verifiers read one. Fields of these names that
// were there are replaced. Without secrets nothing is signed. invalid when a `whsec_` or `whsk_` secret is no
// base64 of a key of its kind, or the id holds a full stop.
Result<void> sign(net::Headers& headers, std::string_view id, std::int64_t unix_seconds,
                  std::string_view body, settings::SignatureStyle style, const std::vector<Secret>& secrets,
                  const std::string& azure_header = "X-Hub-Signature");

// The check a receiver makes: id, timestamp within five minutes of `now_seconds`, one signature of one secret
// that fits. `whsec_…`, `whsk_…`, `whpk_…` and plain secrets. The error says which of these it was. A request
// that carries only X-Hub-Signature-256 is checked for that; it proves the body and no time.
Result<void> verify(const net::Headers& headers, std::string_view body, std::int64_t now_seconds,
                    const std::vector<Secret>& secrets);

}  // namespace basewatch::dispatch
