#pragma once
// Connections over TCP, with TLS where the endpoint asks for it, straight or through an HTTP proxy, with
// which TLS may be spoken as well. The addresses of a name are tried as RFC 8305 (happy eyeballs) has it:
// both families in turn, the next one begun after 250 ms or when the one before failed, the first that
// connects wins, and the family that won is asked first for ten minutes. The address guard is asked for each,
// at the moment of connecting. Behind a proxy it sees literal addresses only, for there the proxy looks up
// names; the proxy itself is the user's choice, and may be anything but a metadata service.

#include "net/byte_stream.hpp"
#include "net/proxies.hpp"
#include "net/resolver.hpp"
#include "net/socket_stream.hpp"
#include "net/tls_context.hpp"

#include <map>
#include <optional>

namespace basewatch::net {

class SystemDialer final : public Dialer {
public:
    SystemDialer(asio::any_io_executor executor, Clock& clock, Resolver& resolver,
                 EnvironmentProxies environment = {});
    Async<Result<std::unique_ptr<ByteStream>>> connect(const Endpoint& endpoint) override;

private:
    struct Preferred {
        bool ipv6;
        Monotonic until;
    };
    Async<Result<std::unique_ptr<ByteStream>>> connect_through(const Endpoint& endpoint,
                                                               std::shared_ptr<const Proxy> proxy,
                                                               TlsContext context);
    Async<Result<Socket>> reach(std::string host, std::uint16_t port, AddressRule rule, AddressFamily family,
                                Monotonic deadline);
    std::optional<bool> preferred(const std::string& host) const;
    void remember(const std::string& host, bool ipv6);

    asio::any_io_executor executor_;
    Clock& clock_;
    Resolver& resolver_;
    EnvironmentProxies environment_;
    std::map<std::string, Preferred> preferred_;
    TlsContexts contexts_;
};

}  // namespace basewatch::net
