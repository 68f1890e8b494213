#pragma once
// The real HttpTransport: HTTP/1.1 with kept connections, pooled by origin and policy. A GET or HEAD that
// finds a kept connection dead before the first byte of an answer is sent once more on a new one; anything
// else may have been understood, and whether it is sent again is its sender's to decide (RFC 9110 §9.2.2).
// Never follows redirects, never decompresses (callers send Accept-Encoding: identity; a compressed body is
// the caller's to refuse). Loop thread only.

#include "net/http_transport.hpp"

#include <cstdint>
#include <map>
#include <memory>

namespace basewatch::net {

class Dialer;

class HttpClient final : public HttpTransport {
public:
    HttpClient(asio::any_io_executor executor, Clock& clock, Dialer& dialer);
    ~HttpClient() override;
    Async<Result<HttpResponse>> send(HttpRequest request) override;
    // Closes idle connections; those in use close when their answer is done.
    void close_idle();
    // Connections opened so far, for metrics and tests.
    std::uint64_t connections_opened() const;

private:
    struct Pools;
    std::unique_ptr<Pools> pools_;
};

}  // namespace basewatch::net
