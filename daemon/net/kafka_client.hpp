#pragma once
// A client of librdkafka as we want it: its settings, what it may connect to, how it ends, and what its
// errors mean. One for each producer (net/kafka_producer.hpp).

#include "net/kafka.hpp"
#include "net/kafka_sender.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace basewatch::net {

// What the client's threads see of us. Outlives the client.
struct KafkaLink {
    KafkaLink(AddressRule rule, KafkaSender::Lookup by) : addresses(rule), lookup(std::move(by)) {}
    ~KafkaLink();
    KafkaLink(const KafkaLink&) = delete;
    KafkaLink& operator=(const KafkaLink&) = delete;

    const AddressRule addresses;
    const KafkaSender::Lookup lookup;
    int events = -1;                    // an eventfd: readable when there is something to poll for
    std::atomic<bool> blocked = false;  // an address was refused
    KafkaProducer* producer = nullptr;  // loop thread: who is told while it polls
};

// Made on the loop in some milliseconds; with `events` it says when to poll. `link` is the opaque of its
// callbacks. tls when the files of TLS cannot be used.
Result<rd_kafka_t*> open_client(const KafkaCluster& cluster, KafkaLink& link);

// Ends clients on a thread of its own, which is there while there are any: one that is in the middle of a
// name lookup ends after it.
class ClosingClients {
public:
    ClosingClients();
    // Waits two seconds at most; what takes longer goes on by itself.
    ~ClosingClients();
    ClosingClients(const ClosingClients&) = delete;
    ClosingClients& operator=(const ClosingClients&) = delete;

    void add(rd_kafka_t* client, std::shared_ptr<KafkaLink> link);

private:
    struct State;
    std::shared_ptr<State> state_;
    std::thread thread_;
};

// What a client or a broker says of a message. Pure.
ErrorKind kind_of(rd_kafka_resp_err_t code);
Error error_of(rd_kafka_resp_err_t code);
// What it says of a connection. It has one code for most that can go wrong there; `reason`, its text, tells a
// handshake that breaks off or a certificate that is missed (tls), and silence (timed_out).
Error connection_error(rd_kafka_resp_err_t code, std::string_view reason);
// Its text without what only its makers can use.
std::string connection_words(std::string_view reason);
// What may be behind a refused login beside a wrong password, with this version of librdkafka (as
// rd_kafka_version() says it); empty: nothing that we know of.
std::string login_trap(KafkaLogin login, int version);

// Callbacks of the client, in the producer.
void kafka_delivered(rd_kafka_t* client, const rd_kafka_message_t* message, void* link);
void kafka_failed(rd_kafka_t* client, int code, const char* reason, void* link);

}  // namespace basewatch::net
