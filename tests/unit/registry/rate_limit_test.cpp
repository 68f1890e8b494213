// When a host may be asked: in turns, and not at all while it is paused.

#include "registry/rate_limit.hpp"

#include "registry/host.hpp"
#include "registry/quarantine.hpp"

#include <gtest/gtest.h>

namespace basewatch::registry {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
const Monotonic start{std::chrono::hours(1000)};

std::int64_t milliseconds_from(Monotonic from, Monotonic to) {
    return std::chrono::round<Milliseconds>(to - from).count();
}

TEST(RateLimit, GivesASecondsWorthAtOnceAndThenOneByOne) {
    RateLimit limit(10);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.take(start), start) << i;
    for (int i = 1; i <= 5; ++i) EXPECT_EQ(milliseconds_from(start, limit.take(start)), i * 100);
    EXPECT_EQ(milliseconds_from(start, limit.next(start)), 600);
}

TEST(RateLimit, NeverExceedsItsRateOverTime) {
    RateLimit limit(4);
    Monotonic last = start;
    for (int i = 0; i < 400; ++i) last = limit.take(start);
    EXPECT_EQ(milliseconds_from(start, last), 396 * 250);
}

TEST(RateLimit, SlowRatesGiveOneAtATime) {
    RateLimit limit(1.0 / 3);
    EXPECT_EQ(limit.take(start), start);
    EXPECT_EQ(milliseconds_from(start, limit.take(start)), 3000);
    EXPECT_EQ(milliseconds_from(start, limit.take(start + seconds(100))), 100'000);
}

TEST(RateLimit, WhatIsChargedMovesTheOthersBack) {
    RateLimit limit(1);
    limit.charge(start);
    limit.charge(start);
    EXPECT_EQ(milliseconds_from(start, limit.take(start)), 2000);
}

TEST(RateLimit, HalvesAndRecovers) {
    RateLimit limit(10);
    limit.slow_down(start);
    EXPECT_DOUBLE_EQ(limit.per_second(start), 5);
    EXPECT_NEAR(limit.per_second(start + minutes(5)), 7.5, 0.001);
    EXPECT_DOUBLE_EQ(limit.per_second(start + minutes(10)), 10);
    EXPECT_DOUBLE_EQ(limit.per_second(start + minutes(1000)), 10);
    for (int i = 0; i < 50; ++i) limit.slow_down(start);
    EXPECT_GT(limit.per_second(start), 0.5);
}

TEST(Pause, LastsAsLongAsWasAsked) {
    Pause pause;
    EXPECT_FALSE(pause.until(start));
    pause.refused(start, Milliseconds(7000));
    EXPECT_EQ(pause.until(start), start + seconds(7));
    EXPECT_FALSE(pause.until(start + seconds(7)));
}

TEST(Pause, DoublesUpToAQuarterOfAnHour) {
    Pause pause;
    auto now = start;
    for (std::int64_t expected : {2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}) {
        pause.refused(now, std::nullopt);
        EXPECT_EQ(milliseconds_from(now, *pause.until(now)), expected * 1000);
        now = *pause.until(now);
    }
    pause.answered();
    pause.refused(now, std::nullopt);
    EXPECT_EQ(milliseconds_from(now, *pause.until(now)), 2000);
}

TEST(Pause, RefusalsTogetherAreOne) {
    Pause pause;
    for (int i = 0; i < 4; ++i) pause.refused(start, std::nullopt);
    EXPECT_EQ(pause.until(start), start + seconds(2));
    pause.refused(start, Milliseconds(60'000));
    EXPECT_EQ(pause.until(start), start + seconds(60));
    pause.refused(start, Milliseconds(1000));
    EXPECT_EQ(pause.until(start), start + seconds(60)) << "a pause is never shortened";
}

TEST(Quarantine, DoublesAndIsPardoned) {
    Quarantine quarantine(minutes(5), minutes(15));
    Error no(ErrorKind::unauthorized, "no");
    auto now = start;
    for (int expected : {5, 10, 15, 15}) {
        quarantine.refuse("key", no, now);
        EXPECT_EQ(quarantine.refusal("key", now)->retry_after(), minutes(expected));
        EXPECT_FALSE(quarantine.refusal("other", now));
        now += minutes(expected);
        EXPECT_FALSE(quarantine.refusal("key", now));
    }
    quarantine.refuse("key", no, now);
    quarantine.pardon("key");
    EXPECT_FALSE(quarantine.refusal("key", now));
}

TEST(Hosts, AreLocalByNameOrAddress) {
    for (const char* name :
         {"localhost", "localhost:5000", "127.0.0.1:5000", "10.1.2.3", "192.168.0.1:80", "172.16.0.1",
          "[::1]:5000", "[fc00::1]", "registry", "registry:5000", "a.localhost:1", "169.254.1.1"})
        EXPECT_TRUE(local_name(name)) << name;
    for (const char* name :
         {"docker.io", "ghcr.io", "8.8.8.8:5000", "[2a00:1450::1]:443", "registry.corp.example"})
        EXPECT_FALSE(local_name(name)) << name;
}

TEST(Hosts, HaveTheRateThatFitsThem) {
    settings::RegistriesSettings settings;
    settings.by_host["plain.example.com"].plain_http = true;
    settings.by_host["slow.example.com"].rate = settings::Rate{0.5};
    settings.by_host["wide.example.com"].connections = 9;
    auto rate = [&](const char* name) { return Host(name, settings).rate.per_second(start); };
    EXPECT_DOUBLE_EQ(rate("docker.io"), 10);
    EXPECT_DOUBLE_EQ(rate("localhost:5000"), 100);
    EXPECT_DOUBLE_EQ(rate("plain.example.com"), 100);
    EXPECT_DOUBLE_EQ(rate("slow.example.com"), 0.5);
    EXPECT_EQ(Host("docker.io", settings).reach.connections, 4u);
    EXPECT_EQ(Host("wide.example.com", settings).reach.connections, 9u);
    EXPECT_EQ(Host("docker.io", settings).base.origin(), "https://registry-1.docker.io");
    EXPECT_EQ(Host("plain.example.com", settings).base.origin(), "http://plain.example.com");
    EXPECT_EQ(Host("[::1]:5000", settings).base.origin(), "https://[::1]:5000");
}

}  // namespace
}  // namespace basewatch::registry
