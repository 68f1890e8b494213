#pragma once
// What a NATS server's word means for a delivery: a stream has it, or (without JetStream) the server does. No
// refusal is for good, since a stream, a right or a password is soon given: only an address that the guard
// refuses, and a message that is larger than the server takes.

#include "dispatch/way_out.hpp"

namespace basewatch::dispatch {

Answer read_ack(const presets::Target& target, const Result<net::NatsAck>& ack, const PrivateParts& parts,
                Try when, Time now);

}  // namespace basewatch::dispatch
