// What is told of tags that come, once and with what they point to, whatever happens meanwhile.

#include "sweep_house.hpp"

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::UnorderedElementsAre;
using Outcome = CheckReport::Outcome;

class TagChanges : public testing::Test {
protected:
    model::Digest push(const std::string& tag) { return house.registry.push("base", tag, test::image()); }
    void list() { house.check_all(); }
    void begin(const std::vector<std::string>& tags) {
        for (const auto& tag : tags) push(tag);
        house.use({}, {pattern("3.*")});
        list();
    }
    // The base that a rule names, and for which newer versions are wanted.
    void use_named(std::vector<Pattern> patterns = {}) {
        house.use({watched("registry.example.com/base:3.3-alpine")}, std::move(patterns),
                  {reference("registry.example.com/base:3.3-alpine")});
    }
    SweepHouse house;
};

TEST_F(TagChanges, ANewTagIsToldOnceWithItsDigest) {
    begin({"3.1"});
    auto digest = push("3.2");
    push("4.0");
    list();
    list();
    ASSERT_THAT(house.told(), ElementsAre("tag_created 3.2"));
    auto change = house.changes().at(0);
    EXPECT_TRUE(change.before.digest.empty());
    EXPECT_EQ(change.after.digest, digest);
    EXPECT_EQ(change.changed_platforms.size(), 1u);
    EXPECT_THAT(house.delivered_to(), UnorderedElementsAre("slack", "build"));
    EXPECT_EQ(house.committed.size(), 1u);
    auto events = house.await(house.store().events({10, ""}));
    auto event = nlohmann::json::parse(events->rows.back().json);
    EXPECT_EQ(event["type"], "dev.basewatch.base.changed");
    EXPECT_EQ(event["data"]["kind"], "tag_created");
    EXPECT_EQ(event["data"]["old"], nullptr);
    EXPECT_EQ(event["data"]["new"]["digest"], digest.text());
    auto rebuild = nlohmann::json::parse(events->rows.front().json);
    EXPECT_EQ(rebuild["data"]["reason"], "tag created");
}

TEST_F(TagChanges, ANewTagIsABaseFromItsFirstMoment) {
    begin({"3.1"});
    auto digest = push("3.2");
    house.run();
    house.pass(75min);
    EXPECT_EQ(house.state("registry.example.com/base:3.2").current.digest, digest);
    test::ImageOptions other;
    other.layers = {"new"};
    house.registry.push("base", "3.2", test::image(other));
    house.pass(30min);
    EXPECT_THAT(house.told(), ElementsAre("tag_created 3.2", "content 3.2"));
}

TEST_F(TagChanges, WhatCameWhileNobodyLookedIsToldAfterARestart) {
    begin({"3.1"});
    house.restart();
    push("3.2");
    house.use({}, {pattern("3.*")});
    house.run();
    house.pass(75min);
    house.restart();
    house.use({}, {pattern("3.*")});
    list();
    EXPECT_THAT(house.told(), ElementsAre("tag_created 3.2"));
}

TEST_F(TagChanges, ATagThatCannotBeLookedAtYetIsToldLater) {
    for (int status : {401, 403, 404, 429, 500, 503}) {
        SCOPED_TRACE(status);
        SweepHouse one;
        one.registry.push("base", "3.1", test::image());
        one.use({}, {pattern("3.*")});
        one.check_all();
        one.registry.push("base", "3.2", test::image());
        one.registry.fail({.target = "/manifests/3.2", .status = status, .body = "no"});
        one.run();
        one.pass(75min);
        EXPECT_THAT(one.told(), IsEmpty());
        EXPECT_EQ(one.watcher().states().size(), 1u);
        one.registry.recover();
        one.pass(3h);
        EXPECT_THAT(one.told(), ElementsAre("tag_created 3.2"));
    }
}

// What is listed and not there may stay so for ever: a tag without a manifest, or one that was deleted.
TEST_F(TagChanges, ATagThatCannotBeLookedAtIsListedForSoonAndThenAsEver) {
    begin({"3.1"});
    push("3.2");
    house.registry.fail({.target = "/manifests/3.2", .status = 404});
    house.registry.forget_requests();
    house.run();
    auto lists = [&] { return house.registry.count("GET", "/tags/list"); };
    for (int i = 0; i < 24 && lists() == 0; ++i) house.pass(5min);
    ASSERT_EQ(lists(), 1u);
    house.pass(50min);
    EXPECT_EQ(lists(), 3u);
    house.registry.forget_requests();
    house.pass(24h);
    EXPECT_THAT(lists(), AllOf(Ge(23u), Le(25u)));
    house.registry.recover();
    house.pass(75min);
    EXPECT_THAT(house.told(), ElementsAre("tag_created 3.2"));
    // The next one is asked for soon again.
    push("3.3");
    house.registry.fail({.target = "/manifests/3.3", .status = 404});
    house.registry.forget_requests();
    for (int i = 0; i < 24 && lists() == 0; ++i) house.pass(5min);
    house.registry.recover();
    house.pass(16min);
    EXPECT_THAT(house.told(), ElementsAre("tag_created 3.2", "tag_created 3.3"));
}

TEST_F(TagChanges, OneWithoutAWatchedPlatformIsAnErrorOfThatBase) {
    begin({"3.1"});
    test::ImageOptions arm;
    arm.platform = "linux/arm64";
    house.registry.push("base", "3.2", test::image(arm));
    list();
    EXPECT_THAT(house.told(), IsEmpty());
    EXPECT_FALSE(house.state("registry.example.com/base:3.2").last_error.empty());
}

TEST_F(TagChanges, ManyAreToldInRounds) {
    begin({"3.1"});
    for (int i = 0; i < 450; ++i) push("3.1." + std::to_string(i));
    house.run();
    house.pass(2h);
    auto told = house.told();
    EXPECT_EQ(told.size(), 450u);
    EXPECT_EQ(std::set<std::string>(told.begin(), told.end()).size(), 450u);
}

TEST_F(TagChanges, ATagThatARuleNamesItselfIsToldAsWell) {
    push("3.1");
    house.use({watched("registry.example.com/base:3.2")}, {pattern("3.*")});
    list();
    push("3.2");
    list();
    EXPECT_THAT(house.told(), ElementsAre("tag_created 3.2"));
    EXPECT_TRUE(house.state("registry.example.com/base:3.2").observed());
    list();
    EXPECT_EQ(house.told().size(), 1u);
}

TEST_F(TagChanges, ANewerVersionIsToldOfTheNamedBase) {
    for (const char* tag : {"3.3-alpine", "3.4-alpine", "3.3"}) push(tag);
    use_named();
    list();
    EXPECT_THAT(house.told(), IsEmpty());
    push("3.6-slim");
    push("3.5-alpine");
    auto newest = push("3.6-alpine");
    auto reports = house.check_all();
    list();
    ASSERT_THAT(house.told(), ElementsAre("newer_version 3.3-alpine 3.6-alpine 3.5-alpine"));
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].outcome, Outcome::changed);
    auto change = house.changes().at(0);
    EXPECT_EQ(change.before.digest, house.state("registry.example.com/base:3.3-alpine").current.digest);
    EXPECT_EQ(change.after.digest, newest);
    auto events = house.await(house.store().events({10, ""}));
    auto event = nlohmann::json::parse(events->rows.back().json);
    EXPECT_EQ(event["data"]["newer"]["reference"], "registry.example.com/base:3.6-alpine");
    EXPECT_EQ(event["data"]["base"]["tag"], "3.3-alpine");
    EXPECT_EQ(nlohmann::json::parse(events->rows.front().json)["data"]["reason"], "newer version 3.6-alpine");
    // It moved nothing.
    EXPECT_EQ(house.await(house.store().bases())->size(), 1u);
    house.run();
    house.pass(5h);
    EXPECT_EQ(house.told().size(), 1u);
}

TEST_F(TagChanges, WhatIsNewerIsToldWithTheTagThatCame) {
    push("3.3-alpine");
    use_named({pattern("3.*")});
    list();
    push("3.4-alpine");
    list();
    EXPECT_THAT(house.told(),
                UnorderedElementsAre("newer_version 3.3-alpine 3.4-alpine", "tag_created 3.4-alpine"));
}

TEST_F(TagChanges, OfWhatIsNewerTheNewestThatIsThereIsTold) {
    push("3.3-alpine");
    use_named();
    list();
    push("3.4-alpine");
    push("3.5-alpine");
    house.registry.fail({.target = "/manifests/3.5-alpine", .status = 503, .body = "no"});
    list();
    EXPECT_THAT(house.told(), ElementsAre("newer_version 3.3-alpine 3.4-alpine"));
    house.registry.recover();
    house.clock.advance(10min);
    list();
    EXPECT_THAT(house.told(),
                ElementsAre("newer_version 3.3-alpine 3.4-alpine", "newer_version 3.3-alpine 3.5-alpine"));
}

}  // namespace
}  // namespace basewatch::watch
