#pragma once
// ULIDs (github.com/ulid/spec): 48 bits of unix milliseconds and 80 random bits, 26 characters of Crockford's
// base 32, sorted by time. Ids of one process never repeat and grow even within a millisecond.

#include "foundation/clock.hpp"

#include <string>
#include <string_view>

namespace basewatch {

class UlidSource {
public:
    // `prefix` is put in front: `evt_`, `dlv_`, `chg_`, `rbd_`.
    std::string next(std::string_view prefix, Time now);

private:
    std::uint64_t last_ms_ = 0;
    std::string entropy_;
};

}  // namespace basewatch
