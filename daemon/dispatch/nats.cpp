#include "dispatch/nats.hpp"

namespace basewatch::dispatch {

namespace {

std::string words_of(const presets::Target& target, const net::NatsAck& ack) {
    if (!target.nats.jetstream) return "the server took it";
    return "stored in stream " + ack.stream + " as " + std::to_string(ack.sequence) +
           (ack.duplicate ? ", where it was already" : "");
}

Failure failure_of(const Error& error) {
    auto kind = error.kind();
    bool for_good = kind == ErrorKind::blocked || kind == ErrorKind::too_large;
    bool refused = kind == ErrorKind::unauthorized || kind == ErrorKind::too_large;
    return {
        class_of(kind), error.message(), {}, for_good, refused ? model::Sign::refused : model::Sign::absent};
}

}  // namespace

Answer read_ack(const presets::Target& target, const Result<net::NatsAck>& ack, const PrivateParts& parts,
                Try when, Time now) {
    Answer answer;
    answer.came = ack.has_value();
    answer.verdict =
        ack ? delivered(words_of(target, *ack))
            : schedule(target, failure_of(ack.error()), when.number, when.created_at, now, when.random01);
    keep(answer, parts, "");
    return answer;
}

}  // namespace basewatch::dispatch
