#include "net/kafka_sender.hpp"

#include "net/kafka_producer.hpp"
#include "net/system_resolver.hpp"

#include <algorithm>

namespace basewatch::net {

KafkaSender::KafkaSender(asio::any_io_executor executor, Clock& clock)
    : KafkaSender(std::move(executor), clock, look_up) {}

KafkaSender::KafkaSender(asio::any_io_executor executor, Clock& clock, Lookup lookup)
    : executor_(std::move(executor)),
      clock_(clock),
      lookup_(std::move(lookup)),
      closing_(std::make_shared<ClosingClients>()) {}

KafkaSender::~KafkaSender() {
    renew();
}

Result<void> KafkaSender::usable() {
    return kafka().usable;
}

Async<Result<KafkaReceipt>> KafkaSender::send(KafkaMessage message) {
    if (!kafka().usable) co_return kafka().usable.error();
    auto& producer = producers_[message.sender];
    if (producer && producer->cluster() != message.cluster) producer->retire();
    if (!producer || !producer->takes_messages()) {
        auto fresh = KafkaProducer::begin(executor_, clock_, message.cluster, lookup_, closing_);
        if (!fresh) co_return fresh.error();
        producer = std::move(*fresh);
    }
    auto chosen = producer;
    auto receipt = co_await chosen->send(std::move(message));
    co_return receipt;
}

void KafkaSender::renew() {
    for (const auto& [sender, producer] : producers_) producer->retire();
    producers_.clear();
}

std::size_t KafkaSender::producers() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        producers_, [](const auto& entry) { return entry.second && entry.second->takes_messages(); }));
}

}  // namespace basewatch::net
