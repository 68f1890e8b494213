// Tag lists of Debian's docker-registry, which knows no pages: everything in one answer, unsorted.

#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "registry/registry_client.hpp"
#include "support/real_registry.hpp"
#include "support/run_async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using Access = RealRegistry::Access;
using testing::ElementsAre;

class TagsTest : public ::testing::Test {
protected:
    Result<registry::TagList> tags(const RealRegistry& server, const std::string& repository) {
        auto settings = std::make_shared<settings::RegistriesSettings>();
        settings->by_host[server.address()] = server.settings();
        registry::RegistryClient client(loop.get_executor(), clock, transport, settings);
        auto reference = model::Reference::parse(server.reference(repository, "any")).value();
        return run_async(loop, client.tags(reference));
    }

    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    net::SystemResolver resolver{loop.get_executor(), clock};
    net::SystemDialer dialer{loop.get_executor(), clock, resolver};
    net::HttpClient transport{loop.get_executor(), clock, dialer};
};

TEST_F(TagsTest, AreListedWhetherToolsOrBytesPushedThem) {
    for (auto access : {Access::open, Access::password, Access::token}) {
        RealRegistry server({.access = access});
        auto built = image();
        for (const char* tag : {"3.10", "3.9-alpine", "buildcache", "latest"})
            server.push("lib/base", tag, built);
        server.push("lib/base", "sha256-" + std::string(64, 'a') + ".sig", built);
        auto listed = tags(server, "lib/base");
        ASSERT_TRUE(listed) << listed.error().message();
        EXPECT_THAT(listed->tags, ElementsAre("3.10", "3.9-alpine", "latest"));
        EXPECT_TRUE(listed->complete);
        EXPECT_EQ(server.count("GET", "/v2/lib/base/tags/list?n=1000"), access == Access::open ? 1u : 2u);
    }
}

TEST_F(TagsTest, OfARealToolsImageAreListed) {
    RealRegistry server;
    server.push_with_tools("lib/base", "oci");
    auto listed = tags(server, "lib/base");
    ASSERT_TRUE(listed) << listed.error().message();
    EXPECT_THAT(listed->tags, ElementsAre("oci"));
}

TEST_F(TagsTest, AMissingRepositoryIsNoEmptyList) {
    RealRegistry server;
    EXPECT_EQ(tags(server, "lib/none").error().kind(), ErrorKind::not_found);
    server.stop();
    EXPECT_EQ(tags(server, "lib/none").error().kind(), ErrorKind::unreachable);
}

}  // namespace
}  // namespace basewatch::test
