// nginx as a rate limiter (limit_req, 429 with its own web page and no Retry-After) in front of Debian's
// docker-registry: what it refuses is never news, the client keeps away for a while, and then goes on.

#include "conformance/loopback_client.hpp"
#include "support/nginx.hpp"
#include "support/real_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

// One request now and then one a minute, so that the second in a row is refused on any machine.
std::unique_ptr<Nginx> limiter(int port, const RealRegistry& registry) {
    std::string zone = "  limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m; limit_req_status 429;\n";
    return std::make_unique<Nginx>(zone + passing_on(port, registry.url(), "limit_req zone=one;"), port);
}

class RateLimiterTest : public ::testing::Test {
protected:
    RateLimiterTest() { net.settings->by_host[address()].plain_http = true; }
    std::string address() const { return "127.0.0.1:" + std::to_string(limited); }
    Result<registry::Pointer> look_up() { return net.look_up(address() + "/lib/base:1.0"); }

    RealRegistry origin;
    int limited = free_port();
    std::unique_ptr<Nginx> nginx = limiter(limited, origin);
    LoopbackClient net;
};

TEST_F(RateLimiterTest, PausesWithoutNewsAndRecovers) {
    auto pushed = origin.push("lib/base", "1.0", image());
    auto first = look_up();
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(first->digest, pushed);

    auto refused = look_up();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(refused.error().status(), 429);
    auto wait = refused.error().retry_after();
    ASSERT_TRUE(wait);
    EXPECT_GT(*wait, Milliseconds(0));
    EXPECT_TRUE(net.client.paused_until(address()));

    // In its pause the host is not asked, whoever would like to know.
    auto asked = net.requests(address());
    auto held = look_up();
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(net.requests(address()), asked);

    // The limiter lets us in again: after the pause the same host answers, and nothing has moved.
    nginx.reset();
    nginx = std::make_unique<Nginx>(passing_on(limited, origin.url()), limited);
    net.clock.advance(*wait);
    auto again = look_up();
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->digest, pushed);
    EXPECT_FALSE(net.client.paused_until(address()));
}

}  // namespace
}  // namespace basewatch::test
