#pragma once
// An http or https address (RFC 3986), split once. User information in an address is kept apart as
// credentials and never printed.

#include "foundation/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace basewatch::net {

struct Url {
    std::string scheme;  // `http` or `https`
    std::string host;    // lower case; an IPv6 address without its brackets
    std::uint16_t port = 0;
    std::string target = "/";      // path and query, percent-encoded as given; no fragment
    std::string user_information;  // `user:password`, percent-decoded; empty where there is none

    // ErrorKind::invalid; the message does not repeat the address (it may be a secret).
    static Result<Url> parse(std::string_view text);
    // A reference relative to this address (RFC 3986 §5), as in Location headers and token realms.
    Result<Url> resolve(std::string_view reference) const;

    bool secure() const { return scheme == "https"; }
    // `https://host:port`, the port left out where it is the scheme's own.
    std::string origin() const;
    // What goes into the Host header.
    std::string authority() const;
    std::string text() const;  // without user information
    // Fit for logs and errors: origin and nothing that may be a secret: `https://hooks.slack.com/…`.
    std::string redacted() const;
    bool same_origin(const Url& other) const {
        return scheme == other.scheme && host == other.host && port == other.port;
    }
};

}  // namespace basewatch::net
