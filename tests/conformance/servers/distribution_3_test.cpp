// distribution 3, built from its published module (build.sh), with images that skopeo pushes: what the table
// of kinds says of it, on the server itself. Run by `./dev test --all`, which names the binary in
// BASEWATCH_DISTRIBUTION_3.

#include "conformance/loopback_client.hpp"
#include "support/real_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace basewatch::test {
namespace {

using Access = RealRegistry::Access;

std::string program() {
    const char* path = std::getenv("BASEWATCH_DISTRIBUTION_3");
    if (path == nullptr) throw std::runtime_error("BASEWATCH_DISTRIBUTION_3 names no binary");
    return path;
}

class Distribution3 : public ::testing::TestWithParam<Access> {
protected:
    Distribution3() { net.settings->by_host[server.address()] = server.settings(); }

    RealRegistry server{RealRegistry::Options{.access = GetParam(), .program = program()}};
    LoopbackClient net;
};

TEST_P(Distribution3, IsSeenToMoveByOneRequestPerLookUp) {
    auto text = server.reference("lib/base", "1.0");
    for (bool docker : {false, true}) {
        SCOPED_TRACE(docker ? "docker" : "oci");
        auto first = server.push_with_tools("lib/base", "1.0", {.docker = docker});
        auto pointer = net.look_up(text);
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, first);
        auto before = net.requests(server.address());
        ASSERT_TRUE(net.look_up(text));
        EXPECT_EQ(net.requests(server.address()), before + 1);
        auto second = server.push_with_tools("lib/base", "1.0", {.content = "version 2", .docker = docker});
        EXPECT_NE(second, first);
        auto moved = net.look_up(text);
        ASSERT_TRUE(moved) << moved.error().message();
        EXPECT_EQ(moved->digest, second);
    }
}

TEST_P(Distribution3, IsReadFromIndexToConfiguration) {
    ImageOptions arm;
    arm.platform = "linux/arm64";
    auto built = index({image(), image(arm)});
    server.push("lib/base", "many", built);
    auto text = server.reference("lib/base", "many");
    auto pointer = net.look_up(text);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, built.digest);
    auto top = net.manifest(text, pointer->digest);
    ASSERT_TRUE(top) << top.error().message();
    ASSERT_EQ(top->entries.size(), 2u);
    auto child = net.manifest(text, top->entries[1].manifest.digest);
    ASSERT_TRUE(child) << child.error().message();
    auto inside = net.content(text, *child);
    ASSERT_TRUE(inside) << inside.error().message();
    EXPECT_EQ(inside->platform.text(), "linux/arm64");
}

TEST_P(Distribution3, HasNoAnswerForATagThatIsNotThere) {
    server.push("lib/base", "1.0", image());
    auto missing = net.look_up(server.reference("lib/base", "2.0"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind(), ErrorKind::not_found);
}

INSTANTIATE_TEST_SUITE_P(Access, Distribution3,
                         testing::Values(Access::open, Access::password, Access::token));

}  // namespace
}  // namespace basewatch::test
