// TLS within TLS: a registry behind a proxy that is itself spoken to by TLS.
#include "net/proxies.hpp"
#include "support/certificates.hpp"
#include "unit/net/real_network.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

namespace basewatch::net {
namespace {

using asio::ip::tcp;
using test::as_result;
using test::CertificateAuthority;
using test::CertificateFiles;
using test::kind_of;
using test::RawServer;
using test::RealNetwork;
using testing::HasSubstr;

namespace ssl = asio::ssl;
using Outer = ssl::stream<tcp::socket>;

struct Wishes {
    std::string connected = "HTTP/1.1 200 Connected\r\n\r\n";
    std::string body = "ok";
    bool goodbye = true;        // TLS's own, by the registry
    bool proxy_leaves = false;  // in the middle of the answer, with a goodbye of its own
};

std::shared_ptr<ssl::context> context_of(const CertificateFiles& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->use_certificate_chain_file(files.certificate);
    context->use_private_key_file(files.key, ssl::context::pem);
    return context;
}

// The proxy, and the registry that it connects us to, in one.
struct Network {
    explicit Network(Wishes wanted = {})
        : wishes(std::move(wanted)),
          proxys(context_of(authority.sign())),
          registrys(context_of(authority.sign({{"registry.invalid"}, {}}))) {
        client.policy->ca_file = authority.file();
        client.policy->proxy = proxy();
    }
    std::shared_ptr<const Proxy> proxy(const std::string& user = "") {
        return std::make_shared<const Proxy>(
            *parse_proxy("https://" + user + "127.0.0.1:" + std::to_string(server.port())));
    }
    Result<HttpResponse> get(const std::string& url = "https://registry.invalid/v2/") {
        auto request = client.request(url);
        request.most_body = 64u << 20;
        return client.send(request);
    }

    Async<void> talk(tcp::socket socket) {
        Outer outer(std::move(socket), *proxys);
        auto [refused] = co_await outer.async_handshake(ssl::stream_base::server, as_result);
        if (refused) co_return;
        std::string header;
        bool asked = co_await test::read_header(outer, header);
        if (!asked) co_return;
        keep(header);
        auto [error, count] = co_await asio::async_write(outer, asio::buffer(wishes.connected), as_result);
        if (error || !wishes.connected.starts_with("HTTP/1.1 200")) co_return;
        ssl::stream<Outer&> inner(outer, *registrys);
        auto [unknown] = co_await inner.async_handshake(ssl::stream_base::server, as_result);
        if (unknown) co_return;
        for (;;) {
            bool more = co_await test::read_header(inner, header);
            if (!more) break;
            keep(header);
            std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(wishes.body.size()) +
                                 "\r\n\r\n" + wishes.body;
            if (wishes.proxy_leaves) answer.resize(answer.size() / 2);
            auto [failed, sent] = co_await asio::async_write(inner, asio::buffer(answer), as_result);
            if (failed || wishes.proxy_leaves || !wishes.goodbye) break;
        }
        if (wishes.proxy_leaves) co_await outer.async_shutdown(as_result);
    }
    void keep(const std::string& header) {
        std::lock_guard lock(mutex);
        headers.push_back(header);
    }
    std::vector<std::string> asked() {
        std::lock_guard lock(mutex);
        return headers;
    }

    Wishes wishes;
    CertificateAuthority authority;
    std::shared_ptr<ssl::context> proxys, registrys;
    std::mutex mutex;
    std::vector<std::string> headers;
    RawServer server{[this](tcp::socket socket) { return talk(std::move(socket)); }};
    RealNetwork client;
};

TEST(TlsProxy, ConnectsUsAndHearsNothingOfWhatWeSay) {
    Network network;
    network.client.policy->proxy = network.proxy("poller:s3cret-of-poller@");
    for (int i = 0; i < 3; ++i) {
        auto response = network.get();
        ASSERT_EQ(kind_of(response), "status 200") << response.error().message();
        EXPECT_EQ(response->body, "ok");
    }
    EXPECT_EQ(network.server.accepted(), 1) << "the connection is kept";
    auto asked = network.asked();
    ASSERT_EQ(asked.size(), 4u);
    EXPECT_THAT(asked[0], HasSubstr("CONNECT registry.invalid:443 HTTP/1.1\r\n"));
    EXPECT_THAT(asked[0], HasSubstr("Proxy-Authorization: Basic "));
    EXPECT_THAT(asked[1], HasSubstr("GET /v2/ HTTP/1.1\r\n"));
    EXPECT_EQ(asked[1].find("Proxy-Authorization"), std::string::npos);
}

TEST(TlsProxy, LargeAnswersComeWhole) {
    Wishes wishes;
    for (int i = 0; wishes.body.size() < (8u << 20); ++i) wishes.body += "line " + std::to_string(i) + "\n";
    Network network(wishes);
    auto response = network.get();
    ASSERT_EQ(kind_of(response), "status 200");
    EXPECT_TRUE(response->body == wishes.body);
}

TEST(TlsProxy, RefusesInItsOwnName) {
    Wishes wishes;
    wishes.connected = "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n";
    Network network(wishes);
    auto response = network.get();
    ASSERT_EQ(kind_of(response), "unreachable");
    EXPECT_THAT(response.error().message(), HasSubstr("the proxy 127.0.0.1"));
    EXPECT_THAT(response.error().message(), HasSubstr("wants a user and a password (407)"));
}

TEST(TlsProxy, AnEndIsNoAnswer) {
    for (bool proxy_leaves : {false, true}) {
        Wishes wishes;
        wishes.body = std::string(100'000, 'x');
        wishes.goodbye = false, wishes.proxy_leaves = proxy_leaves;
        Network network(wishes);
        auto response = network.get();
        if (!proxy_leaves) {
            // What came is whole, but what follows would not be.
            EXPECT_EQ(kind_of(response), "status 200");
            EXPECT_EQ(kind_of(network.get()), "status 200") << "on a new connection";
            EXPECT_EQ(network.server.accepted(), 2);
        } else {
            EXPECT_EQ(kind_of(response), "unreachable");
        }
    }
}

TEST(TlsProxy, BothHaveToBeWhoWeMean) {
    Network stranger;
    stranger.client.policy->ca_file.clear();
    auto refused = stranger.get();
    ASSERT_EQ(kind_of(refused), "tls");
    EXPECT_THAT(refused.error().message(), HasSubstr("the proxy 127.0.0.1"));
    EXPECT_TRUE(stranger.asked().empty()) << "nothing is said to a stranger";

    Network other;
    auto unknown = other.get("https://another.invalid/v2/");
    ASSERT_EQ(kind_of(unknown), "tls");
    EXPECT_EQ(unknown.error().message().find("the proxy"), std::string::npos)
        << "it is the registry that is wrong";
    EXPECT_EQ(other.asked().size(), 1u);
}

TEST(TlsProxy, IsNotShownTheRegistrysClientCertificate) {
    Network network;
    auto own = network.authority.sign({{"client"}, {}});
    network.client.policy->client_certificate_file = own.certificate;
    network.client.policy->client_key_file = own.key;
    network.proxys->load_verify_file(network.authority.file());
    network.proxys->set_verify_mode(ssl::verify_peer);
    bool shown = false;
    network.proxys->set_verify_callback([&](bool, ssl::verify_context&) { return shown = true; });
    EXPECT_EQ(kind_of(network.get()), "status 200");
    EXPECT_FALSE(shown);
}

TEST(TlsProxy, PlainRequestsAreReadByIt) {
    Wishes wishes;
    wishes.connected = "HTTP/1.1 203 Read\r\nContent-Length: 2\r\n\r\nok";
    Network network(wishes);
    network.client.policy->proxy = network.proxy("poller:s3cret-of-poller@");
    auto response = network.get("http://registry.invalid/v2/");
    ASSERT_EQ(kind_of(response), "status 203");
    EXPECT_THAT(network.asked().at(0), HasSubstr("GET http://registry.invalid/v2/ HTTP/1.1\r\n"));
    EXPECT_THAT(network.asked().at(0), HasSubstr("Proxy-Authorization: Basic "));
}

}  // namespace
}  // namespace basewatch::net
