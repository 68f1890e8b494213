#pragma once
// A message to Kafka instead of a request, made at the moment of sending from the stored event: CloudEvents'
// Kafka protocol binding 1.0, structured mode (§3.3). The value is what a webhook's body would be; dispatch
// adds the headers of a delivery.

#include "net/kafka_sender.hpp"
#include "presets/render.hpp"

#include <string>

namespace basewatch::presets {

// Its key is the event's subject; with `key: base` the base that the event is about, where there is one.
Async<Result<net::KafkaMessage>> render_kafka(const Target& target, RenderInput input, jq::Worker& worker);

// The same for people, without secrets.
std::string describe(const net::KafkaMessage& message);

}  // namespace basewatch::presets
