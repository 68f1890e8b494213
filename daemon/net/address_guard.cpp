#include "net/address_guard.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <netinet/in.h>
#include <optional>

namespace basewatch::net {

namespace {

using boost::asio::ip::address_v6;

struct Block4 {
    std::uint32_t network;
    int prefix;
    AddressClass kind;
};

constexpr std::uint32_t quad(unsigned a, unsigned b, unsigned c, unsigned d) {
    return a << 24 | b << 16 | c << 8 | d;
}

// Most specific first where they overlap.
constexpr Block4 blocks4[] = {
    {quad(168, 63, 129, 16), 32, AddressClass::link_local},    // Azure's metadata and DNS, in global space
    {quad(100, 100, 100, 200), 32, AddressClass::link_local},  // Alibaba's metadata
    {quad(192, 0, 0, 192), 32, AddressClass::link_local},      // Oracle's metadata
    {quad(0, 0, 0, 0), 8, AddressClass::other},
    {quad(10, 0, 0, 0), 8, AddressClass::private_network},
    {quad(100, 64, 0, 0), 10, AddressClass::private_network},
    {quad(127, 0, 0, 0), 8, AddressClass::loopback},
    {quad(169, 254, 0, 0), 16, AddressClass::link_local},
    {quad(172, 16, 0, 0), 12, AddressClass::private_network},
    {quad(192, 0, 0, 0), 24, AddressClass::other},
    {quad(192, 0, 2, 0), 24, AddressClass::other},
    {quad(192, 88, 99, 0), 24, AddressClass::other},
    {quad(192, 168, 0, 0), 16, AddressClass::private_network},
    {quad(198, 18, 0, 0), 15, AddressClass::other},
    {quad(198, 51, 100, 0), 24, AddressClass::other},
    {quad(203, 0, 113, 0), 24, AddressClass::other},
    {quad(224, 0, 0, 0), 4, AddressClass::other},
    {quad(240, 0, 0, 0), 4, AddressClass::other},
};

AddressClass classify4(std::uint32_t address) {
    // To most systems 0.0.0.0 is this machine.
    if (address == 0) return AddressClass::loopback;
    for (const auto& block : blocks4) {
        std::uint32_t mask = ~std::uint32_t{0} << (32 - block.prefix);
        if ((address & mask) == block.network) return block.kind;
    }
    return AddressClass::global;
}

bool starts_with(const address_v6::bytes_type& bytes, std::initializer_list<unsigned char> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::uint32_t four_bytes(const address_v6::bytes_type& bytes, std::size_t from) {
    return quad(bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]);
}

// The IPv4 address that a packet to this IPv6 address would end at.
std::optional<std::uint32_t> inner_address(const address_v6::bytes_type& bytes) {
    if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return four_bytes(bytes, 12);
    if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0})) return four_bytes(bytes, 12);
    if (starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return four_bytes(bytes, 12);
    if (starts_with(bytes, {0x20, 0x02})) return four_bytes(bytes, 2);
    if (starts_with(bytes, {0x20, 0x01, 0, 0})) return ~four_bytes(bytes, 12);
    return std::nullopt;
}

// The services that credentials are asked of: by their exact addresses, written in no other way.
bool lends_credentials(const boost::asio::ip::address& address) {
    static const std::array services{
        boost::asio::ip::make_address("169.254.169.254"),  // Amazon's instances, Google's
        boost::asio::ip::make_address("169.254.170.2"),    // Amazon's containers (ECS)
        boost::asio::ip::make_address("169.254.170.23"),   // Amazon's pods (EKS)
        // Over IPv6, in the private range.
        boost::asio::ip::make_address("fd00:ec2::254"),
        boost::asio::ip::make_address("fd00:ec2::23"),
        boost::asio::ip::make_address("fd20:ce::254"),
    };
    return std::ranges::find(services, address) != services.end();
}

// Whether an address of 64:ff9b:1::/48 may lead to one that is refused: where the IPv4 address stands in it
// depends on the length of the operator's prefix (RFC 6052 §2.2), which we do not know.
bool local_nat64_to_link_local(const address_v6::bytes_type& bytes) {
    if (!starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 1})) return false;
    const std::uint32_t places[] = {quad(bytes[6], bytes[7], bytes[9], bytes[10]),
                                    quad(bytes[7], bytes[9], bytes[10], bytes[11]), four_bytes(bytes, 9),
                                    four_bytes(bytes, 12)};
    return std::any_of(std::begin(places), std::end(places),
                       [](std::uint32_t inner) { return classify4(inner) == AddressClass::link_local; });
}

AddressClass classify6(const address_v6& address) {
    if (address.is_loopback() || address.is_unspecified()) return AddressClass::loopback;
    auto bytes = address.to_bytes();
    if (auto inner = inner_address(bytes)) return classify4(*inner);
    if (lends_credentials(address)) return AddressClass::link_local;
    if (local_nat64_to_link_local(bytes)) return AddressClass::link_local;
    if (address.is_link_local()) return AddressClass::link_local;
    if ((bytes[0] & 0xfe) == 0xfc) return AddressClass::private_network;
    if (address.is_site_local())
        return AddressClass::private_network;  // fec0::/10, given up and still routed
    if (starts_with(bytes, {0x20, 0x01, 0x0d, 0xb8})) return AddressClass::other;
    // Nothing outside 2000::/3 is global today (RFC 4291 §2.4): multicast, discard, NAT64 for local use.
    return (bytes[0] & 0xe0) == 0x20 ? AddressClass::global : AddressClass::other;
}

}  // namespace

bool metadata_name(std::string_view host) {
    while (host.ends_with('.')) host.remove_suffix(1);
    static constexpr std::array<std::string_view, 5> names{"metadata", "metadata.google.internal",
                                                           "metadata.goog", "instance-data",
                                                           "instance-data.ec2.internal"};
    return std::ranges::find(names, host) != names.end();
}

AddressClass classify(const boost::asio::ip::address& address) {
    return address.is_v4() ? classify4(address.to_v4().to_uint()) : classify6(address.to_v6());
}

bool allowed(AddressRule rule, const boost::asio::ip::address& address) {
    auto kind = classify(address);
    switch (rule) {
        case AddressRule::no_metadata:
            return kind != AddressClass::link_local;
        case AddressRule::public_only:
            return kind == AddressClass::global;
        case AddressRule::metadata_only:
            return lends_credentials(address);
    }
    return false;
}

boost::asio::ip::address address_of(const sockaddr& address) {
    namespace ip = boost::asio::ip;
    if (address.sa_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &address, sizeof four);
        return ip::address_v4(ntohl(four.sin_addr.s_addr));
    }
    if (address.sa_family != AF_INET6) return ip::make_address("169.254.0.0");
    sockaddr_in6 six{};
    std::memcpy(&six, &address, sizeof six);
    ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return ip::address_v6(bytes, six.sin6_scope_id);
}

}  // namespace basewatch::net
