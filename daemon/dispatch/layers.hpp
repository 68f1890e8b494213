#pragma once
// What a scanner of images wants to be told (Clair v4, `POST index_report`): one platform's manifest and
// where to fetch each of its layers, with the headers that open them. Fetched at the moment of sending,
// because those headers are tokens that live for minutes.

#include "dispatch/private_parts.hpp"
#include "foundation/async.hpp"
#include "registry/registry_client.hpp"

#include <string>

namespace basewatch::dispatch {

// The platform manifest that an event is about: of its first changed platform, else of its first one.
struct LayerSource {
    model::Reference base;
    model::Digest digest;
    // The digest may be an index: the event does not list its platforms.
    bool unresolved = false;
    std::string platform;  // wanted of an index, may be empty
};
// invalid when the event names no base or no digest.
Result<LayerSource> layer_source(std::string_view event_json);

// `{"hash": DIGEST, "layers": [{"hash", "uri", "headers": {NAME: [VALUE]}}]}`, base first. What the headers
// hold is added to `parts`. An error says that it was the layers that could not be had.
Async<Result<std::string>> layers_json(registry::RegistryClient& registry, std::string event_json,
                                       PrivateParts& parts);

}  // namespace basewatch::dispatch
