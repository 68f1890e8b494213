#pragma once
// A way through an HTTP proxy to somebody behind it (CONNECT, RFC 9110 §9.3.6).

#include "net/byte_stream.hpp"
#include "net/http_message.hpp"

namespace basewatch::net {

// Asks the proxy at the other end of `stream` for `authority` (`host:port`); what comes back is a connection
// with it. unreachable, in words that name the proxy; bad_answer; cancelled. No deadline here: whoever has
// one closes `stream`.
Async<Result<void>> open_tunnel(ByteStream& stream, const Proxy& proxy, std::string authority);

// `the proxy host:port`, for words about it.
std::string name_of(const Proxy& proxy);

// What a proxy's refusal means for the one who asked. The proxy is named, its password never is.
Error refused_by(const Proxy& proxy, int status);

}  // namespace basewatch::net
