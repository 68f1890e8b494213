// nginx as a rate limiter (limit_req, 429 with its own web page and no Retry-After) in front of Debian's
// docker-registry: what it refuses is never news, the client keeps away for a while, and then goes on.

#include "conformance/loopback_client.hpp"
#include "support/process.hpp"
#include "support/real_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

// One request now and then one a minute, so that the second in a row is refused on any machine; the other
// port has no limit.
std::string configuration(const std::string& folder, int limited, int open, const std::string& registry) {
    auto server = [&](int port, const std::string& limit) {
        return "  server { listen 127.0.0.1:" + std::to_string(port) + "; " + limit +
               " location / { proxy_pass http://" + registry + "; proxy_set_header Host $http_host; } }\n";
    };
    std::string text = "daemon off; master_process off; pid " + folder + "/pid; error_log stderr error;\n" +
                       "events {}\nhttp {\n  access_log off;\n";
    for (std::string name : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text += "  " + name + "_temp_path " + folder + "/" + name + ";\n";
    return text + "  limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m; limit_req_status 429;\n" +
           server(limited, "limit_req zone=one;") + server(open, "") + "}\n";
}

class RateLimiterTest : public ::testing::Test {
protected:
    RateLimiterTest() {
        auto where = folder.path().string();
        auto file = folder.write("nginx.conf", configuration(where, limited, open, origin.address()));
        nginx =
            std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/nginx", "-c", file, "-p", where});
        net.settings->by_host[address()].plain_http = true;
    }
    void SetUp() override {
        ASSERT_TRUE(accepts_connections(limited)) << nginx->errors();
        ASSERT_TRUE(accepts_connections(open)) << nginx->errors();
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(limited); }
    Result<registry::Pointer> look_up() { return net.look_up(address() + "/lib/base:1.0"); }

    RealRegistry origin;
    TemporaryFolder folder;
    int limited = free_port(), open = free_port();
    std::unique_ptr<Process> nginx;
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
    auto where = folder.path().string();
    auto file = folder.write("open.conf", configuration(where, open, limited, origin.address()));
    nginx = std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/nginx", "-c", file, "-p", where});
    ASSERT_TRUE(accepts_connections(limited)) << nginx->errors();
    net.clock.advance(*wait);
    auto again = look_up();
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->digest, pushed);
    EXPECT_FALSE(net.client.paused_until(address()));
}

}  // namespace
}  // namespace basewatch::test
