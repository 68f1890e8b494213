// TLS: who is believed and who is not, and what an end without a goodbye means.
#include "net/tls_context.hpp"
#include "support/certificates.hpp"
#include "unit/net/real_network.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <gtest/gtest.h>

#include <filesystem>

namespace basewatch::net {
namespace {

using asio::ip::tcp;
using test::CertificateAuthority;
using test::CertificateFiles;
using test::kind_of;
using test::RawServer;
using test::RealNetwork;

namespace ssl = asio::ssl;
using SecureSocket = ssl::stream<tcp::socket>;

struct ServerWishes {
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    bool goodbye = true;  // TLS's close_notify before it closes
    bool keeps = true;    // answers further requests
    std::string client_authority;
    int latest = TLS1_3_VERSION;
};

// What the last client said in its handshake.
struct Seen {
    std::mutex mutex;
    std::string server_name = "(nothing)", protocol;
};

std::shared_ptr<ssl::context> server_context(const CertificateFiles& files, const ServerWishes& wishes) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->use_certificate_chain_file(files.certificate);
    context->use_private_key_file(files.key, ssl::context::pem);
    SSL_CTX_set_max_proto_version(context->native_handle(), wishes.latest);
    if (!wishes.client_authority.empty()) {
        context->load_verify_file(wishes.client_authority);
        context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    }
    auto choose = [](SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in,
                     unsigned int size, void*) {
        static const unsigned char known[] = "\x02h2\x08http/1.1";
        unsigned char* chosen = nullptr;
        int result = SSL_select_next_proto(&chosen, length, known, sizeof known - 1, in, size);
        *out = chosen;
        return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
    };
    SSL_CTX_set_alpn_select_cb(context->native_handle(), choose, nullptr);
    return context;
}

Async<void> talk(tcp::socket socket, std::shared_ptr<ssl::context> context, ServerWishes wishes,
                 std::shared_ptr<Seen> seen) {
    SecureSocket stream(std::move(socket), *context);
    auto [failed] = co_await stream.async_handshake(ssl::stream_base::server, test::as_result);
    if (failed) co_return;
    {
        std::lock_guard lock(seen->mutex);
        const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
        seen->server_name = name == nullptr ? "" : name;
        const unsigned char* protocol = nullptr;
        unsigned int length = 0;
        SSL_get0_alpn_selected(stream.native_handle(), &protocol, &length);
        seen->protocol.assign(reinterpret_cast<const char*>(protocol), length);
    }
    char bytes[4096];
    do {
        auto [error, count] = co_await stream.async_read_some(asio::buffer(bytes), test::as_result);
        if (error) co_return;
        co_await asio::async_write(stream, asio::buffer(wishes.answer), test::as_result);
    } while (wishes.keeps);
    if (wishes.goodbye) co_await stream.async_shutdown(test::as_result);
}

class SecureServer {
public:
    explicit SecureServer(const CertificateFiles& files, ServerWishes wishes = {})
        : server_([context = server_context(files, wishes), wishes, seen = seen_](tcp::socket socket) {
              return talk(std::move(socket), context, wishes, seen);
          }) {}
    std::string url(const std::string& host) const { return server_.url(host, "https"); }
    int accepted() const { return server_.accepted(); }
    std::string server_name() {
        std::lock_guard lock(seen_->mutex);
        return seen_->server_name;
    }
    std::string protocol() {
        std::lock_guard lock(seen_->mutex);
        return seen_->protocol;
    }

private:
    std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
    RawServer server_;
};

// Every name leads to this machine.
class LoopbackResolver final : public Resolver {
public:
    Async<Result<std::vector<std::string>>> resolve(std::string, Monotonic) override {
        co_return std::vector<std::string>{"127.0.0.1"};
    }
};

struct SecureNetwork {
    RealNetwork network;
    LoopbackResolver resolver;
    SystemDialer dialer{network.loop.get_executor(), network.clock, resolver};
    HttpClient client{network.loop.get_executor(), network.clock, dialer};

    explicit SecureNetwork(const std::string& ca_file) { network.policy->ca_file = ca_file; }
    Result<HttpResponse> get(const std::string& url) {
        return test::run_async(network.loop, client.send(network.request(url)));
    }
};

TEST(Tls, BelievesTheRightCertificateOnly) {
    CertificateAuthority authority, stranger;
    struct Row {
        const char* what;
        test::CertificateWishes wishes;
        const char* host;
        const char* outcome;
        bool trusted = true;
    };
    const Row rows[] = {
        {"name", {{"registry.example"}, {}}, "registry.example", "status 200"},
        {"name with a final dot", {{"registry.example"}, {}}, "registry.example.", "status 200"},
        {"name in capitals", {{"Registry.Example"}, {}}, "registry.example", "status 200"},
        {"wildcard", {{"*.corp.example"}, {}}, "registry.corp.example", "status 200"},
        {"address", {{}, {"127.0.0.1"}}, "127.0.0.1", "status 200"},
        {"wildcard for a whole zone", {{"*.example"}, {}}, "registry.example", "tls"},
        {"another name", {{"registry.example"}, {}}, "other.example", "tls"},
        {"wildcard over two labels", {{"*.corp.example"}, {}}, "a.b.corp.example", "tls"},
        {"wildcard inside a label", {{"r*.corp.example"}, {}}, "registry.corp.example", "tls"},
        {"another address", {{"localhost"}, {"127.0.0.2"}}, "127.0.0.1", "tls"},
        {"an address as a name", {{"127.0.0.1"}, {}}, "127.0.0.1", "tls"},
        {"a common name alone", {{}, {}}, "test", "tls"},
        {"expired", {{"registry.example"}, {}, -7200, -3600}, "registry.example", "tls"},
        {"not yet valid", {{"registry.example"}, {}, 1800, 3600}, "registry.example", "tls"},
        {"unknown authority", {{"registry.example"}, {}}, "registry.example", "tls", false},
    };
    for (const auto& row : rows) {
        SecureServer server(authority.sign(row.wishes));
        SecureNetwork client(row.trusted ? authority.file() : stranger.file());
        auto response = client.get(server.url(row.host));
        EXPECT_EQ(kind_of(response), row.outcome)
            << row.what << (response ? "" : ": " + response.error().message());
    }
}

TEST(Tls, TheSystemsStoreDoesNotKnowOurAuthority) {
    CertificateAuthority authority;
    SecureServer server(authority.sign());
    SecureNetwork client("");
    auto response = client.get(server.url("localhost"));
    ASSERT_EQ(kind_of(response), "tls");
    EXPECT_NE(response.error().message().find("certificate was refused"), std::string::npos);
}

TEST(Tls, SendsTheNameButNoAddress) {
    CertificateAuthority authority;
    SecureServer server(authority.sign({{"registry.example"}, {"127.0.0.1"}}));
    SecureNetwork client(authority.file());
    EXPECT_EQ(kind_of(client.get(server.url("registry.example"))), "status 200");
    EXPECT_EQ(server.server_name(), "registry.example");
    EXPECT_EQ(server.protocol(), "http/1.1");
    EXPECT_EQ(kind_of(client.get(server.url("127.0.0.1"))), "status 200");
    EXPECT_EQ(server.server_name(), "");
}

TEST(Tls, KeepsConnections) {
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CertificateAuthority authority;
        ServerWishes wishes;
        wishes.latest = version;
        SecureServer server(authority.sign(), wishes);
        SecureNetwork client(authority.file());
        for (int i = 0; i < 5; ++i) EXPECT_EQ(kind_of(client.get(server.url("localhost"))), "status 200");
        EXPECT_EQ(server.accepted(), 1);
    }
}

TEST(Tls, OldVersionsAreRefused) {
    CertificateAuthority authority;
    ServerWishes wishes;
    wishes.latest = TLS1_1_VERSION;
    SecureServer server(authority.sign(), wishes);
    SecureNetwork client(authority.file());
    EXPECT_EQ(kind_of(client.get(server.url("localhost"))), "tls");
}

// An answer without a length ends with the connection: without TLS's goodbye anybody could have ended it.
TEST(Tls, AnEndWithoutAGoodbyeMattersBeforeTheAnswerIsWhole) {
    CertificateAuthority authority;
    auto files = authority.sign();
    auto outcome = [&](const std::string& answer, bool goodbye) {
        ServerWishes wishes;
        wishes.answer = answer;
        wishes.goodbye = goodbye;
        wishes.keeps = false;
        SecureServer server(files, wishes);
        SecureNetwork client(authority.file());
        auto response = client.get(server.url("localhost"));
        return response ? response->body : kind_of(response);
    };
    const std::string until_end = "HTTP/1.1 200 OK\r\n\r\nhello";
    const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    const std::string cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
    EXPECT_EQ(outcome(until_end, true), "hello");
    EXPECT_EQ(outcome(until_end, false), "unreachable");
    EXPECT_EQ(outcome(whole, true), "hello");
    EXPECT_EQ(outcome(whole, false), "hello");
    EXPECT_EQ(outcome(cut, true), "unreachable");
    EXPECT_EQ(outcome(cut, false), "unreachable");
}

TEST(Tls, AConnectionClosedWhileKeptIsReplaced) {
    for (bool goodbye : {true, false}) {
        CertificateAuthority authority;
        ServerWishes wishes;
        wishes.keeps = false;
        wishes.goodbye = goodbye;
        SecureServer server(authority.sign(), wishes);
        SecureNetwork client(authority.file());
        for (int i = 0; i < 4; ++i) EXPECT_EQ(kind_of(client.get(server.url("localhost"))), "status 200");
        EXPECT_EQ(server.accepted(), 4);
    }
}

TEST(Tls, ShowsTheClientsCertificateWhereItHasOne) {
    CertificateAuthority authority;
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        ServerWishes wishes;
        wishes.client_authority = authority.file();
        wishes.latest = version;
        SecureServer server(authority.sign(), wishes);
        auto own = authority.sign({{"client"}, {}});
        SecureNetwork with(authority.file());
        with.network.policy->client_certificate_file = own.certificate;
        with.network.policy->client_key_file = own.key;
        EXPECT_EQ(kind_of(with.get(server.url("localhost"))), "status 200");
        SecureNetwork without(authority.file());
        EXPECT_EQ(kind_of(without.get(server.url("localhost"))), "tls");
    }
}

TEST(Tls, UnusableFilesAreNamed) {
    CertificateAuthority authority;
    auto files = authority.sign(), others = authority.sign();
    test::TemporaryFolder folder;
    struct Row {
        std::string ca_file, certificate, key, named;
    };
    const Row rows[] = {
        {folder / "missing.pem", "", "", folder / "missing.pem"},
        {folder.write("broken.pem", "not PEM"), "", "", folder / "broken.pem"},
        {"", folder / "missing.pem", "", folder / "missing.pem"},
        {"", files.certificate, folder / "missing.key", folder / "missing.key"},
        {"", files.certificate, others.key, others.key},
    };
    for (const auto& row : rows) {
        ConnectionPolicy policy;
        policy.ca_file = row.ca_file;
        policy.client_certificate_file = row.certificate;
        policy.client_key_file = row.key;
        auto context = make_tls_context(policy);
        ASSERT_FALSE(context) << row.named;
        EXPECT_EQ(context.error().kind(), ErrorKind::tls);
        EXPECT_NE(context.error().message().find(row.named), std::string::npos) << context.error().message();
    }
}

TEST(Tls, AClientCertificateThatIsOverIsSaidBeforeItIsShown) {
    CertificateAuthority authority;
    auto over = authority.sign({{"client"}, {}, -7200, -3600});
    ConnectionPolicy policy;
    policy.client_certificate_file = over.certificate;
    policy.client_key_file = over.key;
    auto context = make_tls_context(policy);
    ASSERT_FALSE(context);
    EXPECT_NE(context.error().message().find(over.certificate + " has expired"), std::string::npos);
}

TEST(Tls, FilesThatChangedAreReadAgain) {
    CertificateAuthority first, second;
    test::TemporaryFolder folder;
    auto copy = [&](const std::string& from) { return folder.write("ca.pem", test::read_file(from)); };
    auto policy = std::make_shared<ConnectionPolicy>();
    policy->ca_file = copy(first.file());
    TlsContexts contexts;
    auto before = *contexts.of(policy);
    EXPECT_EQ(*contexts.of(policy), before);
    std::filesystem::remove(policy->ca_file);
    EXPECT_FALSE(contexts.of(policy));
    copy(second.file());
    ASSERT_TRUE(contexts.of(policy));
    EXPECT_NE(*contexts.of(policy), before);
}

TEST(Tls, ContextsAreSharedByPolicy) {
    CertificateAuthority authority;
    TlsContexts contexts;
    auto plain = std::make_shared<const ConnectionPolicy>(),
         also_plain = std::make_shared<const ConnectionPolicy>();
    ConnectionPolicy with_file;
    with_file.ca_file = authority.file();
    auto own = std::make_shared<const ConnectionPolicy>(with_file);
    auto after_reload = std::make_shared<const ConnectionPolicy>(with_file);
    EXPECT_EQ(*contexts.of(plain), *contexts.of(also_plain));
    EXPECT_EQ(*contexts.of(own), *contexts.of(own));
    EXPECT_NE(*contexts.of(own), *contexts.of(plain));
    EXPECT_NE(*contexts.of(own), *contexts.of(after_reload));
}

TEST(Tls, AServerThatSpeaksPlainHttpIsATlsError) {
    RawServer server([](tcp::socket socket) -> Async<void> {
        std::string ignored;
        co_await test::say(socket, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        co_await test::read_header(socket, ignored);
    });
    RealNetwork network;
    EXPECT_EQ(kind_of(network.get(server.url("127.0.0.1", "https"))), "tls");
}

TEST(Tls, AHandshakeThatNeverComesEndsAtTheConnectDeadline) {
    RawServer server([](tcp::socket socket) -> Async<void> {
        std::string ignored;
        co_await test::read_header(socket, ignored);
    });
    RealNetwork network;
    network.policy->connect_timeout = Milliseconds(150);
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(kind_of(network.get(server.url("127.0.0.1", "https"))), "timed_out");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Milliseconds(5'000));
}

}  // namespace
}  // namespace basewatch::net
