#pragma once
// A ByteStream through TLS, client side, by OpenSSL straight on the socket: no second buffer, and a kept
// connection holds almost nothing. The peer's certificate is verified against the name or address that was
// asked for (RFC 9525); an end without TLS's own goodbye is an error (RFC 8446 §6.1), for it may be somebody
// else's doing. It may stand within another one, for somebody behind a proxy that is spoken to by TLS.

#include "net/socket_stream.hpp"
#include "net/tls_context.hpp"

namespace basewatch::net {

class TlsStream final : public ByteStream {
public:
    // `forwarder`: the proxy at the other end, where it passes on requests rather than bytes.
    TlsStream(Socket socket, std::string remote, const TlsContext& context,
              std::shared_ptr<const Proxy> forwarder = nullptr);
    // Within the one that leads to the proxy, from which nothing may be under way.
    TlsStream(std::unique_ptr<TlsStream> outer, std::string remote, const TlsContext& context);
    ~TlsStream() override;

    // Once, before anything else: agrees on TLS and checks that the other side is `host`. tls, unreachable,
    // cancelled.
    Async<Result<void>> handshake(std::string host);

    Async<Result<std::size_t>> read_some(std::span<char> into) override;
    Async<Result<void>> write(std::string_view bytes) override;
    void close() override;
    bool usable() override;
    std::string remote() const override { return remote_; }
    const Proxy* forwarder() const override { return forwarder_.get(); }

private:
    Result<void> expect(const std::string& host);
    Error failure(int answer, int reason) const;
    Async<Result<void>> wait(int reason);

    using Session = std::unique_ptr<SSL, void (*)(SSL*)>;
    Socket socket_;
    std::string remote_;
    std::shared_ptr<const Proxy> forwarder_;
    Session outer_;  // with the proxy on the way; the inner one reads and writes through it
    Session ssl_;
    bool established_ = false;
    bool broken_ = false;
};

}  // namespace basewatch::net
