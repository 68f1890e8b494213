#include "watch/known_base.hpp"

#include "foundation/time.hpp"

namespace basewatch::watch {
namespace {

using model::Digest;
using model::Observation;
using model::Platform;

Observation observation() {
    Observation made;
    made.digest = Digest::of("root");
    made.media_type = "application/vnd.oci.image.index.v1+json";
    made.observed_at = *parse_rfc3339("2026-11-23T12:00:00.123Z");
    made.detailed = true;
    made.platforms[*Platform::parse("linux/amd64")] = Digest::of("amd64");
    made.platforms[*Platform::parse("linux/arm/v7")] = *Digest::parse("sha512:" + std::string(128, 'a'));
    made.platforms[*Platform::parse("windows/amd64:10.0.20348.2700")] = Digest::of("windows");
    return made;
}

void expect_same(const Observation& one, const Observation& other) {
    EXPECT_EQ(one.digest, other.digest);
    EXPECT_EQ(one.media_type, other.media_type);
    EXPECT_EQ(one.observed_at, other.observed_at);
    EXPECT_EQ(one.platforms, other.platforms);
    EXPECT_EQ(one.detailed, other.detailed);
}

TEST(PackedObservation, ComesOutAsItWentIn) {
    expect_same(PackedObservation(observation()).unpacked(), observation());
    Observation bare;
    bare.digest = *Digest::parse("sha384:" + std::string(96, '0'));
    bare.media_type = "application/vnd.cncf.helm.chart.v1";
    expect_same(PackedObservation(bare).unpacked(), bare);
    EXPECT_TRUE(PackedObservation(Observation()).empty());
    expect_same(PackedObservation().unpacked(), Observation());
}

TEST(PackedObservation, AnswersWithoutBeingUnpacked) {
    PackedObservation packed(observation());
    EXPECT_TRUE(packed.detailed());
    EXPECT_TRUE(packed.points_to(Digest::of("root")));
    EXPECT_FALSE(packed.points_to(Digest::of("amd64")));
    EXPECT_FALSE(packed.points_to(Digest()));
    EXPECT_FALSE(PackedObservation().points_to(Digest::of("root")));
    EXPECT_TRUE(packed.has_one_of({}));
    EXPECT_TRUE(packed.has_one_of({*Platform::parse("linux/riscv64"), *Platform::parse("windows/amd64")}));
    EXPECT_FALSE(packed.has_one_of({*Platform::parse("linux/riscv64")}));
    Observation unread;
    unread.digest = Digest::of("root");
    EXPECT_TRUE(PackedObservation(unread).has_one_of({*Platform::parse("linux/riscv64")})) << "nobody knows";
}

TEST(KnownBase, KeepsTheStateOfABase) {
    model::BaseState state;
    state.reference = *model::Reference::parse("ruby:3.3");
    state.current = observation();
    state.profile = 7;
    state.checked_at = *parse_rfc3339("2026-11-23T13:00:00Z");
    state.failing_since = *parse_rfc3339("2026-11-23T12:30:00Z");
    state.failures = 3;
    state.last_error = "no route";
    state.last_error_kind = "unreachable";
    state.told_unreachable = true;
    KnownBase known;
    known.take(state);
    auto back = known.state(state.reference);
    expect_same(back.current, state.current);
    EXPECT_EQ(back.reference, state.reference);
    EXPECT_EQ(back.profile, 7);
    EXPECT_EQ(back.checked_at, state.checked_at);
    EXPECT_EQ(back.failing_since, state.failing_since);
    EXPECT_EQ(back.failures, 3);
    EXPECT_EQ(back.last_error, "no route");
    EXPECT_EQ(back.last_error_kind, "unreachable");
    EXPECT_TRUE(back.told_unreachable);
    known.take(model::BaseState());
    EXPECT_FALSE(known.state(state.reference).failing_since);
    EXPECT_FALSE(known.state(state.reference).observed());
}

}  // namespace
}  // namespace basewatch::watch
