#pragma once
// Names to addresses.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <string>
#include <vector>

namespace basewatch::net {

class Resolver {
public:
    virtual ~Resolver() = default;
    // Numeric addresses of `host`, in the order to try them; a literal address is its own answer.
    // name_lookup, timed_out (the lookup is abandoned, not waited for), cancelled.
    virtual Async<Result<std::vector<std::string>>> resolve(std::string host, Monotonic deadline) = 0;
};

}  // namespace basewatch::net
