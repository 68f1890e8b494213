// The registry client against Debian's docker-registry: open, behind passwords, behind tokens, behind TLS,
// with images that umoci and skopeo made and with every media type.

#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "registry/registry_client.hpp"
#include "support/fake_registry.hpp"
#include "support/real_registry.hpp"
#include "support/run_async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace basewatch::test {
namespace {

using registry::Manifest;
using registry::Pointer;
using testing::HasSubstr;
using Access = RealRegistry::Access;

class RegistryTest : public ::testing::Test {
protected:
    registry::RegistryClient& client() {
        if (!client_)
            client_ =
                std::make_unique<registry::RegistryClient>(loop.get_executor(), clock, transport, settings);
        return *client_;
    }
    void know(const RealRegistry& server) { settings->by_host[server.address()] = server.settings(); }
    static model::Reference reference(const std::string& text) {
        return model::Reference::parse(text).value();
    }
    Result<Pointer> look_up(const std::string& text) {
        return run_async(loop, client().look_up(reference(text)));
    }
    Result<Manifest> manifest(const std::string& text, const model::Digest& digest) {
        return run_async(loop, client().manifest(reference(text), digest));
    }
    Result<model::ImageContent> content(const std::string& text, Manifest of) {
        return run_async(loop, client().content(reference(text), std::move(of)));
    }
    // Looks up, reads and proves a single image; its platform and the number of layers.
    void expect_image(const std::string& text, const model::Digest& digest, const std::string& media_type) {
        SCOPED_TRACE(text);
        auto pointer = look_up(text);
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, digest);
        EXPECT_EQ(pointer->media_type, media_type);
        auto read = manifest(text, pointer->digest);
        ASSERT_TRUE(read) << read.error().message();
        EXPECT_TRUE(read->image);
        auto inside = content(text, *read);
        ASSERT_TRUE(inside) << inside.error().message();
        EXPECT_EQ(inside->platform.text(), "linux/amd64");
        EXPECT_EQ(inside->diff_ids.size(), 1u);
    }

    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    net::SystemResolver resolver{loop.get_executor(), clock};
    net::SystemDialer dialer{loop.get_executor(), clock, resolver};
    net::HttpClient transport{loop.get_executor(), clock, dialer};
    std::shared_ptr<settings::RegistriesSettings> settings = std::make_shared<settings::RegistriesSettings>();

private:
    std::unique_ptr<registry::RegistryClient> client_;
};

const std::string oci_manifest = "application/vnd.oci.image.manifest.v1+json";
const std::string docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";

TEST_F(RegistryTest, OpenWithImagesOfRealTools) {
    RealRegistry server;
    know(server);
    auto oci = server.push_with_tools("lib/base", "oci");
    auto docker = server.push_with_tools("lib/base", "docker", {.docker = true});
    expect_image(server.reference("lib/base", "oci"), oci, oci_manifest);
    expect_image(server.reference("lib/base", "docker"), docker, docker_manifest);

    auto first = look_up(server.reference("lib/base", "oci")).value();
    auto moved = server.push_with_tools("lib/base", "oci", {.content = "version 2"});
    auto second = look_up(server.reference("lib/base", "oci")).value();
    EXPECT_EQ(first.digest, oci);
    EXPECT_EQ(second.digest, moved);
    auto before = content(server.reference("lib/base", "oci"),
                          manifest(server.reference("lib/base", "oci"), oci).value());
    auto after = content(server.reference("lib/base", "oci"),
                         manifest(server.reference("lib/base", "oci"), moved).value());
    EXPECT_NE(before->diff_ids, after->diff_ids);
    EXPECT_EQ(before->inherited_config, R"({"Env":["MARKER=version 1"]})");
    EXPECT_EQ(after->inherited_config, R"({"Env":["MARKER=version 2"]})");
}

TEST_F(RegistryTest, IndexesAttestationsAndBothFamiliesOfMediaTypes) {
    RealRegistry server;
    know(server);
    for (bool docker : {false, true}) {
        ImageOptions amd, arm;
        arm.platform = "linux/arm64";
        amd.docker = arm.docker = docker;
        IndexOptions plain, attested;
        plain.docker = attested.docker = docker;
        attested.attestations = true;
        std::string tag = docker ? "docker" : "oci";
        auto without = server.push("lib/multi", tag, index({image(amd), image(arm)}, plain));
        auto pointer = look_up(server.reference("lib/multi", tag));
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, without);
        auto read = manifest(server.reference("lib/multi", tag), without);
        ASSERT_TRUE(read) << read.error().message();
        EXPECT_TRUE(read->index);
        EXPECT_EQ(read->entries.size(), 2u);
        if (docker) continue;

        auto with = server.push("lib/multi", tag, index({image(amd), image(arm)}, attested));
        EXPECT_NE(with, without);
        auto again = manifest(server.reference("lib/multi", tag), with);
        ASSERT_TRUE(again) << again.error().message();
        ASSERT_EQ(again->entries.size(), 2u) << "attestations are no images";
        EXPECT_EQ(again->entries[0].manifest.digest, read->entries[0].manifest.digest);
    }
    auto chart = server.push("lib/chart", "1", artifact());
    auto read = manifest(server.reference("lib/chart", "1"), chart);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_FALSE(read->image);
}

TEST_F(RegistryTest, OneHeadForEachLookUpOnOneConnection) {
    for (auto access : {Access::open, Access::password, Access::token}) {
        RealRegistry server({.access = access});
        know(server);
        client().replace_settings(settings);
        server.push("lib/base", "1.0", image());
        ASSERT_TRUE(look_up(server.reference("lib/base", "1.0")));
        auto target = "/v2/lib/base/manifests/1.0";
        auto heads = server.count("HEAD", target);
        auto connections = transport.connections_opened();
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(look_up(server.reference("lib/base", "1.0")));
        EXPECT_TRUE(eventually([&] { return server.count("HEAD", target) == heads + 20; }))
            << server.count("HEAD", target) - heads;
        EXPECT_EQ(server.count("GET", "/v2/"), 0u);
        EXPECT_EQ(transport.connections_opened(), connections);
        if (access == Access::token) EXPECT_EQ(server.tokens().requests(), 1u);
    }
}

TEST_F(RegistryTest, PasswordsRightWrongAndMissing) {
    RealRegistry server({.access = Access::password});
    auto digest = server.push_with_tools("lib/base", "1.0");
    know(server);
    expect_image(server.reference("lib/base", "1.0"), digest, oci_manifest);

    auto wrong = std::make_shared<settings::RegistriesSettings>(*settings);
    wrong->by_host[server.address()].password = Secret("not-the-password");
    client().replace_settings(wrong);
    auto refused = look_up(server.reference("lib/base", "1.0"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::unauthorized);
    EXPECT_THAT(refused.error().message(), HasSubstr("asked as \"poller\""));
    EXPECT_THAT(refused.error().message(), testing::Not(HasSubstr("not-the-password")));

    auto none = std::make_shared<settings::RegistriesSettings>();
    none->by_host[server.address()].plain_http = true;
    client().replace_settings(none);
    EXPECT_THAT(look_up(server.reference("lib/base", "1.0")).error().message(),
                HasSubstr("none is configured"));

    TemporaryFolder folder;
    auto from_file = std::make_shared<settings::RegistriesSettings>(*none);
    from_file->auth_files = {folder / "config.json"};
    auto login = run({"skopeo", "login", "--authfile", folder / "config.json", "--tls-verify=false", "-u",
                      RealRegistry::username(), "-p", RealRegistry::password(), server.address()});
    ASSERT_EQ(login.exit_code, 0) << login.errors;
    client().replace_settings(from_file);
    EXPECT_TRUE(look_up(server.reference("lib/base", "1.0"))) << "what `skopeo login` wrote is understood";
}

TEST_F(RegistryTest, APasswordThatACredentialHelperHas) {
    RealRegistry server({.access = Access::password});
    auto digest = server.push_with_tools("lib/base", "1.0");
    TemporaryFolder folder;
    auto program =
        folder.write("docker-credential-script",
                     "#!/bin/sh\nread key\n[ \"$1 $key\" = \"get " + server.address() +
                         "\" ] || { echo 'credentials not found in native keychain'; exit 1; }\n"
                         "echo '{\"Username\":\"" +
                         RealRegistry::username() + "\",\"Secret\":\"" + RealRegistry::password() + "\"}'\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    settings->by_host[server.address()].plain_http = true;
    settings->auth_files = {folder.write("config.json", R"({"credsStore":"script"})")};
    registry::RegistryClient client(loop.get_executor(), clock, transport, settings,
                                    {"PATH=" + folder.path().string() + ":/usr/bin:/bin"});
    for (int i = 0; i < 2; ++i) {
        auto pointer = run_async(loop, client.look_up(reference(server.reference("lib/base", "1.0"))));
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, digest);
    }
}

TEST_F(RegistryTest, TokensForEverybodyAndForUsers) {
    RealRegistry server({.access = Access::token});
    auto digest = server.push_with_tools("lib/base", "1.0");
    server.push("lib/secret", "1.0", image());
    server.tokens().make_public("lib/base");
    know(server);
    expect_image(server.reference("lib/base", "1.0"), digest, oci_manifest);
    ASSERT_TRUE(look_up(server.reference("lib/secret", "1.0")));
    EXPECT_EQ(look_up(server.reference("lib/secret", "2.0")).error().kind(), ErrorKind::not_found);

    auto anonymous = std::make_shared<settings::RegistriesSettings>();
    anonymous->by_host[server.address()].plain_http = true;
    client().replace_settings(anonymous);
    EXPECT_TRUE(look_up(server.reference("lib/base", "1.0")));
    auto refused = look_up(server.reference("lib/secret", "1.0"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::unauthorized) << "a token was issued, and allows nothing";

    auto wrong = std::make_shared<settings::RegistriesSettings>(*settings);
    wrong->by_host[server.address()].password = Secret("not-the-password");
    client().replace_settings(wrong);
    auto before = server.tokens().requests();
    for (int i = 0; i < 3; ++i) {
        auto pointer = look_up(server.reference("lib/base", "1.0"));
        ASSERT_FALSE(pointer);
        EXPECT_THAT(pointer.error().message(), HasSubstr("incorrect username or password"));
    }
    EXPECT_EQ(server.tokens().requests(), before + 1) << "a wrong password is not tried again at once";
}

Async<void> keep(Async<Result<Pointer>> task, std::vector<Result<Pointer>>& into) {
    auto pointer = co_await std::move(task);
    into.push_back(std::move(pointer));
}

Async<void> ask_together(registry::RegistryClient& client, model::Reference base, int count,
                         std::vector<Result<Pointer>>& into) {
    TaskGroup askers(co_await asio::this_coro::executor);
    for (int i = 0; i < count; ++i) askers.start("asker", keep(client.look_up(base), into));
    co_await askers.wait();
}

TEST_F(RegistryTest, AskersTogetherShareOneTokenAndFourConnections) {
    RealRegistry server({.access = Access::token});
    server.push("lib/base", "1.0", image());
    know(server);
    ASSERT_FALSE(look_up(server.reference("lib/other", "1.0"))) << "and the realm is learned";
    auto before = server.tokens().requests();
    std::vector<Result<Pointer>> pointers;
    run_async(loop, ask_together(client(), reference(server.reference("lib/base", "1.0")), 30, pointers));
    ASSERT_EQ(pointers.size(), 30u);
    for (const auto& pointer : pointers) EXPECT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(server.tokens().requests(), before + 1);
    EXPECT_LE(transport.connections_opened(), 4u + 4u) << "four to the registry, and to the token server";
}

TEST_F(RegistryTest, TlsOnlyWithTheRightAuthority) {
    RealRegistry server({.access = Access::password, .tls = true});
    auto digest = server.push_with_tools("lib/base", "1.0");
    know(server);
    expect_image(server.reference("lib/base", "1.0"), digest, oci_manifest);

    CertificateAuthority other;
    auto wrong = std::make_shared<settings::RegistriesSettings>(*settings);
    wrong->by_host[server.address()].ca_file = other.file();
    client().replace_settings(wrong);
    EXPECT_EQ(look_up(server.reference("lib/base", "1.0")).error().kind(), ErrorKind::tls);

    client().replace_settings(std::make_shared<settings::RegistriesSettings>());
    EXPECT_EQ(look_up(server.reference("lib/base", "1.0")).error().kind(), ErrorKind::tls)
        << "the system's authorities do not know it either";
}

TEST_F(RegistryTest, WhatIsMissingIsMissingAndWhoIsGoneIsUnreachable) {
    RealRegistry server;
    server.push("lib/base", "1.0", image());
    know(server);
    auto unknown = look_up(server.reference("lib/base", "2.0"));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind(), ErrorKind::not_found);
    EXPECT_THAT(unknown.error().message(), HasSubstr("MANIFEST_UNKNOWN: manifest unknown"));
    EXPECT_EQ(look_up(server.reference("lib/none", "1.0")).error().kind(), ErrorKind::not_found);
    EXPECT_EQ(manifest(server.reference("lib/base", "1.0"), model::Digest::of("nothing")).error().kind(),
              ErrorKind::not_found);
    server.stop();
    EXPECT_EQ(look_up(server.reference("lib/base", "1.0")).error().kind(), ErrorKind::unreachable);
    server.start();
    EXPECT_TRUE(look_up(server.reference("lib/base", "1.0")));
}

TEST_F(RegistryTest, LayersCanBeFetchedWithWhatWeHandOut) {
    RealRegistry server({.access = Access::token});
    auto digest = server.push_with_tools("lib/base", "1.0");
    know(server);
    auto base = reference(server.reference("lib/base", "1.0"));
    auto read = manifest(base.text(), digest).value();
    auto layers = run_async(loop, client().layer_access(base, read.layers));
    ASSERT_TRUE(layers) << layers.error().message();
    ASSERT_EQ(layers->size(), 1u);
    net::HttpRequest request;
    request.url = net::Url::parse(layers->front().address).value();
    request.headers = layers->front().headers;
    auto layer = run_async(loop, transport.send(request));
    ASSERT_TRUE(layer);
    EXPECT_EQ(layer->status, 200);
    EXPECT_TRUE(layers->front().digest.matches(layer->body));
}

TEST_F(RegistryTest, ASilentOrRudeServerIsAnErrorInTime) {
    FakeRegistry server(loop);
    server.push("lib/base", "1.0", image());
    settings = server.settings();
    settings->by_host[server.address()].timeout = Milliseconds(300);
    auto base = server.reference("lib/base", "1.0");
    ASSERT_TRUE(look_up(base));
    server.fail({.times = 1, .hang = true});
    EXPECT_EQ(look_up(base).error().kind(), ErrorKind::timed_out);
    server.fail({.close = true});
    EXPECT_EQ(look_up(base).error().kind(), ErrorKind::unreachable);
    server.recover();
    EXPECT_TRUE(look_up(base));
    server.stop();
    EXPECT_EQ(look_up(base).error().kind(), ErrorKind::unreachable);
    server.start();
    EXPECT_TRUE(look_up(base));
}

TEST_F(RegistryTest, ARedirectToAnotherPortLeavesThePasswordBehind) {
    FakeRegistry server(loop), store(loop);
    auto built = image();
    for (auto* one : {&server, &store}) one->push("lib/base", "1.0", built);
    server.ask_for_password("poller", "s3cret-of-poller");
    settings = server.settings();
    settings->by_host[server.address()].username = "poller";
    settings->by_host[server.address()].password = Secret("s3cret-of-poller");
    auto base = server.reference("lib/base", "1.0");
    ASSERT_TRUE(look_up(base));
    server.fail({.status = 307, .headers = {{"Location", store.url() + "/v2/lib/base/manifests/1.0"}}});
    ASSERT_TRUE(look_up(base));
    ASSERT_EQ(store.requests().size(), 1u);
    EXPECT_FALSE(store.requests()[0].headers.find("Authorization"));
    EXPECT_TRUE(server.requests().back().headers.find("Authorization"));
}

}  // namespace
}  // namespace basewatch::test
