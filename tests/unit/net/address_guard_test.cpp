// Which addresses may be connected to under which rule.
#include "net/address_guard.hpp"

#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

struct Row {
    const char* address;
    AddressClass kind;
};

TEST(AddressGuard, ClassifiesAddresses) {
    using enum AddressClass;
    const Row rows[] = {
        {"1.1.1.1", global},
        {"8.8.8.8", global},
        {"9.255.255.255", global},
        {"11.0.0.0", global},
        {"172.15.255.255", global},
        {"172.32.0.0", global},
        {"192.167.1.1", global},
        {"100.63.255.255", global},
        {"100.128.0.0", global},
        {"223.255.255.255", global},
        {"0.0.0.0", loopback},
        {"0.1.2.3", other},
        {"127.0.0.1", loopback},
        {"127.255.255.254", loopback},
        {"10.0.0.1", private_network},
        {"172.16.0.1", private_network},
        {"172.31.255.255", private_network},
        {"192.168.0.1", private_network},
        {"100.64.0.1", private_network},
        {"169.254.0.1", link_local},
        {"169.254.169.254", link_local},
        {"168.63.129.16", link_local},
        {"100.100.100.200", link_local},
        {"192.0.0.192", link_local},
        {"192.0.0.1", other},
        {"192.0.2.1", other},
        {"198.18.0.1", other},
        {"198.51.100.1", other},
        {"203.0.113.1", other},
        {"224.0.0.1", other},
        {"240.0.0.1", other},
        {"255.255.255.255", other},
        {"2606:4700:4700::1111", global},
        {"::1", loopback},
        {"::", loopback},
        {"fe80::1", link_local},
        {"febf::1", link_local},
        {"fd00:ec2::254", link_local},
        {"fc00::1", private_network},
        {"fd12:3456::1", private_network},
        {"fec0::1", private_network},
        {"ff02::1", other},
        {"2001:db8::1", other},
        {"100::1", other},
        {"64:ff9b:1::1", other},
        // An IPv4 address inside
        {"::ffff:127.0.0.1", loopback},
        {"::ffff:10.1.2.3", private_network},
        {"::ffff:169.254.169.254", link_local},
        {"::ffff:8.8.8.8", global},
        {"64:ff9b::127.0.0.1", loopback},
        {"64:ff9b::169.254.169.254", link_local},
        {"64:ff9b::8.8.8.8", global},
        {"::ffff:0:169.254.169.254", link_local},    // translated (RFC 2765)
        {"64:ff9b:1:a9fe:a9:fe00::", link_local},    // NAT64 for local use, prefix /48
        {"64:ff9b:1:a9:fe:a9fe::", link_local},      // /56
        {"64:ff9b:1:0:a9:fea9:fe00:0", link_local},  // /64
        {"64:ff9b:1::a9fe:a9fe", link_local},        // /96
        {"64:ff9b:1::808:808", other},
        {"2002:7f00:1::", loopback},
        {"2002:a9fe:a9fe::1", link_local},
        {"2002:0a00:0001::1", private_network},
        {"2002:0808:0808::1", global},
        {"2001:0:4136:e378:8000:63bf:5601:5601", link_local},  // Teredo: the last four bytes inverted
        {"::127.0.0.1", other},                                // IPv4-compatible, given up
    };
    for (const auto& row : rows)
        EXPECT_EQ(static_cast<int>(classify(boost::asio::ip::make_address(row.address))),
                  static_cast<int>(row.kind))
            << row.address;
}

TEST(AddressGuard, RulesAllowClasses) {
    using enum AddressRule;
    struct Case {
        const char* address;
        bool no_metadata_allows, public_only_allows;
    };
    const Case cases[] = {
        {"8.8.8.8", true, true},    {"127.0.0.1", true, false},           {"10.0.0.1", true, false},
        {"fd00::1", true, false},   {"169.254.169.254", false, false},    {"fe80::1", false, false},
        {"224.0.0.1", true, false}, {"::ffff:169.254.0.1", false, false}, {"168.63.129.16", false, false},
    };
    for (const auto& row : cases) {
        auto address = boost::asio::ip::make_address(row.address);
        EXPECT_EQ(allowed(no_metadata, address), row.no_metadata_allows) << row.address;
        EXPECT_EQ(allowed(public_only, address), row.public_only_allows) << row.address;
    }
}

TEST(AddressGuard, WhoLendsCredentialsIsKnownByTheExactAddress) {
    auto lends = [](const char* address) {
        return allowed(AddressRule::metadata_only, boost::asio::ip::make_address(address));
    };
    for (const char* address : {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254",
                                "fd00:ec2::23", "fd20:ce::254"}) {
        EXPECT_TRUE(lends(address)) << address;
        EXPECT_FALSE(allowed(AddressRule::no_metadata, boost::asio::ip::make_address(address))) << address;
    }
    for (const char* address :
         {"169.254.169.253", "169.254.0.1", "168.63.129.16", "100.100.100.200", "127.0.0.1", "10.0.0.1",
          "8.8.8.8", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "fd00:ec2::1",
          "fe80::1", "::1"})
        EXPECT_FALSE(lends(address)) << address;
}

}  // namespace
}  // namespace basewatch::net
