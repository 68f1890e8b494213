// Where AWS's keys come from: settings, environment, container, instance, in that order and nowhere else.
#include "registry/aws_keys.hpp"

#include "support/temporary_folder.hpp"
#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using test::answer;
using testing::HasSubstr;
using testing::Not;

const std::string instance = "http://169.254.169.254", container = "http://169.254.170.2",
                  pod = "http://169.254.170.23", roles = "/latest/meta-data/iam/security-credentials/";

net::HttpResponse keys_of(const std::string& id) {
    return answer(200, {},
                  R"({"Code":"Success","AccessKeyId":")" + id + R"(","SecretAccessKey":"secret-of-)" + id +
                      R"(","Token":"session-of-)" + id + R"(","Expiration":"2026-11-23T18:00:00Z"})");
}

class AwsKeysTest : public ClientTest {
protected:
    Result<AwsKeys> find(std::vector<std::string> environment, settings::CloudLogin login = {}) {
        AwsKeySource source(requests, environment);
        return wait_for(
            source.find(hosts.named("123456789012.dkr.ecr.eu-west-1.amazonaws.com"), login, "eu-west-1"));
    }
    std::string id(std::vector<std::string> environment, settings::CloudLogin login = {}) {
        auto found = find(std::move(environment), std::move(login));
        return found ? found->access_key_id : std::string(to_string(found.error().kind()));
    }
    // An instance with a role.
    void serve_instance(const std::string& origin = instance) {
        transport.serve(origin, [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
            if (request.url.target == "/latest/api/token")
                return request.method == "PUT" &&
                               request.headers.find("X-aws-ec2-metadata-token-ttl-seconds") == "300"
                           ? answer(200, {}, "token-of-instance==")
                           : answer(405);
            if (request.headers.find("X-aws-ec2-metadata-token") != "token-of-instance==") return answer(401);
            if (request.url.target == roles) return answer(200, {}, "watcher-role\n");
            if (request.url.target == roles + "watcher-role") return keys_of("INSTANCE");
            return answer(404);
        });
    }

    Exchange exchange{clock, transport};
    Hosts hosts{settings};
    CloudRequests requests{exchange, hosts};
    test::TemporaryFolder folder;
};

TEST_F(AwsKeysTest, SettingsThenEnvironmentThenContainerThenInstance) {
    serve_instance();
    transport.serve(container, [](const net::HttpRequest&) { return keys_of("CONTAINER"); });
    settings::CloudLogin own;
    own.access_key_id = "SETTINGS";
    own.secret_access_key = Secret("secret-of-settings");
    std::vector<std::string> all{"AWS_ACCESS_KEY_ID=ENVIRONMENT", "AWS_SECRET_ACCESS_KEY=secret-of-env",
                                 "AWS_SESSION_TOKEN=session",
                                 "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/creds"};
    EXPECT_EQ(id(all, own), "SETTINGS");
    auto found = find(all);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, (AwsKeys{"ENVIRONMENT", Secret("secret-of-env"), Secret("session")}));
    EXPECT_TRUE(transport.sent().empty());
    EXPECT_EQ(id({all[3]}), "CONTAINER");
    EXPECT_EQ(transport.sent().back().url.text(), container + "/creds");
    found = find({});
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(*found, (AwsKeys{"INSTANCE", Secret("secret-of-INSTANCE"), Secret("session-of-INSTANCE")}));
}

TEST_F(AwsKeysTest, MetadataServicesAreAskedAtTheirAddressesStraightAndSoon) {
    serve_instance();
    ASSERT_TRUE(find({}));
    transport.serve(container, [](const net::HttpRequest&) { return keys_of("CONTAINER"); });
    ASSERT_TRUE(find({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/creds"}));
    ASSERT_EQ(transport.sent().size(), 4u);
    for (const auto& request : transport.sent()) {
        EXPECT_EQ(request.policy->addresses, net::AddressRule::metadata_only);
        EXPECT_TRUE(request.policy->direct);
        EXPECT_LE(request.timeout, std::chrono::seconds(5));
        EXPECT_LE(request.most_body, 256u << 10);
    }
    serve_instance("http://[fd00:ec2::254]");
    EXPECT_EQ(id({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6"}), "INSTANCE");
}

TEST_F(AwsKeysTest, HalfOfItOrNothingIsToldWithWhatIsMissing) {
    EXPECT_EQ(id({"AWS_ACCESS_KEY_ID=A"}), "invalid");
    EXPECT_EQ(id({"AWS_SECRET_ACCESS_KEY=secret-alone"}), "invalid");
    auto off = find({"AWS_EC2_METADATA_DISABLED=true"});
    EXPECT_THAT(off.error().message(), HasSubstr("AWS_EC2_METADATA_DISABLED"));
    auto role = find({"AWS_WEB_IDENTITY_TOKEN_FILE=/x"});
    EXPECT_EQ(role.error().kind(), ErrorKind::invalid);
    EXPECT_THAT(role.error().message(), HasSubstr("AWS_ROLE_ARN is not"));
    EXPECT_TRUE(transport.sent().empty());
    auto nowhere = find({});
    EXPECT_EQ(nowhere.error().kind(), ErrorKind::unreachable);
    EXPECT_THAT(nowhere.error().message(), HasSubstr("no keys in `registries:`, in the environment"));
}

TEST_F(AwsKeysTest, AnInstanceWithoutARoleOrWithNonsenseIsTold) {
    auto says = [&](net::HttpResponse token, net::HttpResponse role, net::HttpResponse keys) {
        transport.serve(instance, [=](const net::HttpRequest& request) -> Result<net::HttpResponse> {
            if (request.method == "PUT") return token;
            return request.url.target == roles ? role : keys;
        });
        auto found = find({});
        EXPECT_FALSE(found);
        EXPECT_THAT(found.error().message(), Not(HasSubstr("leaked")));
        return found.error();
    };
    auto token = answer(200, {}, "token-of-instance"), role = answer(200, {}, "role");
    EXPECT_EQ(says(answer(403, {}, "leaked"), role, {}).kind(), ErrorKind::unauthorized);
    EXPECT_EQ(says(answer(200, {}, "two words leaked"), role, {}).kind(), ErrorKind::bad_answer);
    EXPECT_EQ(says(answer(302, {{"Location", "http://example.com/"}}), role, {}).kind(),
              ErrorKind::bad_answer);
    EXPECT_THAT(says(token, answer(404), {}).message(), HasSubstr("no instance profile"));
    EXPECT_EQ(says(token, answer(200, {}, "../../leaked"), {}).kind(), ErrorKind::bad_answer);
    EXPECT_EQ(says(token, answer(200, {}, ""), {}).kind(), ErrorKind::bad_answer);
    for (const char* body : {"", "[]", "{}", R"({"Code":"Failed"})", R"({"AccessKeyId":7})",
                             R"({"AccessKeyId":"A","SecretAccessKey":"leaked secret"})"})
        EXPECT_EQ(says(token, role, answer(200, {}, body)).kind(), ErrorKind::bad_answer) << body;
    EXPECT_EQ(says(token, role, answer(500, {}, "leaked")).kind(), ErrorKind::server_error);
}

TEST_F(AwsKeysTest, AContainersTokenGoesAlongAndItsFileIsReadEachTime) {
    transport.serve(pod, [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
        auto token = request.headers.find("Authorization").value_or("");
        return token.starts_with("pod-token") ? keys_of("POD")
                                              : answer(401, {}, "leaked " + std::string(token));
    });
    auto path = folder.write("token", "pod-token-1\n");
    std::vector<std::string> environment{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + pod + "/v1/credentials",
                                         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + path};
    EXPECT_EQ(id(environment), "POD");
    folder.write("token", "other-token");
    auto refused = find(environment);
    EXPECT_EQ(refused.error().kind(), ErrorKind::unauthorized);
    EXPECT_THAT(refused.error().message(), Not(HasSubstr("other-token")));
    folder.write("token", "two\nlines");
    EXPECT_EQ(id(environment), "invalid");
    EXPECT_EQ(id({environment[0], "AWS_CONTAINER_AUTHORIZATION_TOKEN=pod-token-2"}), "POD");
    EXPECT_EQ(id({environment[0], "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + (folder / "none")}), "invalid");
}

TEST_F(AwsKeysTest, ARoleByATokenOfKubernetes) {
    auto path = folder.write("token", "eyJ.service-account.token\n");
    std::vector<std::string> environment{"AWS_WEB_IDENTITY_TOKEN_FILE=" + path,
                                         "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/watcher"};
    Result<net::HttpResponse> said = answer(
        200, {},
        R"({"AssumeRoleWithWebIdentityResponse":{"AssumeRoleWithWebIdentityResult":{"Credentials":)"
        R"({"AccessKeyId":"ROLE","SecretAccessKey":"secret-of-the-role","SessionToken":"session-of-it",)"
        R"("Expiration":1.795442400E9}}}})");
    for (const char* server :
         {"https://sts.eu-west-1.amazonaws.com", "https://sts.cn-north-1.amazonaws.com.cn"})
        transport.serve(server, [&](const net::HttpRequest&) { return said; });
    auto found = find(environment);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(*found, (AwsKeys{"ROLE", Secret("secret-of-the-role"), Secret("session-of-it")}));
    const auto& asked = transport.sent().back();
    EXPECT_EQ(asked.method, "POST");
    EXPECT_EQ(
        asked.body,
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole"
        "%2Fwatcher&RoleSessionName=basewatch&WebIdentityToken=eyJ.service-account.token");
    EXPECT_EQ(asked.policy->addresses, net::AddressRule::no_metadata);
    auto elsewhere = environment;
    elsewhere.emplace_back("AWS_REGION=cn-north-1");
    EXPECT_EQ(id(elsewhere), "ROLE");
    EXPECT_EQ(transport.sent().back().url.host, "sts.cn-north-1.amazonaws.com.cn");
    for (const char* region : {"AWS_REGION=x@evil.example/", "AWS_REGION=evil.example/x", "AWS_REGION=a b"}) {
        elsewhere.back() = region;
        EXPECT_EQ(id(elsewhere), "invalid") << region;
    }

    said = answer(400, {}, R"({"Error":{"Code":"InvalidIdentityToken","Message":"leaked"},"RequestId":"x"})");
    auto refused = find(environment);
    EXPECT_EQ(refused.error().kind(), ErrorKind::unauthorized);
    EXPECT_THAT(refused.error().message(), HasSubstr("InvalidIdentityToken"));
    EXPECT_THAT(refused.error().message(), Not(HasSubstr("leaked")));
    said = answer(400, {}, R"({"Error":{"Code":"Throttling"}})");
    EXPECT_EQ(id(environment), "rate_limited");
    said = answer(200, {}, "<AssumeRoleWithWebIdentityResponse/>");
    EXPECT_EQ(id(environment), "bad_answer");
    folder.write("token", "two words");
    EXPECT_EQ(id(environment), "invalid");
}

TEST(ContainerKeys, AreHereOrAtAwsOrBehindHttps) {
    auto full = [](const std::string& address) {
        auto found = container_keys_address("", address);
        return !found ? "refused" : found->metadata ? "metadata" : "service";
    };
    EXPECT_STREQ(full("http://169.254.170.23/v1/credentials"), "metadata");
    EXPECT_STREQ(full("http://[fd00:ec2::23]/v1/credentials"), "metadata");
    EXPECT_STREQ(full("http://169.254.170.2:80/x"), "metadata");
    EXPECT_STREQ(full("http://localhost:8080/x"), "service");
    EXPECT_STREQ(full("http://127.0.0.1/x"), "service");
    EXPECT_STREQ(full("http://[::1]:9/x"), "service");
    EXPECT_STREQ(full("https://keys.example.com/x"), "service");
    for (const char* address :
         {"http://keys.example.com/x", "http://10.0.0.1/x", "http://169.254.1.1/x", "ftp://127.0.0.1/", "",
          "http://u:p@127.0.0.1/", "http://169.254.170.2.example.com/", "http://localhost.example.com/"})
        EXPECT_STREQ(full(address), "refused") << address;
    EXPECT_EQ(container_keys_address("/v2/creds?id=1", "http://ignored/").value().url.text(),
              "http://169.254.170.2/v2/creds?id=1");
    for (const char* path : {"@evil.example/x", ".evil.example/", ":99/x", "x"})
        EXPECT_FALSE(container_keys_address(path, "")) << path;
}

}  // namespace
}  // namespace basewatch::registry
