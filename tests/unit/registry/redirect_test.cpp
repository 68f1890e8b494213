// Redirects: followed, but never with what belongs to somebody else.

#include "foundation/bytes.hpp"
#include "registry/access.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using test::image;
using testing::HasSubstr;

class RedirectTest : public ClientTest {
protected:
    RedirectTest() {
        built = image();
        registry.push("team/app", "1.0", built);
        client();
    }
    void redirect(int status, const std::string& to) {
        registry.fail({.target = "/manifests/", .status = status, .headers = {{"Location", to}}});
    }
    static net::HttpResponse manifest(const test::Built& built) {
        return answer(200,
                      {{"Content-Type", built.media_type}, {"Docker-Content-Digest", built.digest.text()}},
                      built.body);
    }
    test::Built built;
};

TEST_F(RedirectTest, OfEveryKindAreFollowedAsTheyWereAsked) {
    transport.serve("https://mirror.example.net",
                    [this](const net::HttpRequest&) { return manifest(built); });
    for (int status : {301, 302, 303, 307, 308}) {
        registry.recover();
        redirect(status, "https://mirror.example.net/v2/team/app/manifests/1.0");
        auto pointer = look_up();
        ASSERT_TRUE(pointer) << status;
        EXPECT_EQ(pointer->digest, built.digest);
        EXPECT_EQ(transport.sent().back().method, "HEAD");
    }
}

TEST_F(RedirectTest, NoCredentialLeavesItsOrigin) {
    for (bool basic : {true, false}) {
        transport.forget();
        auto changed = std::make_shared<settings::RegistriesSettings>();
        changed->by_host["registry.example.com"].username = "ci";
        changed->by_host["registry.example.com"].password = Secret("s3cret-password");
        client().replace_settings(changed);
        registry.recover();
        if (basic) {
            registry.ask_for_password("ci", "s3cret-password");
        } else {
            registry.ask_for_token({.realm = "https://registry.example.com/token"});
        }
        ASSERT_TRUE(look_up());
        EXPECT_NE(last_authorization("/manifests/"), "");
        for (const char* elsewhere : {"https://cdn.example.net", "https://registry.example.com:8443",
                                      "https://sub.registry.example.com"}) {
            transport.serve(elsewhere, [this](const net::HttpRequest&) { return manifest(built); });
            registry.recover();
            redirect(307, std::string(elsewhere) + "/v2/team/app/manifests/1.0");
            ASSERT_TRUE(look_up()) << elsewhere;
            EXPECT_EQ(transport.sent().back().url.origin(), elsewhere);
            EXPECT_EQ(last_authorization(elsewhere), "") << elsewhere;
        }
        registry.recover();
        registry.fail({.target = "/manifests/1.0",
                       .status = 307,
                       .headers = {{"Location", "/v2/team/app/manifests/2.0"}}});
        registry.push("team/app", "2.0", built);
        ASSERT_TRUE(look_up());
        EXPECT_NE(last_authorization("/manifests/2.0"), "") << "the same origin keeps it";
    }
}

TEST_F(RedirectTest, AnotherRegistrysChallengeIsAnsweredAsThatRegistry) {
    // As lscr.io does: sends to ghcr.io, which has a token server of its own.
    test::RegistryScript other;
    other.push("linuxserver/app", "1.0", built);
    other.ask_for_token({.realm = "https://ghcr.example.net/token", .service = "ghcr"});
    transport.serve("https://ghcr.example.net", other);
    redirect(307, "https://ghcr.example.net/v2/linuxserver/app/manifests/1.0");
    auto pointer = look_up();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(transport.count(
                  "GET", "ghcr.example.net/token?service=ghcr&scope=repository%3Alinuxserver%2Fapp%3Apull"),
              1u);
    transport.forget();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().size(), 2u) << "its token is kept under its own name";
    EXPECT_EQ(last_authorization("registry.example.com"), "");
}

TEST_F(RedirectTest, ThatLeadAstrayAreErrors) {
    struct Row {
        std::string to;
        ErrorKind kind;
    };
    const Row rows[] = {
        {"http://registry.example.com/v2/team/app/manifests/1.0", ErrorKind::blocked},
        {"http://127.0.0.1/", ErrorKind::blocked},
        {"https://user:pass@cdn.example.net/x", ErrorKind::blocked},
        {"ftp://cdn.example.net/x", ErrorKind::bad_answer},
        {"", ErrorKind::bad_answer},
        {"https://[broken", ErrorKind::bad_answer},
        {"https://x.example/" + std::string(9000, 'x'), ErrorKind::bad_answer},
        {"/v2/team/app/manifests/1.0", ErrorKind::bad_answer},  // in circles
    };
    for (const auto& row : rows) {
        registry.recover();
        redirect(307, row.to);
        auto pointer = look_up();
        ASSERT_FALSE(pointer) << row.to;
        EXPECT_EQ(pointer.error().kind(), row.kind) << row.to;
        clock.advance(std::chrono::minutes(1));
    }
    EXPECT_EQ(transport.count("", "/manifests/1.0"), 7u + 11u) << "ten hops and no more";
    registry.recover();
    registry.fail({.status = 307});
    EXPECT_EQ(look_up().error().kind(), ErrorKind::bad_answer);
}

TEST_F(RedirectTest, FromAPublicRegistryMayNotLeadToLocalAddresses) {
    transport.serve("https://cdn.example.net", [this](const net::HttpRequest&) { return manifest(built); });
    redirect(307, "https://cdn.example.net/x");
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().back().policy->addresses, net::AddressRule::public_only);

    auto changed = std::make_shared<settings::RegistriesSettings>();
    changed->by_host["127.0.0.1:5000"].plain_http = true;
    changed->by_host["127.0.0.1:5000"].ca_file = "/etc/ca.pem";
    client().replace_settings(changed);
    transport.serve("http://127.0.0.1:5000", registry);
    ASSERT_TRUE(look_up("127.0.0.1:5000/team/app:1.0"));
    EXPECT_EQ(transport.sent().back().policy->addresses, net::AddressRule::no_metadata);
    EXPECT_EQ(transport.sent().back().policy->ca_file, "/etc/ca.pem") << "one network, one authority";

    changed = std::make_shared<settings::RegistriesSettings>(*changed);
    changed->by_host["cdn.example.net"].ca_file = "/etc/cdn.pem";
    client().replace_settings(changed);
    ASSERT_TRUE(look_up());
    EXPECT_EQ(transport.sent().back().policy->addresses, net::AddressRule::no_metadata)
        << "the user named it";
    EXPECT_EQ(transport.sent().back().policy->ca_file, "/etc/cdn.pem");
}

TEST_F(RedirectTest, ShowsTheClientsCertificateToItsRegistryAlone) {
    auto changed = std::make_shared<settings::RegistriesSettings>();
    auto& own = changed->by_host["registry.example.com"];
    own.client_certificate_file = "/etc/client.pem";
    own.client_key_file = "/etc/client.key";
    own.family = settings::Family::ipv4;
    own.proxy = Secret("http://proxy.example:3128");
    client().replace_settings(changed);
    transport.serve("https://cdn.example.net", [this](const net::HttpRequest&) { return manifest(built); });
    redirect(307, "https://cdn.example.net/x");
    ASSERT_TRUE(look_up());
    const auto& elsewhere = *transport.sent().back().policy;
    EXPECT_EQ(elsewhere.client_certificate_file, "");
    EXPECT_EQ(elsewhere.client_key_file, "");
    EXPECT_EQ(elsewhere.family, net::AddressFamily::any);
    ASSERT_TRUE(elsewhere.proxy) << "one network, one way out";
    EXPECT_EQ(elsewhere.proxy->host, "proxy.example");
    const auto& here = *transport.sent().front().policy;
    EXPECT_EQ(here.client_certificate_file, "/etc/client.pem");
    EXPECT_EQ(here.client_key_file, "/etc/client.key");
    EXPECT_EQ(here.family, net::AddressFamily::ipv4);
}

TEST_F(RedirectTest, ToAWebPageIsNoAnswer) {
    transport.serve("https://www.example.net", [](const net::HttpRequest&) {
        return answer(200, {{"Content-Type", "text/html"}}, "<html>");
    });
    redirect(303, "https://www.example.net/login");
    EXPECT_EQ(look_up().error().kind(), ErrorKind::bad_answer);
}

TEST_F(RedirectTest, WhoIsTiredBehindARedirectPausesBoth) {
    transport.serve("https://cdn.example.net",
                    [](const net::HttpRequest&) { return answer(429, {{"Retry-After", "30"}}); });
    redirect(307, "https://cdn.example.net/x");
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::rate_limited);
    EXPECT_THAT(pointer.error().message(), HasSubstr("cdn.example.net said 429"));
    EXPECT_EQ(client().paused_until("registry.example.com"), clock.monotonic() + std::chrono::seconds(30));
    EXPECT_TRUE(client().paused_until("cdn.example.net"));
}

TEST(Paths, OfTheRegistryApiNameTheirRepository) {
    EXPECT_EQ(repository_in("/v2/team/app/manifests/1.0"), "team/app");
    EXPECT_EQ(repository_in("/v2/app/blobs/sha256:abc?ns=docker.io"), "app");
    EXPECT_EQ(repository_in("/v2/"), "");
    EXPECT_EQ(repository_in("/v2/manifests/1.0"), "");
    EXPECT_EQ(repository_in("/v1/app/manifests/1.0"), "");
    EXPECT_EQ(repository_in("/v2/team/app/tags/list?n=2"), "team/app");
    EXPECT_EQ(repository_in("/v2/app/tags/list/more"), "");
    EXPECT_EQ(repository_in("/v2/a%20b/manifests/1.0"), "");
    EXPECT_EQ(repository_in("/v2/" + std::string(300, 'a') + "/manifests/1.0"), "");
}

}  // namespace
}  // namespace basewatch::registry
