#pragma once
// A ByteStream through TLS, client side, by OpenSSL straight on the socket: no second buffer, and a kept
// connection holds almost nothing. The peer's certificate is verified against the name or address that was
// asked for (RFC 9525); an end without TLS's own goodbye is an error (RFC 8446 §6.1), for it may be somebody
// else's doing.

#include "net/socket_stream.hpp"
#include "net/tls_context.hpp"

namespace basewatch::net {

class TlsStream final : public ByteStream {
public:
    TlsStream(Socket socket, std::string remote, const TlsContext& context);
    ~TlsStream() override;

    // Once, before anything else: agrees on TLS and checks that the other side is `host`. tls, unreachable,
    // cancelled.
    Async<Result<void>> handshake(std::string host);

    Async<Result<std::size_t>> read_some(std::span<char> into) override;
    Async<Result<void>> write(std::string_view bytes) override;
    void close() override;
    bool usable() override;
    std::string remote() const override { return remote_; }

private:
    Result<void> expect(const std::string& host);
    Error failure(int answer, int reason) const;
    Async<Result<void>> wait(int reason);

    Socket socket_;
    std::string remote_;
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
    bool established_ = false;
    bool broken_ = false;
};

}  // namespace basewatch::net
