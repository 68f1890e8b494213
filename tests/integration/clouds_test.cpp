// The clouds' logins over real HTTP: registries, their token services and the metadata services are played on
// loopback, and the names of the world lead there.

#include "foundation/bytes.hpp"
#include "foundation/log.hpp"
#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "registry/registry_client.hpp"
#include "support/fake_registry.hpp"
#include "support/loopback_dialer.hpp"
#include "support/receiver.hpp"
#include "support/rsa_key.hpp"
#include "support/run_async.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using testing::HasSubstr;

class CloudsTest : public ::testing::Test {
protected:
    // The registry is to be found under this name; its login.
    settings::CloudLogin& registry_at(const std::string& host, settings::Provider provider) {
        digest_ = registry.push("team/app", "1.0", image());
        dialer.lead(host, std::stoi(registry.address().substr(registry.address().find(':') + 1)));
        name_ = host;
        auto& login = settings->by_host[host].login;
        login.provider = provider;
        return login;
    }
    void expect_found(std::vector<std::string> environment = {}) {
        registry::RegistryClient client(loop.get_executor(), clock, transport, settings,
                                        std::move(environment));
        for (int i = 0; i < 3; ++i) {
            auto pointer =
                run_async(loop, client.look_up(model::Reference::parse(name_ + "/team/app:1.0").value()));
            ASSERT_TRUE(pointer) << pointer.error().message();
            EXPECT_EQ(pointer->digest, digest_);
        }
    }
    static std::string token_of_google(const std::string& token) {
        return R"({"access_token":")" + token + R"(","expires_in":3599,"token_type":"Bearer"})";
    }

    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    net::SystemResolver resolver{loop.get_executor(), clock};
    net::SystemDialer real{loop.get_executor(), clock, resolver};
    LoopbackDialer dialer{real};
    net::HttpClient transport{loop.get_executor(), clock, dialer};
    FakeRegistry registry{loop};
    Receiver cloud{loop, clock};
    TemporaryFolder folder;
    std::shared_ptr<settings::RegistriesSettings> settings = std::make_shared<settings::RegistriesSettings>();

private:
    std::string name_;
    model::Digest digest_ = model::Digest::of("");
};

const std::string account = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const std::string api = "api.ecr.eu-west-1.amazonaws.com";

std::string token_of_amazon(const std::string& password) {
    return R"({"authorizationData":[{"authorizationToken":")" + base64("AWS:" + password) + R"("}]})";
}

TEST_F(CloudsTest, AmazonWithKeysOfTheSettings) {
    auto& login = registry_at(account, settings::Provider::ecr);
    login.access_key_id = "AKIDEXAMPLE";
    login.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    registry.ask_for_password("AWS", "lent-by-amazon");
    dialer.lead(api, cloud.port());
    cloud.on("/", {answers(200, token_of_amazon("lent-by-amazon"))});
    expect_found();
    auto asked = cloud.requests_to("/");
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].header("Host"), api);
    EXPECT_EQ(asked[0].header("X-Amz-Target"), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
    EXPECT_THAT(asked[0].header("Authorization"), HasSubstr("Credential=AKIDEXAMPLE/"));
    EXPECT_EQ(asked[0].body, "{}");
}

TEST_F(CloudsTest, AmazonByAnEndpointOfTheUsers) {
    auto& login = registry_at("mirror.example.com", settings::Provider::ecr);
    login.region = "eu-west-1";
    login.endpoint = "http://localhost:" + std::to_string(cloud.port());
    dialer.lead("localhost", cloud.port());
    registry.ask_for_password("AWS", "lent-by-amazon");
    cloud.on("/", {answers(200, token_of_amazon("lent-by-amazon"))});
    expect_found({"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=of-the-environment"});
    EXPECT_EQ(cloud.requests_to("/").size(), 1u);
}

TEST_F(CloudsTest, AmazonWithTheRoleOfTheInstance) {
    registry_at(account, settings::Provider::ecr);
    registry.ask_for_password("AWS", "lent-by-amazon");
    dialer.lead(api, cloud.port());
    dialer.lead("169.254.169.254", cloud.port());
    cloud.on("/", {answers(200, token_of_amazon("lent-by-amazon"))});
    cloud.on("/latest/api/token", {answers(200, "token-of-the-instance")});
    const std::string roles = "/latest/meta-data/iam/security-credentials/";
    cloud.on(roles, {answers(200, "watcher")});
    cloud.on(roles + "watcher",
             {answers(200, R"({"Code":"Success","AccessKeyId":"ASIAROLE","SecretAccessKey":"of-the-role",)"
                           R"("Token":"session-of-the-role","Expiration":"2036-01-01T00:00:00Z"})")});
    expect_found();
    ASSERT_EQ(cloud.requests_to("/").size(), 1u);
    EXPECT_THAT(cloud.requests_to("/")[0].header("Authorization"), HasSubstr("Credential=ASIAROLE/"));
    EXPECT_EQ(cloud.requests_to("/")[0].header("X-Amz-Security-Token"), "session-of-the-role");
    EXPECT_EQ(cloud.requests_to("/latest/api/token")[0].method, "PUT");
    EXPECT_EQ(cloud.requests_to(roles)[0].header("X-aws-ec2-metadata-token"), "token-of-the-instance");
    EXPECT_EQ(dialer.policy("169.254.169.254")->addresses, net::AddressRule::metadata_only);
    EXPECT_EQ(dialer.policy(api)->addresses, net::AddressRule::no_metadata);
    EXPECT_EQ(dialer.policy(account)->addresses, net::AddressRule::no_metadata);
}

TEST_F(CloudsTest, AmazonThatHangsOrNeverEndsIsAnErrorAndNotAnonymous) {
    auto& login = registry_at(account, settings::Provider::ecr);
    login.access_key_id = "AKIDEXAMPLE";
    login.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    dialer.lead(api, cloud.port());
    for (auto [way, kind] : {std::pair{Reply::Way::endless, ErrorKind::too_large},
                             std::pair{Reply::Way::close, ErrorKind::unreachable}}) {
        cloud.on("/", {misbehaves(way)});
        registry::RegistryClient client(loop.get_executor(), clock, transport, settings, {});
        auto pointer =
            run_async(loop, client.look_up(model::Reference::parse(account + "/team/app:1.0").value()));
        ASSERT_FALSE(pointer);
        EXPECT_EQ(pointer.error().kind(), kind) << pointer.error().message();
    }
    EXPECT_EQ(registry.count(""), 0u);
}

TEST_F(CloudsTest, GoogleWithTheKeyOfAServiceAccount) {
    RsaKey key;
    auto& login = registry_at("europe-docker.pkg.dev", settings::Provider::google);
    login.key_file = folder.write("key.json", key.google_key_file("https://oauth2.googleapis.com/token"));
    registry.ask_for_token({.realm = "https://europe-docker.pkg.dev/v2/token",
                            .username = "oauth2accesstoken",
                            .password = "ya29.lent-by-google",
                            .path = "/v2/token"});
    dialer.lead("oauth2.googleapis.com", cloud.port());
    cloud.on("/token", {answers(200, token_of_google("ya29.lent-by-google"))});
    expect_found();
    auto asked = cloud.requests_to("/token");
    ASSERT_EQ(asked.size(), 1u);
    auto assertion = asked[0].body.substr(asked[0].body.rfind('=') + 1);
    auto dot = assertion.rfind('.');
    EXPECT_TRUE(key.signed_this(assertion.substr(0, dot), unbase64(assertion.substr(dot + 1)).value_or("")));
}

TEST_F(CloudsTest, GoogleWithTheAccountOfTheMachine) {
    registry_at("europe-docker.pkg.dev", settings::Provider::google);
    registry.ask_for_token({.realm = "https://europe-docker.pkg.dev/v2/token",
                            .username = "oauth2accesstoken",
                            .password = "ya29.of-the-machine",
                            .path = "/v2/token"});
    dialer.lead("metadata.google.internal", cloud.port());
    cloud.on("/computeMetadata/v1/instance/service-accounts/default/token",
             {answers(200, token_of_google("ya29.of-the-machine"), {{"Metadata-Flavor", "Google"}})});
    expect_found();
    EXPECT_EQ(dialer.policy("metadata.google.internal")->addresses, net::AddressRule::metadata_only);
    EXPECT_TRUE(dialer.policy("metadata.google.internal")->direct);
}

TEST_F(CloudsTest, AzureWithATokenOfEntra) {
    auto& login = registry_at("shop.azurecr.io", settings::Provider::azure);
    login.access_token = Secret("token-of-entra");
    registry.ask_for_token({.realm = "https://shop.azurecr.io/oauth2/token",
                            .service = "shop.azurecr.io",
                            .refresh_token = "refresh-of-the-registry",
                            .path = "/oauth2/token"});
    registry.always({.target = "/oauth2/exchange",
                     .status = 200,
                     .body = R"({"refresh_token":"refresh-of-the-registry"})"});
    expect_found();
    EXPECT_EQ(registry.count("POST", "/oauth2/exchange"), 1u);
    EXPECT_EQ(registry.count("POST", "/oauth2/token"), 1u);
}

}  // namespace
}  // namespace basewatch::test
