#pragma once
// The immutable record of something worth telling: a CloudEvent 1.0 in structured mode. Its bytes are made
// once, stored, and sent unchanged as often as it takes.

#include "foundation/clock.hpp"

#include <string>
#include <vector>

namespace basewatch::model {

struct Event {
    std::string id;         // `evt_` + ULID
    std::string type;       // `dev.basewatch.base.changed`, …
    std::string subject;    // a normalised reference, or `target:NAME`
    Time time{};            // when it was observed
    std::string change_id;  // the change behind it, or empty
    std::string json;       // the whole event
};

// The event of a rebuild with these causes in place of its own (`data.causes`), before it is stored.
std::string with_causes(const std::string& json, const std::vector<std::string>& causes);

inline constexpr const char* event_type_prefix = "dev.basewatch.";

}  // namespace basewatch::model
