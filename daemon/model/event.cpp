#include "model/event.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::model {

std::string with_causes(const std::string& json, const std::vector<std::string>& causes) {
    using Ordered = nlohmann::ordered_json;
    // Our own text, written a moment ago; members keep their order, so that the bytes stay what they would
    // have been.
    auto event = Ordered::parse(json, nullptr, false);
    if (!event.is_object() || !event.contains("data") || !event["data"].is_object()) return json;
    event["data"]["causes"] = causes;
    return event.dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

}  // namespace basewatch::model
