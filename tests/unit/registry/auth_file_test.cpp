// docker's config.json and podman's auth.json.

#include "registry/auth_file.hpp"

#include "foundation/bytes.hpp"
#include "registry/credentials.hpp"
#include "support/fake_transport.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace basewatch::registry {
namespace {

using Kind = Credential::Kind;

std::string text_of(const Credential& value) {
    static constexpr const char* kinds[] = {"none", "password", "identity", "registry", "helper"};
    if (value.kind == Kind::helper) return "helper:" + value.helper + ":" + value.username;
    return std::string(kinds[static_cast<int>(value.kind)]) + ":" + value.username + ":" +
           value.secret.reveal();
}

// `kind:user:secret` of each that is to be tried, or the error's kind.
std::string found(const std::string& file, const std::string& registry,
                  const std::string& repository = "team/app") {
    auto parsed = AuthFile::parse(file);
    if (!parsed) return "refused";
    auto credential = parsed->find(registry, repository);
    if (!credential) return std::string(to_string(credential.error().kind()));
    if (credential->empty()) return "nothing";
    std::string all;
    for (const auto& one : *credential) all += (all.empty() ? "" : " ") + text_of(one);
    return all;
}

std::string auth(const std::string& text) {
    return R"({"auth":")" + base64(text) + R"("})";
}

TEST(AuthFile, FindsTheEntryOfARegistry) {
    std::string hub = R"({"auths":{"https://index.docker.io/v1/":)" + auth("ci:hub") + "}}";
    EXPECT_EQ(found(hub, "docker.io", "library/ruby"), "password:ci:hub");
    EXPECT_EQ(found(hub, "ghcr.io"), "nothing");
    for (const char* key :
         {"docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1"})
        EXPECT_EQ(found(R"({"auths":{")" + std::string(key) + "\":" + auth("a:b") + "}}", "docker.io"),
                  "password:a:b")
            << key;
    for (const char* key : {"r.example.com:5000", "https://r.example.com:5000",
                            "http://r.example.com:5000/v2/", "r.example.com:5000/v1/", "R.example.com:5000"})
        EXPECT_EQ(
            found(R"({"auths":{")" + std::string(key) + "\":" + auth("a:b") + "}}", "r.example.com:5000"),
            "password:a:b")
            << key;
    EXPECT_EQ(found(R"({"auths":{"*.example.com":)" + auth("a:b") + "}}", "r.example.com"), "nothing");
}

TEST(AuthFile, TheMostSpecificNamespaceCounts) {
    std::string file = R"({"auths":{"r.io":)" + auth("host:h") + R"(,"r.io/team":)" + auth("team:t") +
                       R"(,"r.io/team/app":)" + auth("app:a") + "}}";
    EXPECT_EQ(found(file, "r.io", "team/app"), "password:app:a");
    EXPECT_EQ(found(file, "r.io", "team/app2"), "password:team:t");
    EXPECT_EQ(found(file, "r.io", "team"), "password:team:t");
    EXPECT_EQ(found(file, "r.io", "teams/app"), "password:host:h");
    std::string only = R"({"auths":{"r.io/other":)" + auth("o:o") + "}}";
    EXPECT_EQ(found(only, "r.io", "team/app"), "nothing");
    std::string hub = R"({"auths":{"docker.io/team":)" + auth("t:t") + R"(,"https://index.docker.io/v1/":)" +
                      auth("all:a") + "}}";
    EXPECT_EQ(found(hub, "docker.io", "team/app"), "password:t:t");
    EXPECT_EQ(found(hub, "docker.io", "library/ruby"), "password:all:a");
}

TEST(AuthFile, ReadsEveryKindOfCredential) {
    auto one = [](const std::string& entry) { return found(R"({"auths":{"r.io":)" + entry + "}}", "r.io"); };
    EXPECT_EQ(one(auth("robot$name+x:pass:with:colons")), "password:robot$name+x:pass:with:colons");
    EXPECT_EQ(one(auth(std::string("u:p\0\0", 5))), "password:u:p");
    EXPECT_EQ(one(R"({"auth":"dTpw"})"), "password:u:p");
    EXPECT_EQ(one(R"({"auth":"dXNlcjpwYQ"})"), "password:user:pa") << "base64 without padding";
    EXPECT_EQ(one(R"({"auth":"dTpw","username":"x","password":"y"})"), "password:x:y");
    EXPECT_EQ(one(R"({"auth":"dTpw","identitytoken":"long"})"), "identity:u:long");
    EXPECT_EQ(one(R"({"identitytoken":"long"})"), "identity::long");
    EXPECT_EQ(one(R"({"registrytoken":"abc","auth":"dTpw"})"), "registry::abc");
    EXPECT_EQ(one(R"({"auth":null,"email":"","username":"x","password":"y"})"), "password:x:y");
    EXPECT_EQ(one("{}"), "nothing");
    EXPECT_EQ(one(R"({"auth":""})"), "nothing");
}

TEST(AuthFile, BrokenEntriesAreErrorsOfTheirRegistryOnly) {
    for (const char* entry : {R"({"auth":"!!!"})", R"({"auth":"bm9jb2xvbg=="})", R"({"auth":7})", "7",
                              R"({"auth":"Og=="})", R"({"registrytoken":"a\nb"})"}) {
        std::string file =
            R"({"auths":{"r.io":)" + std::string(entry) + R"(,"good.io":)" + auth("a:b") + "}}";
        EXPECT_EQ(found(file, "r.io"), "invalid") << entry;
        EXPECT_EQ(found(file, "good.io"), "password:a:b") << entry;
    }
}

TEST(AuthFile, ReadsTheOlderFileWithoutAuths) {
    std::string file = R"({"https://index.docker.io/v1/":)" + auth("hub:h") + R"(,"r.example.com":)" +
                       auth("ci:c") + R"(,"broken.io":{"auth":7},"HttpHeaders":{"X-Meta":"v"},"note":"x"})";
    EXPECT_EQ(found(file, "docker.io", "library/ruby"), "password:hub:h");
    EXPECT_EQ(found(file, "r.example.com"), "password:ci:c");
    EXPECT_EQ(found(file, "broken.io"), "invalid");
    EXPECT_EQ(found(file, "ghcr.io"), "nothing");
    EXPECT_EQ(found("{}", "ghcr.io"), "nothing");
    // The newer file's own members decide: what stands beside "auths" is no entry.
    EXPECT_EQ(found(R"({"auths":{},"r.io":)" + auth("a:b") + "}", "r.io"), "nothing");
    EXPECT_EQ(found(R"({"credHelpers":{},"r.io":)" + auth("a:b") + "}", "r.io"), "nothing");
}

// What kubectl create secret docker-registry writes into `.dockerconfigjson`.
TEST(AuthFile, ReadsAPullSecretOfKubernetes) {
    std::string file =
        R"({"auths":{"r.example.com":{"username":"ci","password":"p","email":"a@b.c","auth":")" +
        base64("ci:p") + R"("},"https://index.docker.io/v1/":)" + auth("hub:h") + "}}";
    EXPECT_EQ(found(file, "r.example.com"), "password:ci:p");
    EXPECT_EQ(found(file, "docker.io", "library/ruby"), "password:hub:h");
    EXPECT_EQ(found(R"({"auths":{"*.azurecr.io":)" + auth("a:b") + "}}", "shop.azurecr.io"), "nothing");
}

TEST(AuthFile, NamesTheHelperAndTheKeyAsItIsWritten) {
    EXPECT_EQ(found(R"({"credHelpers":{"gcr.io":"gcloud"}})", "gcr.io"), "helper:gcloud:gcr.io");
    EXPECT_EQ(found(R"({"credHelpers":{"gcr.io":"gcloud"}})", "ghcr.io"), "nothing");
    EXPECT_EQ(found(R"({"credsStore":"desktop","auths":{"ghcr.io":{}}})", "ghcr.io"),
              "helper:desktop:ghcr.io");
    EXPECT_EQ(found(R"({"credHelpers":{"r.io":"x"}})", "r.io"), "helper:x:r.io");
    EXPECT_EQ(found(R"({"credHelpers":{"https://index.docker.io/v1/":"x"}})", "docker.io"),
              "helper:x:https://index.docker.io/v1/");
    EXPECT_EQ(found(R"({"credsStore":"s","auths":{"https://index.docker.io/v1/":{}}})", "docker.io"),
              "helper:s:https://index.docker.io/v1/");
}

TEST(AuthFile, AsksTheRegistrysHelperElseTheStoreOfAllAndThenItself) {
    std::string entry = R"("auths":{"r.io":)" + auth("a:b") + "}}";
    EXPECT_EQ(found(R"({"credHelpers":{"r.io":"x"},)" + entry, "r.io"), "helper:x:r.io password:a:b");
    EXPECT_EQ(found(R"({"credsStore":"s",)" + entry, "r.io"), "helper:s:r.io password:a:b");
    EXPECT_EQ(found(R"({"credsStore":"s","credHelpers":{"r.io":"x"},)" + entry, "r.io"),
              "helper:x:r.io password:a:b");
    EXPECT_EQ(found(R"({"credsStore":"s","credHelpers":{"r.io":""},)" + entry, "r.io"),
              "helper:s:r.io password:a:b");
    // The store knows of registries that the file does not.
    EXPECT_EQ(found(R"({"credsStore":"s","auths":{"ghcr.io":{}}})", "quay.io"), "helper:s:quay.io");
    EXPECT_EQ(found(R"({"credsStore":"s"})", "docker.io"), "helper:s:https://index.docker.io/v1/");
}

TEST(AuthFile, IsRefusedWhereItIsNoAuthFile) {
    for (const char* text : {"", "[]", "{", R"({"auths":[]})", R"({"credsStore":7})",
                             R"({"credHelpers":{"a":1}})", R"({"auths":{},"auths":{}})"})
        EXPECT_EQ(found(text, "r.io"), "refused") << text;
    EXPECT_EQ(found("{\"x\":\"" + std::string(2u << 20, 'x') + "\"}", "r.io"), "refused");
}

class CredentialsTest : public ::testing::Test {
protected:
    std::string who(const std::string& registry, const std::string& repository = "team/app") {
        auto credential = credentials->find(registry, repository);
        if (!credential) return std::string(to_string(credential.error().kind()));
        return credential->kind == Kind::none ? "anonymous" : credential->username;
    }
    void use() {
        credentials = std::make_unique<Credentials>(loop.get_executor(), exchange, hosts, settings,
                                                    std::vector<std::string>());
    }

    asio::io_context loop{1};
    test::ManualClock clock{loop};
    test::TemporaryFolder folder;
    std::shared_ptr<settings::RegistriesSettings> settings = std::make_shared<settings::RegistriesSettings>();
    test::FakeTransport transport;
    Exchange exchange{clock, transport};
    Hosts hosts{settings};
    std::unique_ptr<Credentials> credentials;
};

TEST_F(CredentialsTest, SettingsComeBeforeFilesAndFilesInTheirOrder) {
    auto first = folder.write(
        "first.json", R"({"auths":{"a.io":)" + auth("first:1") + R"(,"b.io":)" + auth("first:1") + "}}");
    auto second = folder.write(
        "second.json", R"({"auths":{"b.io":)" + auth("second:2") + R"(,"c.io":)" + auth("second:2") + "}}");
    settings->auth_files = {folder / "missing.json", first, second};
    settings->by_host["a.io"].username = "settings";
    settings->by_host["a.io"].password = Secret("secret-1");
    settings->by_host["d.io"].auth_file = second;
    use();
    EXPECT_EQ(who("a.io"), "settings");
    EXPECT_EQ(who("b.io"), "first");
    EXPECT_EQ(who("c.io"), "second");
    EXPECT_EQ(who("d.io"), "invalid") << "its own auth_file has no entry for it";
    EXPECT_EQ(who("e.io"), "anonymous");
}

TEST_F(CredentialsTest, AnAuthFileThatCannotBeReadIsAnErrorWhereItWasAskedFor) {
    settings->by_host["a.io"].auth_file = folder / "missing.json";
    settings->by_host["b.io"].auth_file = folder.path().string();
    use();
    EXPECT_EQ(who("a.io"), "invalid");
    EXPECT_EQ(who("b.io"), "invalid");
    EXPECT_EQ(who("c.io"), "anonymous");
}

TEST_F(CredentialsTest, NoErrorHoldsASecret) {
    auto path = folder.write("x.json", R"({"auths":{"a.io":{"auth":"c2VjcmV0LXdpdGhvdXQtY29sb24="}}})");
    settings->by_host["a.io"].auth_file = path;
    use();
    auto credential = credentials->find("a.io", "x");
    ASSERT_FALSE(credential);
    EXPECT_EQ(credential.error().message().find("secret-without"), std::string::npos);
    EXPECT_EQ(credential.error().message().find("c2VjcmV0"), std::string::npos);
    EXPECT_NE(credential.error().message().find(path), std::string::npos);
}

TEST_F(CredentialsTest, AFileIsReadAgainWhenItChanges) {
    auto path = folder.write("x.json", R"({"auths":{"a.io":)" + auth("before:1") + "}}");
    settings->auth_files = {path};
    use();
    EXPECT_EQ(who("a.io"), "before");
    folder.write("x.json", R"({"auths":{"a.io":)" + auth("afterwards:22") + "}}");
    EXPECT_EQ(who("a.io"), "afterwards");
    std::filesystem::remove(path);
    EXPECT_EQ(who("a.io"), "anonymous");
}

TEST_F(CredentialsTest, IdentitiesTellCredentialsApartAndSayNothing) {
    use();
    Credential one{Kind::password, "u", Secret("password-1"), "", ""}, same = one;
    Credential other{Kind::password, "u", Secret("password-2"), "", ""};
    Credential token{Kind::identity_token, "u", Secret("password-1"), "", ""};
    EXPECT_EQ(credentials->identity(one), credentials->identity(same));
    EXPECT_NE(credentials->identity(one), credentials->identity(other));
    EXPECT_NE(credentials->identity(one), credentials->identity(token));
    EXPECT_EQ(credentials->identity(one).find("password"), std::string::npos);
    EXPECT_NE(Credentials(loop.get_executor(), exchange, hosts, settings, {}).identity(one),
              credentials->identity(one))
        << "random for each process";
}

}  // namespace
}  // namespace basewatch::registry
