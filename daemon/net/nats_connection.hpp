#pragma once
// A connection to a NATS server through the client library, which is given a relay of ours to connect to (see
// net/local_relay.hpp). It is never opened again by itself, and follows no server that a cluster advertises:
// where to connect is the settings' word. connect() and publish() block, on threads of whoever calls; all
// else is for the loop.

#include "net/http_message.hpp"
#include "net/local_relay.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::net {

struct NatsServer {
    std::string host;  // without brackets
    std::uint16_t port = 4222;
    bool operator==(const NatsServer&) const = default;
};

// Where and as whom. At most one way to say who we are.
struct NatsAccess {
    std::vector<NatsServer> servers;  // tried in this order
    bool tls = false;                 // else: where the server asks for it
    std::string ca_file;              // PEM, beside the system's store, which the library always trusts
    std::string client_certificate_file, client_key_file;
    std::string username, password;
    std::string token;
    std::string nkey, nkey_file;   // public key, file with the seed
    std::string credentials_file;  // JWT and seed
    AddressRule addresses = AddressRule::no_metadata;
    bool operator==(const NatsAccess&) const = default;
};

struct NatsMessage {
    std::string target;  // whose connection it goes by
    NatsAccess access;
    std::string subject;
    Headers headers;
    std::string message_id;  // goes as Nats-Msg-Id: a stream takes it once within its duplicate window
    std::string body;
    bool jetstream = true;
    Milliseconds timeout{15'000};
};

// What the server said: with JetStream, where the message is stored; else nothing but that it was read.
struct NatsAck {
    std::string stream;
    std::uint64_t sequence = 0;
    bool duplicate = false;
};

class NatsConnection {
public:
    explicit NatsConnection(std::shared_ptr<LocalRelay> relay);
    ~NatsConnection();
    NatsConnection(const NatsConnection&) = delete;
    NatsConnection& operator=(const NatsConnection&) = delete;

    // Once. `host` is whom the certificate must name. timed_out, unauthorized, tls, unreachable, invalid (a
    // file of the settings).
    Result<void> connect(const NatsAccess& access, const std::string& host, Milliseconds timeout);
    // From several threads at a time. As connect(), and bad_answer (no stream takes the subject, or the
    // stream refused it), too_large, server_error, unsupported (a server without headers).
    Result<NatsAck> publish(const NatsMessage& message, Milliseconds timeout);

    // False once it is broken, or was not made by us.
    bool usable() const;
    // What blocks in it returns soon.
    void break_off() { relay_->close(); }

private:
    struct Handles;
    std::shared_ptr<LocalRelay> relay_;
    std::unique_ptr<Handles> handles_;
    std::uint16_t local_port_ = 0;
};

}  // namespace basewatch::net
