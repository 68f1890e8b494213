// What the tables of kinds say of these registries, on the servers themselves, with images that skopeo
// pushes. Run by `./dev test --all`, which names their folder in BASEWATCH_SERVERS.

#include "conformance/loopback_client.hpp"
#include "conformance/servers/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

struct Kind {
    const char* name;
    ServerMaker make;
    std::uint64_t first;  // requests to it for the first look-up, as in the table of kinds
    friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

class Servers : public ::testing::TestWithParam<Kind> {
protected:
    Servers() { net.settings->by_host[server->address()] = server->settings(); }

    std::string reference(const std::string& tag) const {
        return server->address() + "/" + server->repository() + ":" + tag;
    }
    model::Reference tagged(const std::string& tag) const {
        return LoopbackClient::reference(reference(tag));
    }
    std::string digest(const std::string& tag) {
        auto pointer = net.look_up(reference(tag));
        return pointer ? pointer->digest.text() : pointer.error().message();
    }

    std::unique_ptr<Server> server = GetParam().make();
    LoopbackClient net;
};

TEST_P(Servers, AreSeenToMoveByOneRequestPerLookUp) {
    auto images = server->images();
    for (bool docker : {false, true}) {
        if (docker && !server->takes_docker()) continue;
        SCOPED_TRACE(docker ? "docker" : "oci");
        auto first = images.push_with_tools(server->repository(), "1.0", {.docker = docker});
        EXPECT_EQ(digest("1.0"), first.text());
        auto before = net.requests(server->address());
        if (!docker) EXPECT_EQ(before, GetParam().first);
        EXPECT_EQ(digest("1.0"), first.text());
        EXPECT_EQ(net.requests(server->address()), before + 1);
        auto second =
            images.push_with_tools(server->repository(), "1.0", {.content = "version 2", .docker = docker});
        EXPECT_NE(second, first);
        EXPECT_EQ(digest("1.0"), second.text());
    }
}

TEST_P(Servers, AreReadFromIndexToConfiguration) {
    ImageOptions arm;
    arm.platform = "linux/arm64";
    auto made = index({image(), image(arm)});
    server->images().push(server->repository(), "many", made);
    auto text = reference("many");
    auto pointer = net.look_up(text);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, made.digest);
    auto top = net.manifest(text, pointer->digest);
    ASSERT_TRUE(top) << top.error().message();
    ASSERT_EQ(top->entries.size(), 2u);
    auto child = net.manifest(text, top->entries[1].manifest.digest);
    ASSERT_TRUE(child) << child.error().message();
    auto inside = net.content(text, *child);
    ASSERT_TRUE(inside) << inside.error().message();
    EXPECT_EQ(inside->platform.text(), "linux/arm64");
}

TEST_P(Servers, SayThatATagIsGoneAndOnlyThen) {
    auto images = server->images();
    ImageOptions other;
    other.layers = {"another"};
    images.push(server->repository(), "1.0", image());
    auto doomed = images.push(server->repository(), "2.0", image(other));
    auto there = run_async(net.loop, net.client.is_gone(tagged("2.0")));
    ASSERT_TRUE(there) << there.error().message();
    EXPECT_FALSE(*there);
    images.remove(server->repository(), server->deletes_tags() ? "2.0" : doomed.text());
    for (const char* tag : {"2.0", "3.0"}) {
        SCOPED_TRACE(tag);
        auto missing = net.look_up(reference(tag));
        ASSERT_FALSE(missing);
        EXPECT_EQ(missing.error().kind(), ErrorKind::not_found) << missing.error().message();
        auto gone = run_async(net.loop, net.client.is_gone(tagged(tag)));
        ASSERT_TRUE(gone) << gone.error().message();
        EXPECT_TRUE(*gone);
    }
    EXPECT_EQ(digest("1.0"), image().digest.text());
}

TEST_P(Servers, ListEveryTag) {
    auto images = server->images();
    std::vector<std::string> tags;
    for (int patch = 0; patch < 30; ++patch) {
        tags.push_back("1.0." + std::to_string(patch));
        images.push(server->repository(), tags.back(), image());
    }
    auto list = run_async(net.loop, net.client.tags(tagged("latest")));
    ASSERT_TRUE(list) << list.error().message();
    EXPECT_THAT(list->tags, testing::UnorderedElementsAreArray(tags));
    EXPECT_TRUE(list->complete);
}

TEST_P(Servers, GiveNothingToAWrongPasswordAndItIsNoDeletion) {
    server->images().push(server->repository(), "1.0", image());
    auto wrong = server->settings();
    if (wrong.username.empty()) wrong.username = "somebody";
    wrong.password = Secret("not-the-password");
    bool open = server->settings().username.empty();
    net.settings->by_host[server->address()] = wrong;
    auto answer = net.look_up(reference("1.0"));
    if (open) {
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_EQ(answer->digest, image().digest);
    } else {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind(), ErrorKind::unauthorized) << answer.error().message();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Servers,
    testing::Values(Kind{"distribution_3", open_distribution_3, 1},
                    Kind{"distribution_3_with_password", distribution_3_with_password, 2},
                    Kind{"distribution_3_with_token", distribution_3_with_token, 2}, Kind{"gitea", gitea, 3},
                    Kind{"zot", open_zot, 1}, Kind{"zot_with_password", zot_with_password, 2}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace basewatch::test
