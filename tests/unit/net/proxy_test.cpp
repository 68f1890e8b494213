// Proxies: whom the environment sends through one, and what is said to it and to those behind it.
#include "foundation/secret.hpp"
#include "net/proxies.hpp"
#include "unit/net/real_network.hpp"

#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

using asio::ip::tcp;
using test::kind_of;
using test::RawServer;
using test::read_header;
using test::RealNetwork;
using test::say;

EnvironmentProxies environment(std::map<std::string, std::string> variables) {
    return EnvironmentProxies([&](const char* name) -> std::optional<std::string> {
        auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    });
}

TEST(Proxies, ExceptionsAreThoseOfGo) {
    struct Row {
        const char* exceptions;
        const char* host;
        std::uint16_t port;
        bool proxied;
    };
    const Row rows[] = {
        {"", "example.com", 443, true},
        {"", "localhost", 443, false},
        {"", "LocalHost", 443, false},
        {"", "127.0.0.1", 443, false},
        {"", "127.9.9.9", 443, false},
        {"", "::1", 443, false},
        {"", "::ffff:127.0.0.1", 443, false},
        {"", "localhost.example.com", 443, true},
        {"*", "example.com", 443, false},
        {"a, *", "example.com", 443, false},
        {"example.com", "example.com", 443, false},
        {"example.com", "foo.example.com", 80, false},
        {"EXAMPLE.com ", "Example.COM", 80, false},
        {"ample.com", "example.com", 80, true},
        {".example.com", "example.com", 80, true},
        {".example.com", "foo.example.com", 80, false},
        {"*.example.com", "example.com", 80, true},
        {"*.example.com", "foo.example.com", 80, false},
        {".foo.com", "example.com", 80, true},
        {"example.com:80", "example.com", 80, false},
        {"example.com:80", "example.com", 443, true},
        {".example.com:443", "foo.example.com", 443, false},
        {"192.168.1.1", "192.168.1.1", 80, false},
        {"192.168.1.1", "192.168.1.10", 80, true},
        {"192.168.1.1:81", "192.168.1.1", 81, false},
        {"192.168.1.1:81", "192.168.1.1", 80, true},
        {"[2001:db8::52:0:1]:443", "2001:db8::52:0:1", 443, false},
        {"[2001:db8::52:0:1]:443", "2001:db8::52:0:1", 80, true},
        {"2001:db8::52:0:1", "2001:db8::52:0:1", 80, false},
        {"192.168.1.0/24", "192.168.1.77", 80, false},
        {"192.168.1.0/24", "192.168.2.77", 80, true},
        {"192.168.1.9/24", "192.168.1.77", 80, false},
        {"2001:db8::/32", "2001:db8:1::1", 80, false},
        {"2001:db8::/32", "192.168.1.1", 80, true},
        {"192.168.1.0/24", "name.example", 80, true},
        {",,:80,[,/,", "example.com", 80, true},
    };
    for (const auto& row : rows)
        EXPECT_EQ(proxied(row.exceptions, row.host, row.port), row.proxied)
            << row.exceptions << " for " << row.host << ":" << row.port;
}

TEST(Proxies, TheEnvironmentChoosesByScheme) {
    auto both = environment({{"HTTP_PROXY", "plain.example:1"}, {"https_proxy", "http://secure.example:2/"}});
    EXPECT_EQ((*both.choose(false, "r.example", 80))->host, "plain.example");
    EXPECT_EQ((*both.choose(true, "r.example", 443))->port, 2);
    EXPECT_EQ(*both.choose(true, "localhost", 443), nullptr);
    auto plain = environment({{"HTTP_PROXY", "p.example:1"}, {"http_proxy", "q.example:1"}});
    EXPECT_EQ((*plain.choose(false, "r.example", 80))->host, "p.example") << "upper case comes first";
    EXPECT_EQ(*plain.choose(true, "r.example", 443), nullptr) << "https has a variable of its own";
    EXPECT_EQ(*environment({}).choose(true, "r.example", 443), nullptr);
}

TEST(Proxies, WhatCannotBeUsedIsSaidAndNotPassedBy) {
    auto cgi = environment({{"HTTP_PROXY", "p.example:1"}, {"REQUEST_METHOD", "GET"}});
    EXPECT_EQ(cgi.choose(false, "r.example", 80).error().kind(), ErrorKind::invalid);
    for (const char* other : {"socks5://p.example:1", "socks5h://p.example:1", "ftp://p.example"}) {
        auto chosen = environment({{"HTTPS_PROXY", other}, {"NO_PROXY", "direct.example"}});
        auto refused = chosen.choose(true, "r.example", 443);
        ASSERT_FALSE(refused) << other;
        EXPECT_EQ(refused.error().kind(), ErrorKind::unsupported);
        EXPECT_NE(refused.error().message().find("HTTPS_PROXY"), std::string::npos);
    }
    auto broken = environment({{"HTTPS_PROXY", "http://u:hunter2hunter2@p example"}});
    auto refused = broken.choose(true, "r.example", 443);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message().find("hunter2"), std::string::npos);
}

TEST(Proxies, MayBeSpokenToByTls) {
    auto plain = parse_proxy("http://p.example:3128"), bare = parse_proxy("p.example:3128"),
         secure = parse_proxy("HTTPS://p.example");
    ASSERT_TRUE(plain && bare && secure);
    EXPECT_FALSE(plain->tls);
    EXPECT_FALSE(bare->tls);
    EXPECT_TRUE(secure->tls);
    EXPECT_EQ(secure->port, 443);
}

TEST(Proxies, CredentialsAreBasicAndSecret) {
    auto proxy = parse_proxy("http://us%40er:hunter2hunter2@p.example:3128");
    ASSERT_TRUE(proxy);
    EXPECT_EQ(proxy->authorization, "Basic dXNAZXI6aHVudGVyMmh1bnRlcjI=");
    EXPECT_EQ(redact("Proxy-Authorization: " + proxy->authorization).find("dXNA"), std::string::npos);
    EXPECT_EQ(redact("hunter2hunter2"), "[redacted]");
}

// A proxy that answers everything itself with `answer`, and keeps what it was asked.
struct FakeProxy {
    explicit FakeProxy(std::string says)
        : answer(std::move(says)), server([this](tcp::socket socket) -> Async<void> {
              std::string header;
              while (co_await read_header(socket, header)) {
                  {
                      std::scoped_lock lock(mutex);
                      asked.push_back(header);
                  }
                  bool said = co_await say(socket, answer);
                  if (!said) break;
              }
          }) {}
    std::shared_ptr<const Proxy> proxy(const std::string& user = "") {
        auto made = parse_proxy("http://" + user + "127.0.0.1:" + std::to_string(server.port()));
        return std::make_shared<const Proxy>(*made);
    }
    std::vector<std::string> questions() {
        std::scoped_lock lock(mutex);
        return asked;
    }
    std::string answer;
    std::mutex mutex;
    std::vector<std::string> asked;
    RawServer server;
};

TEST(Proxies, PlainHttpIsAskedForByItsWholeAddress) {
    FakeProxy proxy("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    RealNetwork network;
    network.policy->proxy = proxy.proxy("user:hunter2hunter2@");
    auto request = network.request("http://registry.invalid:5000/v2/a?b=c");
    request.headers.add("Proxy-Authorization", "Basic of-the-registry");
    auto response = network.send(request);
    ASSERT_EQ(kind_of(response), "status 200");
    EXPECT_EQ(response->remote, "") << "the proxy's address says nothing about the registry's";
    EXPECT_EQ(proxy.questions().at(0),
              "GET http://registry.invalid:5000/v2/a?b=c HTTP/1.1\r\nHost: registry.invalid:5000\r\n"
              "Proxy-Authorization: Basic dXNlcjpodW50ZXIyaHVudGVyMg==\r\n\r\n");
    EXPECT_EQ(kind_of(network.get("http://registry.invalid:5000/")), "status 200");
    EXPECT_EQ(network.client.connections_opened(), 1u) << "kept like any other";
}

TEST(Proxies, HttpsGoesThroughByConnectAndShowsTheProxyNoCredentialOfTheRegistry) {
    FakeProxy proxy("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    RealNetwork network;
    network.policy->proxy = proxy.proxy();
    auto request = network.request("https://registry.invalid/v2/");
    request.headers.add("Authorization", "Bearer of-the-registry");
    auto response = network.send(request);
    ASSERT_EQ(kind_of(response), "unreachable") << "never taken for a refusal by the registry";
    EXPECT_NE(response.error().message().find("the proxy 127.0.0.1"), std::string::npos);
    EXPECT_NE(response.error().message().find("407"), std::string::npos);
    EXPECT_EQ(proxy.questions().at(0),
              "CONNECT registry.invalid:443 HTTP/1.1\r\nHost: registry.invalid:443\r\n\r\n");
}

TEST(Proxies, RefusalsAndNonsenseAreTheProxys) {
    const std::pair<const char*, const char*> rows[] = {
        {"HTTP/1.1 403 Forbidden\r\n\r\n", "unreachable"},
        {"HTTP/1.1 503 Unavailable\r\n\r\n", "unreachable"},
        {"HTTP/1.1 200 OK\r\n\r\nearly", "bad_answer"},
        {"SSH-2.0-OpenSSH\r\n\r\n", "bad_answer"},
    };
    for (const auto& [answer, kind] : rows) {
        FakeProxy proxy(answer);
        RealNetwork network;
        network.policy->proxy = proxy.proxy();
        auto response = network.get("https://registry.invalid/v2/");
        EXPECT_EQ(kind_of(response), kind) << answer;
        EXPECT_NE(response.error().message().find("the proxy"), std::string::npos) << answer;
    }
    FakeProxy proxy("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
    RealNetwork network;
    network.policy->proxy = proxy.proxy("user:wrongwrong@");
    auto response = network.get("http://registry.invalid/");
    EXPECT_EQ(kind_of(response), "unreachable");
    EXPECT_NE(response.error().message().find("refused its user and password"), std::string::npos);
}

TEST(Proxies, LiteralAddressesAreGuardedInFrontOfTheProxy) {
    FakeProxy proxy("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    RealNetwork network;
    network.policy->proxy = proxy.proxy();
    EXPECT_EQ(kind_of(network.get("http://169.254.169.254/")), "blocked");
    for (const char* name :
         {"metadata.google.internal", "metadata.google.internal.", "METADATA", "instance-data"})
        EXPECT_EQ(kind_of(network.get("http://" + std::string(name) + "/")), "blocked") << name;
    EXPECT_EQ(kind_of(network.get("http://registry.invalid/")), "status 200")
        << "the proxy itself is the user's choice";
    EXPECT_EQ(proxy.questions().size(), 1u);
}

TEST(Proxies, AMetadataServiceIsNeverAskedThroughOneAndIsNone) {
    FakeProxy proxy("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    RealNetwork network;
    network.policy->proxy = proxy.proxy();
    network.policy->addresses = AddressRule::metadata_only;
    EXPECT_EQ(kind_of(network.get("http://127.0.0.1:1/")), "blocked") << "asked straight, and guarded";
    EXPECT_EQ(kind_of(network.get("http://registry.invalid/")), "name_lookup");
    EXPECT_EQ(proxy.questions().size(), 0u);
    RealNetwork through;
    through.policy->proxy = std::make_shared<const Proxy>(Proxy{"169.254.169.254", 80, ""});
    EXPECT_EQ(kind_of(through.get("http://registry.invalid/")), "blocked");
}

TEST(Proxies, TheEnvironmentsIsUsedUnlessThePolicySaysDirect) {
    FakeProxy proxy("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    RealNetwork network;
    SystemDialer dialer(network.loop.get_executor(), network.clock, network.resolver,
                        environment({{"http_proxy", "127.0.0.1:" + std::to_string(proxy.server.port())}}));
    HttpClient client(network.loop.get_executor(), network.clock, dialer);
    auto get = [&] {
        return kind_of(test::run_async(network.loop, client.send(network.request("http://a.invalid/"))));
    };
    EXPECT_EQ(get(), "status 200");
    network.policy = std::make_shared<ConnectionPolicy>();
    network.policy->direct = true;
    EXPECT_EQ(get(), "name_lookup");
}

}  // namespace
}  // namespace basewatch::net
