#pragma once
// The promise that a dependent will be built on the new base.

#include "foundation/clock.hpp"
#include "model/reference.hpp"

#include <optional>
#include <string>
#include <vector>

namespace basewatch::model {

struct Rebuild {
    std::string id;  // `rbd_` + ULID
    Reference dependent;
    Reference base;
    std::string reason;               // `base changed`, `requested: TEXT`
    std::vector<std::string> causes;  // ids of the events behind it
    std::string event_id;             // its own `rebuild.requested`
    std::optional<Time> deadline;
    Time requested_at{};
    std::string state = "requested";
};

}  // namespace basewatch::model
