#include "dispatch/kafka.hpp"

namespace basewatch::dispatch {

namespace {

// It answers, and does not take this from us.
bool refuses(ErrorKind kind) {
    return kind == ErrorKind::unauthorized || kind == ErrorKind::not_found || kind == ErrorKind::too_large ||
           kind == ErrorKind::invalid;
}

// A topic that a broker does not know may be on its way: to Kafka's own clients that is an error to retry.
bool is_final(ErrorKind kind) {
    return kind == ErrorKind::blocked || (refuses(kind) && kind != ErrorKind::not_found);
}

Failure failure_of(const Error& error) {
    bool refused = refuses(error.kind());
    return {refused ? "4xx" : class_of(error.kind()),
            error.message(),
            {},
            is_final(error.kind()),
            refused ? model::Sign::refused : model::Sign::absent};
}

}  // namespace

Answer read_receipt(const presets::Target& target, const Result<net::KafkaReceipt>& receipt,
                    const PrivateParts& parts, Try when, Time now) {
    Answer answer;
    answer.came = receipt || refuses(receipt.error().kind());
    if (receipt)
        answer.verdict = delivered("partition " + std::to_string(receipt->partition) + ", offset " +
                                   std::to_string(receipt->offset));
    else
        answer.verdict =
            schedule(target, failure_of(receipt.error()), when.number, when.created_at, now, when.random01);
    keep(answer, parts, "");
    return answer;
}

}  // namespace basewatch::dispatch
