#pragma once
// What a registry says of how many requests it still takes (not pulls, which Docker Hub counts over hours and
// PullBudget keeps): `X-RateLimit-Limit/-Remaining/-Reset`, and the drafts of
// draft-ietf-httpapi-ratelimit-headers in the three shapes that servers send: `RateLimit-Limit/-Remaining/
// -Reset`, `RateLimit: limit=…, remaining=…, reset=…`, `RateLimit: "name";r=…;t=…` with `RateLimit-Policy:
// "name";q=…;w=…`. Pure.

#include "foundation/clock.hpp"
#include "net/headers.hpp"

#include <cstdint>
#include <optional>

namespace basewatch::registry {

struct Quota {
    std::optional<std::int64_t> limit;
    std::int64_t remaining = 0;
    Milliseconds reset{};  // from now
};

// The one with the least left, where there are several; nothing where the headers say nothing that adds up,
// or speak of more than an hour.
std::optional<Quota> quota_in(const net::Headers& headers, Time now);

// How long nothing is to be asked: until the reset, once a tenth or less is left. The rest is for others who
// share the address or account.
std::optional<Milliseconds> quota_wait(const Quota& quota);

}  // namespace basewatch::registry
