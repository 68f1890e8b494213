#pragma once
// Messages to a topic of Apache Kafka, through librdkafka. Each sender (a target) has one producer, kept
// between its messages and closed when nothing was sent for five minutes; it has a thread for each broker and
// two more (no thread of ours: what the library has to say is read on the loop). The producer is idempotent
// and waits for all in-sync replicas, so that what the library itself repeats within a message's time arrives
// once and in order. Names are looked up and connections made only through our address guard, also for
// brokers that a broker names. TLS is verified, host name included. A message with a key goes to the
// partition that Java's producers choose for it (murmur2). Loop thread only.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "net/http_message.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace basewatch::net {

// SASL (RFC 4616, RFC 5802, RFC 7677).
enum class KafkaLogin { none, plain, scram_sha_256, scram_sha_512 };

// Whom a producer talks to. Two that are equal share one.
struct KafkaCluster {
    std::vector<std::string> brokers;  // host:port, to begin with
    std::string topic;
    bool tls = true;
    std::string ca_file;                                   // PEM, instead of the system's store
    std::string client_certificate_file, client_key_file;  // PEM
    KafkaLogin login = KafkaLogin::none;
    std::string username, password;
    AddressRule addresses = AddressRule::no_metadata;
    Milliseconds timeout{30'000};  // of a message
    bool operator==(const KafkaCluster&) const = default;
};

struct KafkaMessage {
    std::string sender;
    KafkaCluster cluster;
    std::optional<std::string> key;
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;
};

// Where it stands, by the broker's word.
struct KafkaReceipt {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
};

class KafkaProducer;
class ClosingClients;

class KafkaSender {
public:
    // Blocks; called on a thread of the library's.
    using Lookup = std::function<Result<std::vector<std::string>>(const std::string& host)>;

    KafkaSender(asio::any_io_executor executor, Clock& clock);
    KafkaSender(asio::any_io_executor executor, Clock& clock, Lookup lookup);
    // Waits two seconds at most for producers to end.
    ~KafkaSender();

    // Whether librdkafka is there; unsupported, with the package to install, where it is not.
    static Result<void> usable();

    // Returns when a broker has confirmed it, or cannot. Errors that end it at once: unauthorized (the login,
    // the topic), not_found (no such topic), too_large, invalid (the broker refuses this record, or a topic
    // of this name), blocked, and tls where no broker is left. What may pass (no connection, no leader, too
    // few replicas) is tried until the message's time is over: then name_lookup, unreachable, tls or
    // timed_out, whatever was last seen. server_error, unsupported, cancelled. An error after the message was
    // sent may mean that it was taken.
    Async<Result<KafkaReceipt>> send(KafkaMessage message);

    // Producers read their files when they begin: the next message of each sender begins a new one.
    void renew();
    std::size_t producers() const;  // open ones

private:
    asio::any_io_executor executor_;
    Clock& clock_;
    Lookup lookup_;
    std::shared_ptr<ClosingClients> closing_;
    std::map<std::string, std::shared_ptr<KafkaProducer>> producers_;
};

}  // namespace basewatch::net
