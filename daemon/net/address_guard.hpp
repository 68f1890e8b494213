#pragma once
// Which addresses may be connected to. Judged on the resolved address, at the moment of connecting, so that a
// name that answers differently the second time gains nothing. The classes are IANA's special-purpose
// registries (RFC 6890); an IPv4 address inside an IPv6 one (mapped, translated, NAT64 of RFC 6052, 6to4,
// Teredo) is judged as that IPv4 address; in the NAT64 prefix for local use (RFC 8215) it may stand in
// several places, and none of them may be a metadata address.
//
// The clouds' metadata services hand out the machine's own credentials to whoever on it asks, so nothing that
// the settings or an answer name may lead there. The one exception, AddressRule::metadata_only, allows the
// services by their exact addresses and nothing else.

#include "net/http_message.hpp"

#include <boost/asio/ip/address.hpp>

#include <string_view>
#include <sys/socket.h>

namespace basewatch::net {

enum class AddressClass {
    global,
    loopback,
    private_network,  // RFC 1918, RFC 4193, carrier-grade NAT (RFC 6598)
    link_local,       // and what the clouds call their metadata service
    other,            // unspecified, multicast, documentation, reserved
};

AddressClass classify(const boost::asio::ip::address& address);
// Names that stand for a metadata service wherever they are looked up: behind a proxy it is the proxy that
// looks them up, so there they are judged by themselves.
bool metadata_name(std::string_view host);
bool allowed(AddressRule rule, const boost::asio::ip::address& address);
// Of IPv4 and IPv6; of anything else, an address that nothing allows.
boost::asio::ip::address address_of(const sockaddr& address);

}  // namespace basewatch::net
