#pragma once
// What is remembered of a registry's host over a restart: what it taught us, how fast it may be asked, and
// what was read of what it counts. Never a secret, never a token. It only saves requests: every part of it
// may be forgotten at any time. Wall times, so that they mean the same in another process.

#include "foundation/clock.hpp"
#include "model/observation.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace basewatch::model {

// One thing that it taught us: `head` is `refused`, since and until then.
struct HostFact {
    std::string name;
    std::string value;
    Time since{};
    Time until{};
    bool operator==(const HostFact&) const = default;
};

struct HostMemory {
    std::string host;     // as references name it
    std::string address;  // scheme and authority that it was learned of; of another it says nothing
    int profile = accept_profile;
    std::vector<HostFact> facts;

    double rate_share = 1;  // of the configured rate, at `slowed_at`; it recovers from there
    Time slowed_at{};
    std::optional<Time> paused_until;
    int refusals = 0;  // in a row

    // It failed so often that it is left alone until then, and how often in a row that was so.
    std::optional<Time> shut_until;
    int shuts = 0;

    // What it said of its pulls; none where it never did.
    std::optional<std::int64_t> pulls_limit, pulls_remaining;
    Time pulls_heard_at{};
    std::chrono::seconds pulls_window{0};
    std::string pulls_source;
    bool pulls_unlimited = false;
    // What we read ourselves: how many, and when the last of them, by short spans.
    std::vector<std::pair<Time, std::int64_t>> pulls;

    bool empty() const {
        return facts.empty() && rate_share == 1 && !paused_until && !shut_until && !pulls_limit &&
               !pulls_unlimited && pulls.empty();
    }
    bool operator==(const HostMemory&) const = default;
};

}  // namespace basewatch::model
