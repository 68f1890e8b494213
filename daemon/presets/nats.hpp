#pragma once
// A message to a NATS subject instead of a request, made at the moment of sending from the stored event. Its
// body and content type are those that a webhook would get: the CloudEvent itself where there is no `body`
// (CloudEvents NATS protocol binding, structured mode).

#include "net/nats_sender.hpp"
#include "presets/render.hpp"

#include <string>

namespace basewatch::presets {

// What fills a place of the subject is the dependent's `with`, percent-encoded. invalid when there is no
// value, or one that holds a full stop, which would make it more than one part of the subject. The delivery
// headers are dispatch's to add. `delivery_id` is what a stream knows a repetition by.
Async<Result<net::NatsMessage>> render_nats(const Target& target, RenderInput input, std::string delivery_id,
                                            jq::Worker& worker);

// The same for people, without secrets.
std::string describe(const net::NatsMessage& message);

}  // namespace basewatch::presets
