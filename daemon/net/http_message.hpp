#pragma once
// One HTTP exchange from the client's side, and the same words for the server's.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "net/headers.hpp"
#include "net/url.hpp"

#include <memory>
#include <string>

namespace basewatch::net {

// Which addresses a connection may be made to; judged on the resolved address, when connecting.
enum class AddressRule {
    no_metadata,    // everything but link-local addresses and the clouds' metadata services
    public_only,    // as well no loopback, no private networks (RFC 1918, RFC 4193), nothing else that is not
                    // global
    metadata_only,  // nothing but the metadata services that lend us credentials, and no proxy before them
};

// Which addresses of a name are used.
enum class AddressFamily { any, ipv4, ipv6 };

// An HTTP proxy, reached without TLS; https goes through it by CONNECT, http by asking it for the whole
// address.
struct Proxy {
    std::string host;
    std::uint16_t port = 0;
    std::string authorization;  // the value of Proxy-Authorization; empty: none is sent
    bool tls = false;           // the connection with the proxy itself is TLS
};

// How to reach one host. Connections are pooled by origin and policy, so whoever talks to a host keeps one
// policy.
struct ConnectionPolicy {
    std::size_t connections = 4;           // at once; further requests wait for one
    Milliseconds connect_timeout{10'000};  // name lookup, TCP and TLS together
    Milliseconds idle_timeout{30'000};     // a kept connection is closed after this
    AddressRule addresses = AddressRule::no_metadata;
    AddressFamily family = AddressFamily::any;
    std::shared_ptr<const Proxy> proxy;   // null: what the environment says, if anything
    bool direct = false;                  // no proxy, whatever the environment says
    std::string ca_file;                  // PEM, instead of the system's store
    std::string client_certificate_file;  // PEM
    std::string client_key_file;          // PEM
};

struct HttpRequest {
    std::string method = "GET";
    Url url;
    Headers headers;  // Host, Content-Length and Connection are the client's own
    std::string body;
    std::shared_ptr<const ConnectionPolicy> policy;  // null: defaults
    Milliseconds timeout{30'000};                    // for everything, waiting for a connection included
    std::size_t most_body = 1u << 20;
    // Over `most_body`: true cuts the body there and drops the connection, false is ErrorKind::too_large.
    bool cut_body = false;
};

struct HttpResponse {
    int status = 0;
    Headers headers;
    std::string body;
    std::string remote;  // `address:port` of the other side
};

}  // namespace basewatch::net
