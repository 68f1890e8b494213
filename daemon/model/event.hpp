#pragma once
// The immutable record of something worth telling: a CloudEvent 1.0 in structured mode. Its bytes are made
// once, stored, and sent unchanged as often as it takes.

#include "foundation/clock.hpp"

#include <string>

namespace basewatch::model {

struct Event {
    std::string id;         // `evt_` + ULID
    std::string type;       // `dev.basewatch.base.changed`, …
    std::string subject;    // a normalised reference, or `target:NAME`
    Time time{};            // when it was observed
    std::string change_id;  // the change behind it, or empty
    std::string json;       // the whole event
};

inline constexpr const char* event_type_prefix = "dev.basewatch.";

}  // namespace basewatch::model
