#pragma once
// One producer: a client of librdkafka, the messages that it has and who waits for them. It is retired when
// what it knows may no longer be true (a refused login, a topic that it was told not to exist, a message that
// is overdue, no broker that is left while it has no message): it takes no message any more, and ends with
// the last that somebody waits for. So nothing that failed arrives later, but for what a broker had already
// been given.

#include "foundation/bell.hpp"
#include "net/kafka_client.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

namespace basewatch::net {

class KafkaProducer : public std::enable_shared_from_this<KafkaProducer> {
public:
    static Result<std::shared_ptr<KafkaProducer>> begin(asio::any_io_executor executor, Clock& clock,
                                                        KafkaCluster cluster, KafkaSender::Lookup lookup,
                                                        std::shared_ptr<ClosingClients> closing);
    KafkaProducer(asio::any_io_executor executor, Clock& clock, KafkaCluster cluster,
                  std::shared_ptr<ClosingClients> closing);
    ~KafkaProducer();
    KafkaProducer(const KafkaProducer&) = delete;
    KafkaProducer& operator=(const KafkaProducer&) = delete;

    // As KafkaSender::send. Keeps itself while it is awaited.
    Async<Result<KafkaReceipt>> send(KafkaMessage message);

    const KafkaCluster& cluster() const { return cluster_; }
    bool takes_messages() const { return client_ != nullptr && !retired_; }
    void retire();

    // What the client says while it is polled.
    void heard_of_message(const rd_kafka_message_t& message);
    void heard_of_connection(rd_kafka_resp_err_t code, const char* reason);

private:
    struct Waiting;

    void listen();
    // Polls until there is nothing left; then does what follows from it.
    void serve();
    void fail_all(const Error& error);
    Result<void> produce(const KafkaMessage& message, std::uintptr_t ticket);
    Error overdue() const;
    void leave(std::uintptr_t ticket);
    void close();

    asio::any_io_executor executor_;
    Clock& clock_;
    const KafkaCluster cluster_;
    std::shared_ptr<ClosingClients> closing_;
    std::shared_ptr<KafkaLink> link_;
    rd_kafka_t* client_ = nullptr;
    asio::posix::stream_descriptor events_;
    std::map<std::uintptr_t, Waiting*> waiting_;
    std::uintptr_t last_ticket_ = 0;
    std::optional<Error> seen_;   // the last fault of a connection since it began or somebody did to wait
    std::optional<Error> final_;  // what nobody needs to wait for any longer
    std::unique_ptr<Clock::Timer> idle_;
    bool brokers_gone_ = false;  // all of them, while nobody waited
    bool retired_ = false;
};

}  // namespace basewatch::net
