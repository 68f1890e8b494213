// One check of one base, whatever the registry answers.

#include "sweep_house.hpp"
#include "watch/settle.hpp"

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = CheckReport::Outcome;

const std::string ours = "registry.example.com/base:1";
const std::string hub = "docker.io/library/base:1";

class Check : public testing::Test {
protected:
    // A base that was seen once, with these contents.
    void seen(const test::Built& first) {
        house.registry.push("base", "1", first);
        house.use({watched(ours)});
        ASSERT_EQ(house.check().outcome, Outcome::baseline);
        house.registry.forget_requests();
    }
    SweepHouse house;
};

test::Built with_layers(const std::vector<std::string>& layers, const std::string& platform = "linux/amd64") {
    test::ImageOptions options;
    options.layers = layers;
    options.platform = platform;
    return test::image(options);
}

test::Built built_again(const std::string& created) {
    test::ImageOptions options;
    options.created = created;
    return test::image(options);
}

TEST_F(Check, TheFirstSightIsASilentBaselineWithItsDetails) {
    auto pushed =
        house.registry.push("base", "1", test::index({test::image(), with_layers({"arm"}, "linux/arm64")}));
    house.use({watched(ours)});
    auto report = house.check();
    EXPECT_EQ(report.outcome, Outcome::baseline);
    EXPECT_EQ(report.after, pushed);
    EXPECT_THAT(house.kinds(), IsEmpty());
    EXPECT_THAT(house.delivered_to(), IsEmpty());
    auto state = house.state();
    EXPECT_EQ(state.current.digest, pushed);
    EXPECT_TRUE(state.current.detailed);
    EXPECT_THAT(state.current.platforms, SizeIs(2)) << "watched or not";
    EXPECT_EQ(house.registry.count("HEAD"), 1u);
    EXPECT_EQ(house.registry.count("GET", "/manifests/"), 2u) << "the index and the watched image";
    EXPECT_EQ(house.registry.count("GET", "/blobs/"), 1u);
}

TEST_F(Check, OnDockerHubABaselineIsAHeadAndDetailsComeWithinThePullBudget) {
    house.registry.push("library/base", "1", test::image());
    house.use({watched(hub)});
    EXPECT_EQ(house.check(hub).outcome, Outcome::baseline);
    EXPECT_EQ(house.registry.count("GET"), 0u);
    EXPECT_EQ(house.check(hub).outcome, Outcome::unchanged);
    EXPECT_TRUE(house.state(hub).current.detailed);
    EXPECT_THAT(house.kinds(), IsEmpty());
    auto read = house.registry.count("GET", "/manifests/");
    EXPECT_EQ(read, 1u);
    EXPECT_EQ(house.check(hub).outcome, Outcome::unchanged);
    EXPECT_EQ(house.registry.count("GET", "/manifests/"), read) << "once";
    house.registry.push("library/base", "1", with_layers({"new"}));
    auto report = house.check(hub);
    EXPECT_EQ(report.outcome, Outcome::changed);
    EXPECT_THAT(house.kinds(), ElementsAre("content")) << "the old digest was read when it was needed";
    EXPECT_THAT(report.changes.at(0).differences, ElementsAre("layers"));
}

TEST_F(Check, AnUnchangedBaseCostsOneHead) {
    seen(test::image());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(house.check().outcome, Outcome::unchanged);
    EXPECT_EQ(house.registry.count("HEAD"), 5u);
    EXPECT_EQ(house.registry.count(""), 5u);
}

TEST_F(Check, NewLayersAreContentAndFire) {
    seen(test::image());
    auto old_digest = house.state().current.digest;
    auto pushed = house.registry.push("base", "1", with_layers({"layer 1", "layer 2"}));
    auto report = house.check();
    EXPECT_EQ(report.outcome, Outcome::changed);
    EXPECT_EQ(report.before, old_digest);
    EXPECT_EQ(report.after, pushed);
    EXPECT_EQ(report.deliveries, 2u);
    ASSERT_THAT(report.changes, SizeIs(1));
    const auto& change = report.changes[0];
    EXPECT_EQ(change.kind, model::ChangeKind::content);
    EXPECT_FALSE(change.assumed);
    EXPECT_THAT(change.differences, ElementsAre("layers"));
    EXPECT_EQ(change.before.digest, old_digest);
    EXPECT_EQ(change.after.digest, pushed);
    EXPECT_EQ(change.detected_by, model::DetectedBy::request);
    EXPECT_THAT(house.delivered_to(), ElementsAre("slack", "build"));
    EXPECT_THAT(house.committed, ElementsAre(ElementsAre("build", "slack")));
    EXPECT_EQ(house.state().current.digest, pushed);
    EXPECT_EQ(house.check().outcome, Outcome::unchanged);
    EXPECT_THAT(house.kinds(), SizeIs(1));
}

TEST_F(Check, AnotherTimestampIsMetadataAndFiresNothing) {
    seen(built_again("2026-01-01T00:00:00Z"));
    house.registry.push("base", "1", built_again("2026-02-02T00:00:00Z"));
    EXPECT_EQ(house.check().outcome, Outcome::changed);
    EXPECT_THAT(house.kinds(), ElementsAre("metadata"));
    EXPECT_THAT(house.delivered_to(), IsEmpty());
    EXPECT_THAT(house.committed, IsEmpty());
}

TEST_F(Check, AnotherAttestationOrArchitectureIsMetadata) {
    auto arm = with_layers({"arm 1"}, "linux/arm64");
    test::IndexOptions attested;
    attested.attestations = true;
    seen(test::index({test::image(), arm}, attested));
    attested.attested = "2";
    house.registry.push("base", "1", test::index({test::image(), arm}, attested));
    house.check();
    house.registry.push("base", "1",
                        test::index({test::image(), with_layers({"arm 2"}, "linux/arm64")}, attested));
    house.check();
    EXPECT_THAT(house.kinds(), ElementsAre("metadata", "metadata"));
    EXPECT_THAT(house.delivered_to(), IsEmpty());
}

TEST_F(Check, MovingBackIsReverted) {
    auto old = test::image();
    seen(old);
    house.registry.push("base", "1", with_layers({"bad"}));
    house.check();
    house.registry.push("base", "1", old);
    house.clock.advance(flap_window);  // sooner it might be a registry that flaps
    house.check();
    EXPECT_THAT(house.kinds(), ElementsAre("content", "reverted"));
    EXPECT_THAT(house.delivered_to(), SizeIs(4));
}

TEST_F(Check, MovingBackToTheSameContentBuiltAnewIsReverted) {
    seen(built_again("2026-01-01T00:00:00Z"));
    house.registry.push("base", "1", with_layers({"bad"}));
    house.check();
    house.registry.push("base", "1", built_again("2026-03-03T00:00:00Z"));
    house.check();
    EXPECT_THAT(house.kinds(), ElementsAre("content", "reverted"));
}

TEST_F(Check, AWatchedPlatformComesAndGoes) {
    house.registry.push("base", "1", test::index({test::image()}));
    auto both = watched(ours);
    both.platforms = {*model::Platform::parse("linux/amd64"), *model::Platform::parse("linux/arm64")};
    house.use({both});
    house.check();
    house.registry.push("base", "1", test::index({test::image(), with_layers({"arm"}, "linux/arm64")}));
    house.check();
    house.registry.push("base", "1", test::index({test::image()}, {.annotations = {{"a", "b"}}}));
    house.check();
    EXPECT_THAT(house.kinds(), ElementsAre("platform_added", "platform_removed"));
}

// --- nothing of this is a change ---

struct Refusal {
    std::string name;
    test::Fault fault;
};
void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << refusal.name;
}

class NoChange : public Check, public testing::WithParamInterface<Refusal> {};

TEST_P(NoChange, WhateverTheRegistryAnswersTheBaseStaysAsItWas) {
    seen(test::image());
    auto before = house.state().current.digest;
    house.registry.push("base", "1", with_layers({"new"}));
    house.registry.fail(GetParam().fault);
    auto report = house.check();
    EXPECT_EQ(report.outcome, Outcome::failed);
    EXPECT_FALSE(report.error.empty());
    EXPECT_EQ(house.state().current.digest, before);
    EXPECT_EQ(house.state().failures, 1);
    EXPECT_FALSE(house.state().last_error.empty());
    EXPECT_FALSE(house.state().last_error_kind.empty());
    EXPECT_THAT(house.kinds(), IsEmpty());
    EXPECT_THAT(house.delivered_to(), IsEmpty());

    house.registry.recover();
    house.pass(24h);
    EXPECT_EQ(house.check().outcome, Outcome::changed) << "and it is seen as soon as the registry tells";
    EXPECT_EQ(house.state().failures, 0);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

test::Fault status(int number, const std::string& target = "/manifests/1", const std::string& body = "") {
    test::Fault fault;
    fault.target = target;
    fault.status = number;
    fault.body = body;
    return fault;
}

std::vector<Refusal> refusals() {
    std::vector<Refusal> found;
    for (int number : {400, 401, 403, 404, 406, 429, 500, 502, 503, 504, 418})
        found.push_back({"Tag" + std::to_string(number), status(number)});
    for (int number : {401, 403, 429, 500, 503})
        found.push_back({"Digest" + std::to_string(number), status(number, "/manifests/sha256:")});
    for (int number : {403, 500})
        found.push_back({"Config" + std::to_string(number), status(number, "/blobs/sha256:")});
    auto html = status(200, "/manifests/", "<html><body>Please log in</body></html>");
    html.headers = {{"Content-Type", "text/html"}};
    html.without = {"Docker-Content-Digest"};
    found.push_back({"WebPage", html});
    test::Fault wrong;
    wrong.method = "GET";
    wrong.target = "/manifests/sha256:";
    wrong.body = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"})";
    found.push_back({"WrongBytes", wrong});
    test::Fault nothing;
    nothing.hang = true;
    found.push_back({"NoAnswer", nothing});
    test::Fault closed;
    closed.close = true;
    found.push_back({"HangsUp", closed});
    test::Fault broken;
    broken.method = "GET";
    broken.target = "/blobs/";
    broken.body = "{";
    found.push_back({"BrokenConfig", broken});
    return found;
}

INSTANTIATE_TEST_SUITE_P(Answers, NoChange, testing::ValuesIn(refusals()),
                         [](const auto& given) { return given.param.name; });

TEST_F(Check, ADigestThatIsAnnouncedAndNotThereIsLookedForThreeTimesBeforeItIsAFailure) {
    seen(test::image());
    house.registry.push("base", "1", with_layers({"new"}));
    house.registry.fail(status(404, "/manifests/sha256:"));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(house.check().outcome, Outcome::failed);
        EXPECT_EQ(house.state().failures, 0) << "a replica may lag behind";
    }
    house.check();
    EXPECT_EQ(house.state().failures, 1);
    EXPECT_THAT(house.state().last_error, HasSubstr("reading the new digest sha256:"));
    house.registry.recover();
    EXPECT_EQ(house.check().outcome, Outcome::changed);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

TEST_F(Check, WhenTheOldDigestIsGoneContentIsAssumed) {
    auto old = test::image();
    house.registry.push("library/base", "1", old);
    house.use({watched(hub)});
    house.check(hub);
    house.registry.push("library/base", "1", built_again("2026-09-09T00:00:00Z"));
    house.registry.remove("library/base", old.digest);
    EXPECT_EQ(house.check(hub).outcome, Outcome::changed);
    EXPECT_THAT(house.kinds(), ElementsAre("content assumed"));
    EXPECT_THAT(house.delivered_to(), SizeIs(2));
}

TEST_F(Check, TheOldDigestIsAskedForAgainBeforeContentIsAssumed) {
    auto old = test::image();
    house.registry.push("library/base", "1", old);
    house.use({watched(hub)});
    house.check(hub);
    house.registry.push("library/base", "1", built_again("2026-09-09T00:00:00Z"));
    house.registry.fail(status(503, old.digest.text()));
    EXPECT_EQ(house.check(hub).outcome, Outcome::failed);
    EXPECT_EQ(house.check(hub).outcome, Outcome::failed);
    EXPECT_EQ(house.check(hub).outcome, Outcome::changed);
    EXPECT_THAT(house.kinds(), ElementsAre("content assumed"));
}

TEST_F(Check, NoneOfTheWatchedPlatformsIsAnErrorAndAskedOnce) {
    seen(test::index({test::image()}));
    house.registry.push("base", "1", test::index({with_layers({"arm"}, "linux/arm64")}));
    auto report = house.check();
    EXPECT_EQ(report.outcome, Outcome::failed);
    EXPECT_THAT(report.error,
                HasSubstr("none of the watched platforms (linux/amd64) is in it; it has linux/arm64"));
    EXPECT_THAT(house.kinds(), IsEmpty());
    auto gets = house.registry.count("GET");
    EXPECT_EQ(house.check().outcome, Outcome::failed);
    EXPECT_EQ(house.registry.count("GET"), gets) << "the same digest is not read again";
    house.registry.push("base", "1",
                        test::index({with_layers({"new"}), with_layers({"arm"}, "linux/arm64")}));
    EXPECT_EQ(house.check().outcome, Outcome::changed);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

TEST_F(Check, AnErrorAtFirstSightIsShownToo) {
    house.registry.push("base", "1", with_layers({"arm"}, "linux/arm64"));
    house.use({watched(ours)});
    EXPECT_EQ(house.check().outcome, Outcome::failed);
    EXPECT_FALSE(house.state().observed());
    EXPECT_THAT(house.state().last_error, HasSubstr("none of the watched platforms"));
    auto arm = watched(ours);
    arm.platforms = {*model::Platform::parse("linux/arm64")};
    house.use({arm});
    EXPECT_EQ(house.check().outcome, Outcome::baseline) << "the settings were at fault";
    EXPECT_THAT(house.state().last_error, IsEmpty());
}

TEST_F(Check, APlatformAddedToTheSettingsStartsSilently) {
    seen(test::index({test::image(), with_layers({"arm"}, "linux/arm64")}));
    auto arm = watched(ours);
    arm.platforms = {*model::Platform::parse("linux/arm64")};
    house.use({arm});
    EXPECT_EQ(house.check().outcome, Outcome::unchanged);
    EXPECT_THAT(house.kinds(), IsEmpty());
    house.registry.push("base", "1", test::index({test::image(), with_layers({"arm 2"}, "linux/arm64")}));
    EXPECT_EQ(house.check().outcome, Outcome::changed);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

TEST_F(Check, DetailsThatCouldNotBeReadAreTriedAFewTimesMore) {
    house.registry.push("base", "1", test::image());
    house.use({watched(ours)});
    house.registry.fail(status(500, "/manifests/sha256:"));
    EXPECT_EQ(house.check().outcome, Outcome::baseline);
    EXPECT_FALSE(house.state().current.detailed);
    EXPECT_EQ(house.check().outcome, Outcome::unchanged);
    house.registry.recover();
    EXPECT_EQ(house.check().outcome, Outcome::unchanged);
    EXPECT_TRUE(house.state().current.detailed);
    EXPECT_THAT(house.kinds(), IsEmpty());
    house.restart();
    house.use({watched(ours)});
    EXPECT_TRUE(house.state().current.detailed) << "and it is stored";
}

TEST_F(Check, AnArtifactIsWatchedAndEveryMoveOfItIsContent) {
    seen(test::artifact());
    house.registry.push("base", "1", test::image());
    house.check();
    EXPECT_THAT(house.kinds(), ElementsAre("content assumed"));
}

TEST_F(Check, AnotherAcceptListIsASilentBaseline) {
    seen(test::image());
    store::Finding finding;
    finding.state = house.state();
    finding.state.profile = model::accept_profile + 1;
    ASSERT_TRUE(house.await(house.store().record(finding)).has_value());
    house.restart();
    house.use({watched(ours)});
    auto pushed = house.registry.push("base", "1", with_layers({"new"}));
    EXPECT_EQ(house.check().outcome, Outcome::baseline);
    EXPECT_EQ(house.state().current.digest, pushed);
    EXPECT_EQ(house.state().profile, model::accept_profile);
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Check, AStateThatMovedOnMeanwhileIsReadAgain) {
    auto old = test::image();
    seen(old);
    auto there = house.registry.push("base", "1", with_layers({"new"}));
    // Somebody else saw the move already.
    auto state = house.state();
    state.current.digest = there;
    store::Finding finding;
    finding.state = state;
    ASSERT_TRUE(house.await(house.store().record(finding)).has_value());
    EXPECT_EQ(house.check().outcome, Outcome::unchanged);
    EXPECT_EQ(house.state().current.digest, there);
    EXPECT_THAT(house.kinds(), IsEmpty()) << "it is not told twice";
}

TEST_F(Check, ABaseIsKnownByItsAliases) {
    house.registry.push("base", "1", test::image());
    auto table = std::make_shared<WatchTable>(*table_of({watched(ours)}));
    auto planning = std::make_shared<rules::PlanningTable>(*table->planning);
    planning->aliases[ours] = {"mirror.example.com/base:1"};
    table->planning = planning;
    ASSERT_TRUE(house.await(house.watcher().use(table)).has_value());
    EXPECT_EQ(house.watcher().watched_as(reference("mirror.example.com/base:1")), reference(ours));
    EXPECT_EQ(house.watcher().watched_as(reference(ours)), reference(ours));
    EXPECT_EQ(house.watcher().watched_as(reference("mirror.example.com/base:2")), std::nullopt);
    EXPECT_EQ(house.check("mirror.example.com/base:1").base, reference(ours));
    auto unknown = house.await(house.watcher().check_now(reference("other:1"), model::DetectedBy::request));
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace basewatch::watch
