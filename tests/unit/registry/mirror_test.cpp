// Mirrors: they spare the registry, and the registry alone makes news.
#include "foundation/bytes.hpp"
#include "registry/look_due.hpp"
#include "unit/registry/client_fixture.hpp"

#include <set>

namespace basewatch::registry {
namespace {

using namespace std::chrono_literals;
using test::image;
using testing::HasSubstr;

test::Built dated(int year) {
    test::ImageOptions options;
    options.created = std::to_string(year) + "-01-01T00:00:00Z";
    return image(options);
}

const char* const tag = "registry.example.com/team/app:1.0";

class MirrorTest : public ClientTest {
protected:
    MirrorTest() {
        mirrored().mirrors = {{"cache.example.com", "hub"}};
        transport.serve("https://cache.example.com", cache);
        digest_ = registry.push("team/app", "1.0", dated(2026));
        cache.push("hub/team/app", "1.0", dated(2026));
    }
    settings::RegistrySettings& mirrored() { return settings->by_host["registry.example.com"]; }
    // As a check that follows the last one within the same four hours.
    Result<Pointer> poll(const model::Digest& known) {
        return wait_for(client().look_up(reference(tag), {known, clock.now()}));
    }
    Result<Pointer> poll() { return poll(digest_); }
    // As a check after which the registry's own word is due.
    Result<Pointer> poll_after_hours() {
        return wait_for(client().look_up(reference(tag), {digest_, clock.now() - 4h}));
    }
    std::size_t asked_mirror() const { return transport.count("", "https://cache.example.com"); }
    std::size_t asked_registry() const { return transport.count("", "https://registry.example.com"); }
    model::Digest move_registry() { return registry.push("team/app", "1.0", dated(2027)); }
    model::Digest move_mirror() { return cache.push("hub/team/app", "1.0", dated(2027)); }

    test::RegistryScript cache;
    model::Digest digest_;
};

TEST(LookDue, OnceInATermAtATimeOfItsOwn) {
    Time noon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h};
    std::set<Time> times;
    for (int name = 0; name < 50; ++name) {
        int due = 0;
        for (Time now = noon; now < noon + 24h; now += 15min) {
            if (!look_due(std::to_string(name), 4h, now - 15min, now)) continue;
            ++due;
            times.insert(now);
        }
        EXPECT_EQ(due, 6) << name;
        EXPECT_TRUE(look_due(std::to_string(name), 4h, noon - 4h, noon)) << name;
        EXPECT_TRUE(look_due(std::to_string(name), 4h, Time{}, noon)) << name;
        EXPECT_FALSE(look_due(std::to_string(name), 4h, noon, noon)) << name;
    }
    EXPECT_GT(times.size(), 40u);
}

TEST_F(MirrorTest, TheBaselineIsTheRegistrysWord) {
    auto pointer = look_up(tag);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, digest_);
    EXPECT_EQ(pointer->mirror, "");
    EXPECT_EQ(asked_mirror(), 0u);
}

TEST_F(MirrorTest, NothingNewIsTheMirrorsToSay) {
    for (int i = 0; i < 3; ++i) {
        auto pointer = poll();
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, digest_);
        EXPECT_EQ(pointer->mirror, "cache.example.com");
    }
    EXPECT_EQ(asked_mirror(), 3u);
    EXPECT_EQ(asked_registry(), 0u);
    EXPECT_EQ(transport.sent().front().url.text(),
              "https://cache.example.com/v2/hub/team/app/manifests/1.0?ns=registry.example.com");
    EXPECT_EQ(transport.sent().front().method, "HEAD");
}

TEST_F(MirrorTest, AnotherDigestIsConfirmedByTheRegistry) {
    auto moved = move_registry();
    move_mirror();
    auto pointer = poll();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, moved);
    EXPECT_EQ(pointer->mirror, "");
    EXPECT_EQ(asked_mirror(), 1u);
    EXPECT_EQ(asked_registry(), 1u);
    EXPECT_FALSE(client().mirror_lag(reference(tag)));
}

// A mirror that shows something else than the registry makes no news, and is told.
TEST_F(MirrorTest, AMirrorWithAnOlderDigestIsBehindAndNoNews) {
    auto moved = move_registry();
    auto pointer = poll(moved);
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, moved);
    auto lag = client().mirror_lag(reference(tag));
    ASSERT_TRUE(lag);
    EXPECT_EQ(lag->mirror, "cache.example.com");
    EXPECT_EQ(lag->shows, digest_);
    EXPECT_EQ(lag->since, clock.now());
    ASSERT_EQ(client().mirrors().size(), 1u);
    EXPECT_EQ(client().mirrors().front().behind, 1u);
    EXPECT_EQ(client().mirrors().front().behind_since, clock.now());

    // For an hour it is not asked about this tag.
    transport.forget();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(poll(moved)->digest, moved);
    EXPECT_EQ(asked_mirror(), 0u);
    EXPECT_EQ(asked_registry(), 3u);
    auto since = clock.now();
    clock.advance(1h);
    EXPECT_EQ(poll(moved)->digest, moved);
    EXPECT_EQ(asked_mirror(), 1u);
    EXPECT_EQ(client().mirror_lag(reference(tag))->since, since);

    // And when it has the same as the registry, it is believed again.
    move_mirror();
    clock.advance(1h);
    EXPECT_EQ(poll(moved)->digest, moved);
    EXPECT_FALSE(client().mirror_lag(reference(tag)));
    transport.forget();
    EXPECT_EQ(poll(moved)->mirror, "cache.example.com");
    EXPECT_EQ(asked_registry(), 0u);
}

// A cache whose source is gone says for ever what it said before, without a sign.
TEST_F(MirrorTest, TheSecondOpinionFindsWhatAStaleMirrorHides) {
    auto moved = move_registry();
    EXPECT_EQ(poll()->digest, digest_);
    auto pointer = poll_after_hours();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, moved);
    EXPECT_TRUE(client().mirror_lag(reference(tag)));
}

TEST_F(MirrorTest, WithoutTheRegistryNothingIsNews) {
    registry.fail({.status = 503});
    auto same = poll_after_hours();
    ASSERT_TRUE(same) << same.error().message();
    EXPECT_EQ(same->digest, digest_);
    EXPECT_EQ(same->mirror, "cache.example.com");

    auto seen = move_mirror();
    auto other = poll();
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind(), ErrorKind::server_error);
    EXPECT_THAT(other.error().message(),
                HasSubstr("its mirror cache.example.com shows " + seen.short_text()));
}

TEST_F(MirrorTest, WhatTheRegistryNoLongerHasIsNotFoundWhateverTheMirrorSays) {
    registry.untag("team/app", "1.0");
    auto gone = poll_after_hours();
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind(), ErrorKind::not_found);
}

TEST_F(MirrorTest, AMirrorThatHasNotGotItMeansNothing) {
    cache.untag("hub/team/app", "1.0");
    auto pointer = poll();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->mirror, "");
    EXPECT_EQ(asked_mirror(), 1u);  // no GET after the HEAD
    EXPECT_TRUE(poll());
    EXPECT_EQ(asked_mirror(), 1u);
    EXPECT_EQ(asked_registry(), 2u);
    // Another tag of the same mirror is asked for there.
    cache.push("hub/team/app", "2.0", image());
    auto known = registry.push("team/app", "2.0", image());
    EXPECT_EQ(wait_for(client().look_up(reference("registry.example.com/team/app:2.0"), {known, clock.now()}))
                  ->mirror,
              "cache.example.com");
    clock.advance(1h);
    EXPECT_TRUE(poll());
    EXPECT_EQ(transport.count("HEAD", "cache.example.com/v2/hub/team/app/manifests/1.0"), 2u);
}

TEST_F(MirrorTest, AFailingMirrorIsLeftAloneForLongerEachTime) {
    cache.fail({.status = 500});
    EXPECT_EQ(poll()->mirror, "");
    EXPECT_EQ(asked_mirror(), 1u);
    EXPECT_EQ(poll()->mirror, "");
    EXPECT_EQ(asked_mirror(), 1u);
    EXPECT_THAT(client().mirrors().front().error, HasSubstr("cache.example.com"));
    clock.advance(1min);
    EXPECT_EQ(poll()->mirror, "");
    EXPECT_EQ(asked_mirror(), 2u);
    clock.advance(1min);
    EXPECT_EQ(poll()->mirror, "");
    EXPECT_EQ(asked_mirror(), 2u);
    clock.advance(1min);
    cache.recover();
    EXPECT_EQ(poll()->mirror, "cache.example.com");
    EXPECT_EQ(client().mirrors().front().error, "");
}

TEST_F(MirrorTest, MirrorsAreAskedInTheirOrder) {
    mirrored().mirrors.push_back({"second.example.com", ""});
    test::RegistryScript second;
    second.push("team/app", "1.0", dated(2026));
    transport.serve("https://second.example.com", second);
    EXPECT_EQ(poll()->mirror, "cache.example.com");
    cache.fail({.status = 500});
    EXPECT_EQ(poll()->mirror, "second.example.com");
    EXPECT_EQ(asked_registry(), 0u);
}

// Each has its own: neither sees what is the other's.
TEST_F(MirrorTest, CredentialsAreNeverTheOthers) {
    mirrored().username = "hub-user";
    mirrored().password = Secret("only-for-the-registry");
    auto& mirror = settings->by_host["cache.example.com"];
    mirror.username = "cache-user";
    mirror.password = Secret("only-for-the-mirror");
    registry.ask_for_password("hub-user", "only-for-the-registry");
    cache.ask_for_password("cache-user", "only-for-the-mirror");
    EXPECT_EQ(poll()->mirror, "cache.example.com");
    EXPECT_EQ(poll_after_hours()->mirror, "");
    EXPECT_EQ(last_authorization("https://cache.example.com"),
              "Basic " + base64("cache-user:only-for-the-mirror"));
    EXPECT_EQ(last_authorization("https://registry.example.com"),
              "Basic " + base64("hub-user:only-for-the-registry"));

    settings->by_host.erase("cache.example.com");
    client().replace_settings(settings);
    transport.forget();
    EXPECT_EQ(poll()->mirror, "");
    EXPECT_EQ(last_authorization("https://cache.example.com"), "");
}

// What the digest proves may come from anywhere, and costs the registry no pull.
TEST_F(MirrorTest, ManifestsAndConfigurationsAreReadFromTheMirror) {
    auto manifest = wait_for(client().manifest(reference(tag), digest_));
    ASSERT_TRUE(manifest) << manifest.error().message();
    auto content = wait_for(client().content(reference(tag), *manifest));
    ASSERT_TRUE(content) << content.error().message();
    EXPECT_EQ(asked_registry(), 0u);
    EXPECT_EQ(report().pulls, 0u);
    EXPECT_TRUE(client().claim_pulls("registry.example.com", PullNeed::details, 1'000'000));
}

TEST_F(MirrorTest, AManifestThatTheMirrorLacksOrForgesIsReadFromTheRegistry) {
    auto moved = move_registry();
    EXPECT_TRUE(wait_for(client().manifest(reference(tag), moved)));
    EXPECT_EQ(asked_mirror(), 1u);
    EXPECT_EQ(report().pulls, 1u);
    EXPECT_EQ(client().mirrors().front().error, "");

    cache.fail({.target = digest_.text(), .body = "{}"});
    auto manifest = wait_for(client().manifest(reference(tag), digest_));
    ASSERT_TRUE(manifest) << manifest.error().message();
    EXPECT_EQ(manifest->digest, digest_);
    EXPECT_THAT(client().mirrors().front().error, HasSubstr("hashes to something else"));
}

TEST_F(MirrorTest, WithMirrorOnlyTheRegistryIsNeverAsked) {
    mirrored().mirror_only = true;
    EXPECT_EQ(look_up(tag)->mirror, "cache.example.com");
    EXPECT_EQ(poll_after_hours()->mirror, "cache.example.com");
    auto moved = move_mirror();
    EXPECT_EQ(poll()->digest, moved);
    EXPECT_TRUE(wait_for(client().manifest(reference(tag), moved)));

    // What it does not have is not gone.
    cache.untag("hub/team/app", "1.0");
    auto missing = poll();
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind(), ErrorKind::unreachable);
    EXPECT_THAT(missing.error().message(), HasSubstr("does not mean that it is gone"));
    EXPECT_EQ(asked_registry(), 0u);
}

TEST_F(MirrorTest, APausedRegistryDoesNotHoldUpItsMirror) {
    registry.fail({.status = 429, .headers = {{"Retry-After", "600"}}});
    EXPECT_FALSE(look_up(tag));
    EXPECT_FALSE(client().paused_until("registry.example.com"));
    EXPECT_EQ(poll()->mirror, "cache.example.com");
}

}  // namespace
}  // namespace basewatch::registry
