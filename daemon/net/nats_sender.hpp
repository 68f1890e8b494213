#pragma once
// Messages to NATS servers (nats.io, client protocol; JetStream's acknowledgements, and ADR-22's
// deduplication by Nats-Msg-Id). One connection for each target, opened with its first message, kept for the
// next ones, closed after a minute without any, and opened anew where it broke or the settings changed. A
// message under way has a thread of its own; the library has three to itself and three for each connection.
// Loop thread only.

#include "net/nats_connection.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <string>

namespace basewatch::net {

class NatsSender {
public:
    // `dialer` opens the connections: straight to the server, no proxy is used.
    NatsSender(asio::any_io_executor executor, Clock& clock, Dialer& dialer);
    ~NatsSender();

    // unsupported where the client library is not installed. Loads it.
    static Result<void> usable();

    // With JetStream: a stream has stored it. Without: the server has read it, which says nothing of who else
    // has. An error after it was sent may mean that it was taken all the same. name_lookup, blocked,
    // unsupported, cancelled, and what NatsConnection says.
    Async<Result<NatsAck>> send(NatsMessage message);

    // How many connections are kept.
    std::size_t connections() const;

private:
    struct Line;
    Async<Result<NatsAck>> publish(std::shared_ptr<Line> line, NatsMessage message);
    Async<Result<std::shared_ptr<NatsConnection>>> connection(std::shared_ptr<Line> line, NatsAccess access,
                                                              Monotonic deadline);
    Async<Result<std::shared_ptr<NatsConnection>>> open(NatsAccess access, Monotonic deadline);
    Async<Result<std::shared_ptr<NatsConnection>>> open_to(NatsServer server, NatsAccess access,
                                                           Monotonic deadline);

    asio::any_io_executor executor_;
    Clock& clock_;
    Dialer& dialer_;
    std::map<std::string, std::shared_ptr<Line>> lines_;  // by target
};

}  // namespace basewatch::net
