// Headers of the settings and of docker's file: to the registry they are for, and to nobody else.
#include "foundation/bytes.hpp"
#include "registry/auth_file.hpp"
#include "support/temporary_folder.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using test::image;

class RegistryHeadersTest : public ClientTest {
protected:
    RegistryHeadersTest() {
        registry.push("team/app", "1.0", image());
        auto& headers = settings->by_host["registry.example.com"].headers;
        headers.emplace("X-Gateway", settings::HeaderValue(Secret("gateway-key-1")));
        headers.emplace("X-Team", settings::HeaderValue(std::string("platform")));
    }
    // Which requests had it, by address.
    std::vector<std::string> with(const std::string& name) const {
        std::vector<std::string> found;
        for (const auto& request : transport.sent())
            if (request.headers.find(name)) found.push_back(request.url.text());
        return found;
    }

    test::TemporaryFolder folder;
};

const std::string manifest = "https://registry.example.com/v2/team/app/manifests/1.0";

TEST_F(RegistryHeadersTest, GoAlongWithEveryRequestToTheRegistry) {
    ASSERT_TRUE(look_up());
    ASSERT_EQ(transport.sent().size(), 1u);
    const auto& headers = transport.sent()[0].headers;
    EXPECT_EQ(headers.find("X-Gateway"), "gateway-key-1");
    EXPECT_EQ(headers.find("X-Team"), "platform");
    look_up("other.example.com/team/app:1.0");
    EXPECT_EQ(with("X-Gateway").size(), 1u);
}

TEST_F(RegistryHeadersTest, DoNotFollowARedirectAndDoNotGoToAnotherPortOrTokenServer) {
    for (const char* elsewhere :
         {"https://cdn.example.com", "https://registry.example.com:8443", "https://auth.example.com"})
        transport.serve(elsewhere, registry);
    registry.ask_for_token({.realm = "https://auth.example.com/token"});
    registry.fail({.method = "HEAD",
                   .times = 1,
                   .status = 307,
                   .headers = {{"Location", "https://registry.example.com:8443/v2/team/app/manifests/1.0"}}});
    look_up();
    transport.forget();
    registry.recover();
    registry.fail({.method = "HEAD",
                   .times = 1,
                   .status = 307,
                   .headers = {{"Location", "https://cdn.example.com/v2/team/app/manifests/1.0"}}});
    look_up();
    registry.recover();
    ASSERT_TRUE(look_up());
    for (const auto& address : with("X-Gateway")) EXPECT_EQ(address, manifest);
    EXPECT_GE(transport.count("", "cdn.example.com"), 1u);
    EXPECT_GE(transport.count("", "auth.example.com"), 1u);
}

TEST_F(RegistryHeadersTest, AreNotThoseOfARegistryThatAnotherOneLeadsTo) {
    transport.serve("https://first.example.com",
                    [](const net::HttpRequest&) { return answer(307, {{"Location", manifest}}); });
    ASSERT_TRUE(look_up("first.example.com/team/app:1.0"));
    EXPECT_TRUE(with("X-Gateway").empty());
}

TEST_F(RegistryHeadersTest, OfARegistryThatIsItsOwnTokenServerGoThereToo) {
    registry.ask_for_token({.realm = "https://registry.example.com/token"});
    ASSERT_TRUE(look_up());
    EXPECT_EQ(with("X-Gateway").size(), transport.sent().size());
}

TEST_F(RegistryHeadersTest, NeverReplaceOurs) {
    auto& headers = settings->by_host["registry.example.com"].headers;
    for (const char* name : {"authorization", "ACCEPT", "User-Agent"})
        headers.emplace(name, settings::HeaderValue(std::string("theirs")));
    registry.ask_for_password("ci", "s3cret-password");
    settings->by_host["registry.example.com"].username = "ci";
    settings->by_host["registry.example.com"].password = Secret("s3cret-password");
    ASSERT_TRUE(look_up());
    const auto& last = transport.sent().back().headers;
    EXPECT_EQ(last.all("Authorization"),
              std::vector<std::string_view>{"Basic " + base64("ci:s3cret-password")});
    EXPECT_EQ(last.all("User-Agent").size(), 1u);
    EXPECT_NE(last.find("Accept"), "theirs");
}

TEST_F(RegistryHeadersTest, OfDockersFileGoToTheRegistriesThatItKnows) {
    settings->auth_files = {folder.write(
        "config.json",
        R"({"auths":{"registry.example.com":{"auth":"Y2k6cA=="}},)"
        R"("HttpHeaders":{"X-Meta-Who":"ci","Authorization":"Basic no","User-Agent":"docker","X-Team":"file"}})")};
    ASSERT_TRUE(look_up());
    const auto& headers = transport.sent().back().headers;
    EXPECT_EQ(headers.find("X-Meta-Who"), "ci");
    EXPECT_EQ(headers.find("X-Team"), "platform") << "the settings go before";
    EXPECT_FALSE(headers.find("Authorization"));
    transport.serve("https://other.example.com", registry);
    ASSERT_TRUE(look_up("other.example.com/team/app:1.0"));
    EXPECT_FALSE(transport.sent().back().headers.find("X-Meta-Who"));
}

TEST_F(RegistryHeadersTest, OfAFileThatCannotBeHeadersAreAnErrorOfTheFile) {
    for (const char* headers : {R"({"X-A":7})", R"({"X A":"v"})", R"({"X-A":"two\nlines"})", R"({"":"v"})"})
        EXPECT_FALSE(AuthFile::parse(R"({"auths":{},"HttpHeaders":)" + std::string(headers) + "}"))
            << headers;
    EXPECT_TRUE(AuthFile::parse(R"({"auths":{},"HttpHeaders":{"X-A":"v"}})"));
}

}  // namespace
}  // namespace basewatch::registry
