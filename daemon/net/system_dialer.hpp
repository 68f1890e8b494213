#pragma once
// Connections over TCP, with TLS where the endpoint asks for it. Every address of a name is tried in turn
// within the deadline, so that one that swallows packets does not use up the time of the others. The address
// guard is asked for each, at the moment of connecting.

#include "net/byte_stream.hpp"
#include "net/resolver.hpp"
#include "net/tls_context.hpp"

namespace basewatch::net {

class SystemDialer final : public Dialer {
public:
    SystemDialer(asio::any_io_executor executor, Clock& clock, Resolver& resolver);
    Async<Result<std::unique_ptr<ByteStream>>> connect(const Endpoint& endpoint) override;

private:
    asio::any_io_executor executor_;
    Clock& clock_;
    Resolver& resolver_;
    TlsContexts contexts_;
};

}  // namespace basewatch::net
