#pragma once
// Which addresses may be connected to. Judged on the resolved address, at the moment of connecting, so that a
// name that answers differently the second time gains nothing. The classes are IANA's special-purpose
// registries (RFC 6890); an IPv4 address inside an IPv6 one (mapped, NAT64 of RFC 6052, 6to4, Teredo) is
// judged as that IPv4 address.

#include "net/http_message.hpp"

#include <boost/asio/ip/address.hpp>

namespace basewatch::net {

enum class AddressClass {
    global,
    loopback,
    private_network,  // RFC 1918, RFC 4193, carrier-grade NAT (RFC 6598)
    link_local,       // and what the clouds call their metadata service
    other,            // unspecified, multicast, documentation, reserved
};

AddressClass classify(const boost::asio::ip::address& address);
bool allowed(AddressRule rule, const boost::asio::ip::address& address);

}  // namespace basewatch::net
