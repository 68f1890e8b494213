#pragma once
// What a broker's word means for a delivery. One that is final (the login, the right to the topic, the
// message itself) gives it up; what may pass was tried for the whole of the attempt's time and is tried again
// as `retries` says.

#include "dispatch/way_out.hpp"

namespace basewatch::dispatch {

Answer read_receipt(const presets::Target& target, const Result<net::KafkaReceipt>& receipt,
                    const PrivateParts& parts, Try when, Time now);

}  // namespace basewatch::dispatch
