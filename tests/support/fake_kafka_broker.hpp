#pragma once
// A broker that speaks as much of Kafka's protocol as one producer needs, in the test's own loop: over TLS
// and with SASL PLAIN, which librdkafka's own cluster of mock brokers cannot, and with an address of the
// test's choice for its topic. What was produced is counted, not kept (for that: support/kafka_cluster.hpp).

#include "foundation/async.hpp"
#include "support/certificates.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace basewatch::test {

class FakeKafkaBroker {
public:
    // `files`: it speaks TLS and shows these. `clients`: the authority (PEM) of the certificates that it
    // wants.
    explicit FakeKafkaBroker(asio::io_context& loop, std::optional<CertificateFiles> files = std::nullopt,
                             const std::string& clients = "");
    // Hangs up on everybody and runs the loop until its coroutines have ended.
    ~FakeKafkaBroker();
    FakeKafkaBroker(const FakeKafkaBroker&) = delete;
    FakeKafkaBroker& operator=(const FakeKafkaBroker&) = delete;

    int port() const;
    std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

    std::string topic = "base-images";
    std::string leader = "127.0.0.1";  // the host that it says its topic is at; the port is its own
    int topic_error = 0;               // of the protocol: what it says instead of where the topic is
    bool silent = false;               // accepts connections and says nothing
    bool refuses_logins = false;

    int connections = 0;
    std::string login;  // SASL PLAIN (RFC 4616), NULs as spaces
    int produced = 0;
    int acks = 0;  // that the last ProduceRequest asked for

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace basewatch::test
