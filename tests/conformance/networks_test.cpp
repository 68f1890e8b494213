// The registry client on networks as people have them: a pull-through cache and a plain copy as mirrors, a
// proxy that wants a password and knows names that we do not, a TLS terminator that wants a certificate. All
// of them real programs, with Debian's docker-registry behind.

#include "conformance/loopback_client.hpp"
#include "support/forward_proxy.hpp"
#include "support/nginx.hpp"
#include "support/real_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Built dated(int year) {
    ImageOptions options;
    options.created = std::to_string(year) + "-01-01T00:00:00Z";
    return image(options);
}

class MirrorsTest : public ::testing::Test {
protected:
    MirrorsTest() { first_ = origin.push("lib/base", "1.0", dated(2026)); }
    void mirror_at(const std::string& address, const std::string& prefix = "") {
        net.settings->by_host[origin.address()].plain_http = true;
        net.settings->by_host[origin.address()].mirrors = {{address, prefix, true}};
        net.settings->by_host[address].plain_http = true;
    }
    std::string tag() const { return origin.reference("lib/base", "1.0"); }
    Result<registry::Pointer> poll(const model::Digest& known, Milliseconds since_last = 0ms) {
        return run_async(net.loop,
                         net.client.look_up(net.reference(tag()), {known, net.clock.now() - since_last}));
    }

    RealRegistry origin;
    LoopbackClient net;
    model::Digest first_;
};

TEST_F(MirrorsTest, APullThroughCacheSparesItsOrigin) {
    RealRegistry cache({.cache_of = origin.url()});
    mirror_at(cache.address());
    auto baseline = net.look_up(tag());
    ASSERT_TRUE(baseline) << baseline.error().message();
    EXPECT_EQ(baseline->mirror, "");
    auto same = poll(first_);
    ASSERT_TRUE(same) << same.error().message();
    EXPECT_EQ(same->digest, first_);
    EXPECT_EQ(same->mirror, cache.address());

    // A tag that moved there is seen through the cache, and confirmed.
    auto moved = origin.push("lib/base", "1.0", dated(2027));
    auto news = poll(first_);
    ASSERT_TRUE(news) << news.error().message();
    EXPECT_EQ(news->digest, moved);
    EXPECT_EQ(news->mirror, "");
    auto manifest = net.manifest(tag(), moved);
    ASSERT_TRUE(manifest) << manifest.error().message();

    // Without its origin it says what it said before, with nothing to tell it by: no news, and no proof.
    origin.stop();
    auto stale = poll(moved, 4h);
    ASSERT_TRUE(stale) << stale.error().message();
    EXPECT_EQ(stale->mirror, cache.address());
    EXPECT_TRUE(net.manifest(tag(), moved));
    auto other = poll(first_);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message(),
                HasSubstr("its mirror " + cache.address() + " shows " + moved.short_text()));
    // A tag that it never saw is not there (404), and nothing follows from it.
    auto unseen = run_async(net.loop, net.client.look_up(net.reference(origin.reference("lib/base", "2.0")),
                                                         {moved, net.clock.now()}));
    ASSERT_FALSE(unseen);
    EXPECT_NE(unseen.error().kind(), ErrorKind::not_found);
}

TEST_F(MirrorsTest, ACopyThatIsBehindMakesNoNewsAndIsTold) {
    RealRegistry copy;
    copy.push("lib/base", "1.0", dated(2026));
    int port = free_port();
    Nginx nginx(passing_on(port, copy.url() + "/v2/", "", "/v2/hub/"), port);
    mirror_at("127.0.0.1:" + std::to_string(port), "hub");
    EXPECT_EQ(poll(first_)->mirror, "127.0.0.1:" + std::to_string(port));
    EXPECT_EQ(copy.count("HEAD", "/v2/lib/base/manifests/1.0?ns=127.0.0.1"), 1u);

    auto moved = origin.push("lib/base", "1.0", dated(2027));
    // It hides the change until the registry is asked for its own word.
    EXPECT_EQ(poll(first_)->digest, first_);
    EXPECT_EQ(poll(first_, 4h)->digest, moved);
    EXPECT_EQ(poll(moved)->digest, moved);
    auto lag = net.client.mirror_lag(net.reference(tag()));
    ASSERT_TRUE(lag);
    EXPECT_EQ(lag->shows, first_);
    ASSERT_EQ(net.client.mirrors().size(), 1u);
    EXPECT_EQ(net.client.mirrors()[0].behind, 1u);

    copy.push("lib/base", "1.0", dated(2027));
    net.clock.advance(1h);
    EXPECT_EQ(poll(moved)->digest, moved);
    EXPECT_FALSE(net.client.mirror_lag(net.reference(tag())));
}

TEST_F(MirrorsTest, ADeadMirrorIsLeftAloneAndTheRegistryAsked) {
    auto nowhere = "127.0.0.1:" + std::to_string(free_port());
    mirror_at(nowhere);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(poll(first_)->mirror, "");
    EXPECT_EQ(net.requests(nowhere), 1u);
    EXPECT_NE(net.client.mirrors().at(0).error, "");
}

// nginx in front of a registry, with a certificate of the test's authority.
class TerminatorTest : public ::testing::Test {
protected:
    void begin(const std::string& name, bool asks_for_certificate) {
        auto files = authority.sign({{name, "localhost"}});
        std::string more =
            "ssl_certificate " + files.certificate + "; ssl_certificate_key " + files.key + ";";
        if (asks_for_certificate)
            more += " ssl_client_certificate " + authority.file() + "; ssl_verify_client on;";
        nginx = std::make_unique<Nginx>(passing_on(port, origin.url(), more), port);
        digest = origin.push("lib/base", "1.0", dated(2026));
        address = name + ":" + std::to_string(port);
    }
    void trust(LoopbackClient& net) { net.settings->by_host[address].ca_file = authority.file(); }
    Result<registry::Pointer> look_up(LoopbackClient& net) { return net.look_up(address + "/lib/base:1.0"); }

    RealRegistry origin;
    CertificateAuthority authority;
    int port = free_port();
    std::unique_ptr<Nginx> nginx;
    model::Digest digest;
    std::string address;
};

TEST_F(TerminatorTest, OurAuthorityIsTrustedWhereItIsNamed) {
    begin("127.0.0.1", false);
    LoopbackClient stranger;
    auto refused = look_up(stranger);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::tls);
    EXPECT_THAT(refused.error().message(), HasSubstr("the certificate was refused"));

    LoopbackClient net;
    trust(net);
    auto pointer = look_up(net);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, digest);
}

TEST_F(TerminatorTest, AClientCertificateIsShownAndAWrongOneGivesOneClearError) {
    begin("127.0.0.1", true);
    auto own = authority.sign({{"client"}, {}});
    LoopbackClient net;
    trust(net);
    net.settings->by_host[address].client_certificate_file = own.certificate;
    net.settings->by_host[address].client_key_file = own.key;
    auto pointer = look_up(net);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, digest);
    EXPECT_TRUE(net.manifest(address + "/lib/base:1.0", digest));

    LoopbackClient without;
    trust(without);
    auto missing = look_up(without);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind(), ErrorKind::tls);
    EXPECT_THAT(missing.error().message(),
                HasSubstr("wants a client certificate: `client_cert` and `client_key`"));

    CertificateAuthority another;
    auto wrong = another.sign({{"client"}, {}});
    LoopbackClient mistaken;
    trust(mistaken);
    mistaken.settings->by_host[address].client_certificate_file = wrong.certificate;
    mistaken.settings->by_host[address].client_key_file = wrong.key;
    auto refused = look_up(mistaken);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::tls);
    EXPECT_THAT(refused.error().message(), HasSubstr("refused the client certificate"));
}

net::EnvironmentProxies environment(const std::map<std::string, std::string>& variables) {
    return net::EnvironmentProxies([&](const char* name) -> std::optional<std::string> {
        auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

// The registry's name is known to the proxy alone, so whoever reaches it went that way.
TEST_F(TerminatorTest, TheEnvironmentsProxyIsUsedUnlessNoProxyNamesTheHost) {
    begin("registry.test", false);
    ForwardProxy proxy("127.0.0.1 registry.test\n");
    LoopbackClient net{environment({{"HTTPS_PROXY", proxy.address()}, {"NO_PROXY", "other.test"}})};
    trust(net);
    auto pointer = look_up(net);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, digest);
    EXPECT_TRUE(eventually([&] { return proxy.count("CONNECT " + address) <= 1; }));

    LoopbackClient direct{environment({{"HTTPS_PROXY", proxy.address()}, {"NO_PROXY", ".test"}})};
    trust(direct);
    auto unknown = look_up(direct);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind(), ErrorKind::name_lookup);
}

TEST_F(TerminatorTest, AProxyWithAPasswordIsToldItAndItsRefusalsAreItsOwn) {
    begin("registry.test", false);
    ForwardProxy proxy("127.0.0.1 registry.test\n", true);
    auto by = [&](const std::string& login) {
        LoopbackClient net;
        trust(net);
        net.settings->by_host[address].proxy = Secret(proxy.address(login));
        return look_up(net);
    };
    auto pointer = by(ForwardProxy::username() + ":" + ForwardProxy::password());
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, digest);
    auto wrong = by("poller:not-the-password");
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message(), HasSubstr("refused its user and password (407)"));
    auto without = by("");
    ASSERT_FALSE(without);
    EXPECT_THAT(without.error().message(), HasSubstr("wants a user and a password (407)"));
}

// A registry without TLS, asked through a proxy that wants no password.
class PlainThroughProxy : public TerminatorTest {
protected:
    PlainThroughProxy() { digest = origin.push("lib/base", "1.0", dated(2026)); }
    Result<registry::Pointer> by(const ForwardProxy& proxy) {
        LoopbackClient net;
        auto& entry = net.settings->by_host[origin.address()];
        entry.plain_http = true;
        entry.ca_file = authority.file();
        entry.proxy = Secret(proxy.address());
        return net.look_up(origin.reference("lib/base", "1.0"));
    }
    void expect_passed(const ForwardProxy& proxy) {
        auto pointer = by(proxy);
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, digest);
        auto whole = "HEAD http://" + origin.address() + "/v2/lib/base/";
        EXPECT_TRUE(eventually([&] { return proxy.count(whole) == 1; }));
    }
};

TEST_F(PlainThroughProxy, IsAskedForByItsWholeAddress) {
    expect_passed(ForwardProxy());
}

TEST_F(PlainThroughProxy, IsAskedForByTlsWhereTheProxySpeaksIt) {
    expect_passed(ForwardProxy("", false, authority.sign()));
    auto refused = by(ForwardProxy("", false, authority.sign({{"elsewhere.test"}, {}})));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("the certificate was refused"));
}

// The proxy has a certificate of the test's authority, and so has the registry behind it.
TEST_F(TerminatorTest, AProxyMayBeSpokenToByTls) {
    begin("registry.test", false);
    ForwardProxy proxy("127.0.0.1 registry.test\n", true, authority.sign());
    auto by = [&](const std::string& login, bool trusts) {
        LoopbackClient net;
        if (trusts) trust(net);
        net.settings->by_host[address].proxy = Secret(proxy.address(login));
        auto pointer = look_up(net);
        // Kept for more than one request, as any connection.
        for (int i = 0; pointer && i < 3; ++i) pointer = look_up(net);
        return pointer;
    };
    auto login = ForwardProxy::username() + ":" + ForwardProxy::password();
    auto pointer = by(login, true);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, digest);
    EXPECT_TRUE(eventually([&] { return proxy.count("CONNECT " + address) == 1; }));

    auto without = by("", true);
    ASSERT_FALSE(without);
    EXPECT_THAT(without.error().message(), HasSubstr("wants a user and a password (407)"));
    auto stranger = by(login, false);
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().kind(), ErrorKind::tls);
    EXPECT_THAT(stranger.error().message(), HasSubstr("the proxy 127.0.0.1"));
    EXPECT_THAT(stranger.error().message(), HasSubstr("the certificate was refused"));
}

}  // namespace
}  // namespace basewatch::test
