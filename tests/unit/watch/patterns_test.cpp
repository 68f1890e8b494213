// Patterns over tags: which bases they stand for, when tags are listed, and what a restart or a reload does.

#include "sweep_house.hpp"

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::UnorderedElementsAre;
using Outcome = CheckReport::Outcome;

class Patterns : public testing::Test {
protected:
    void push(const std::vector<std::string>& tags) {
        for (const auto& tag : tags) house.registry.push("base", tag, test::image());
    }
    void use(std::vector<Pattern> patterns, std::vector<Watched> bases = {}) {
        house.use(std::move(bases), std::move(patterns));
    }
    // The tags that are watched.
    std::vector<std::string> tags() {
        std::vector<std::string> found;
        for (const auto& state : house.watcher().states()) found.push_back(state.reference.tag());
        std::sort(found.begin(), found.end());
        return found;
    }
    std::size_t lists() { return house.registry.count("GET", "/tags/list"); }
    void list() { house.check_all(); }

    SweepHouse house;
};

TEST_F(Patterns, TheTagsOfTheFirstListAreBaselines) {
    push({"3.1", "3.2", "4.0", "latest"});
    use({pattern("3.*")});
    house.run();
    EXPECT_THAT(tags(), ElementsAre("3.1", "3.2"));
    for (const auto& state : house.watcher().states()) EXPECT_TRUE(state.observed());
    EXPECT_EQ(lists(), 1u);
    EXPECT_THAT(house.kinds(), IsEmpty());
    auto reports = house.watcher().patterns();
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].bases.size(), 2u);
    EXPECT_EQ(reports[0].listed, 4u);
    EXPECT_EQ(reports[0].listed_at, house.clock.now());
    EXPECT_TRUE(reports[0].next_list.has_value());
}

TEST_F(Patterns, OneThatNoTagFitsSaysSoOnce) {
    push({"3.1"});
    testing::internal::CaptureStderr();
    log::open(log::Format::text, log::Level::warning);
    use({pattern("3.*"), pattern("4.*"), pattern("*")});
    house.run();
    house.pass(5h);
    log::open(log::Format::text, log::Level::error);
    auto said = testing::internal::GetCapturedStderr();
    EXPECT_GE(lists(), 3u);
    auto first = said.find("no tag of a repository fits a pattern");
    ASSERT_NE(first, std::string::npos) << said;
    EXPECT_EQ(said.find("no tag of a repository", first + 1), std::string::npos) << said;
    EXPECT_THAT(said, HasSubstr("pattern=\"glob 4.*\""));
    auto idle = [this](std::size_t number) { return house.watcher().patterns().at(number).idle; };
    EXPECT_FALSE(idle(0));
    EXPECT_TRUE(idle(1));
    EXPECT_FALSE(idle(2)) << "what it fits is another's";
    house.restart();
    use({pattern("3.*"), pattern("4.*")});
    EXPECT_TRUE(idle(1)) << "known without a list";
    push({"4.0"});
    house.run();
    house.pass(75min);
    EXPECT_FALSE(idle(1));
}

TEST_F(Patterns, ListsAreMuchRarerThanChecks) {
    EXPECT_EQ(list_period(100ms), 1h);
    EXPECT_EQ(list_period(15min), 1h);
    EXPECT_EQ(list_period(6h), 24h);
    push({"3.1", "3.2"});
    use({pattern("3.*")});
    house.run();
    house.registry.forget_requests();
    house.pass(10h);
    EXPECT_THAT(lists(), AllOf(Ge(9u), Le(11u)));
    EXPECT_THAT(house.registry.count("HEAD"), AllOf(Ge(2u * 36), Le(2u * 44)));
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Patterns, ABaseOfAPatternIsCheckedLikeAnother) {
    push({"3.1", "3.2"});
    use({pattern("3.*")});
    house.run();
    test::ImageOptions other;
    other.layers = {"new"};
    house.registry.push("base", "3.2", test::image(other));
    house.pass(30min);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
    EXPECT_EQ(house.changes().at(0).base.tag(), "3.2");
}

TEST_F(Patterns, ARestartKnowsThemWithoutAList) {
    push({"3.1", "3.2"});
    use({pattern("3.*")});
    house.run();
    house.restart();
    house.registry.forget_requests();
    use({pattern("3.*")});
    EXPECT_THAT(tags(), ElementsAre("3.1", "3.2"));
    EXPECT_TRUE(house.state("registry.example.com/base:3.1").observed());
    house.run();
    EXPECT_EQ(lists(), 0u);
    house.pass(75min);
    EXPECT_THAT(lists(), AllOf(Ge(1u), Le(2u)));
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Patterns, AChangedPatternIsTakenOverSilently) {
    push({"3.1", "3.2", "4.0"});
    use({pattern("3.*")});
    house.run();
    use({pattern("4.*")});
    house.settle();
    EXPECT_THAT(tags(), ElementsAre("4.0"));
    EXPECT_EQ(lists(), 1u);
    use({pattern("*"), pattern("3.*")});
    house.settle();
    EXPECT_THAT(tags(), ElementsAre("3.1", "3.2", "4.0"));
    EXPECT_THAT(house.kinds(), IsEmpty());
    // Without a pattern the list is forgotten: what comes back begins anew.
    use({});
    house.registry.push("base", "4.1", test::image());
    use({pattern("4.*")});
    house.settle();
    EXPECT_THAT(tags(), ElementsAre("4.0", "4.1"));
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Patterns, TheNewestMoveOn) {
    push({"3.1", "3.2"});
    use({pattern("3.*", 2)});
    house.run();
    push({"3.3"});
    house.pass(75min);
    EXPECT_THAT(tags(), ElementsAre("3.2", "3.3"));
    EXPECT_THAT(house.told(), ElementsAre("tag_created 3.3"));
    auto stored = house.await(house.store().bases());
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->size(), 2u);
}

TEST_F(Patterns, AListThatFailsTakesNothingAwayAndIsShown) {
    push({"3.1", "3.2"});
    use({pattern("3.*")});
    house.run();
    for (int status : {401, 403, 404, 429, 500, 503}) {
        house.registry.recover();
        house.registry.fail({.target = "/tags/list", .status = status, .body = "no"});
        house.pass(80min);
        EXPECT_THAT(tags(), ElementsAre("3.1", "3.2")) << status;
        EXPECT_FALSE(house.watcher().patterns().at(0).error.empty()) << status;
    }
    EXPECT_THAT(house.kinds(), IsEmpty());
    house.registry.recover();
    house.pass(2h);
    EXPECT_EQ(house.watcher().patterns().at(0).error, "");
}

// How each kind of registry pages is the conformance suite's; this is what comes of it.
TEST_F(Patterns, SeeEveryPageOfAListAndNothingOfOneWithoutAnEnd) {
    constexpr std::size_t many = 1'202;
    for (std::size_t i = 0; i < many; ++i)
        house.registry.push("base", "3." + std::to_string(i), test::image());
    test::TagListing pages;
    pages.page = 100, pages.link = test::TagListing::Link::relative;
    house.registry.list_tags(pages);
    use({pattern("3.*", 2)});
    house.run();
    EXPECT_EQ(lists(), 13u);
    EXPECT_EQ(house.watcher().patterns().at(0).listed, many);
    EXPECT_THAT(tags(), ElementsAre("3.1200", "3.1201"));

    push({"3.1202"});
    pages.end = test::TagListing::End::endless;
    house.registry.list_tags(pages);
    house.registry.forget_requests();
    house.pass(2h);
    EXPECT_LE(lists(), 3'000u) << "once in its period, not again and again";
    EXPECT_THAT(house.watcher().patterns().at(0).error, HasSubstr("the tag list has more than 1,000 pages"));
    EXPECT_THAT(tags(), ElementsAre("3.1200", "3.1201"));
    EXPECT_THAT(house.told(), IsEmpty());

    pages.end = test::TagListing::End::circles;
    house.registry.list_tags(pages);
    house.pass(2h);
    EXPECT_EQ(house.watcher().patterns().at(0).error, "");
    EXPECT_THAT(house.told(), ElementsAre("tag_created 3.1202"))
        << "what is there was seen before the circle closed";
}

TEST_F(Patterns, OneThatWasNeverListedIsAskedForAgainSoon) {
    push({"3.1"});
    house.registry.fail({.target = "/tags/list", .times = 1, .status = 503});
    use({pattern("3.*")});
    house.run();
    EXPECT_THAT(tags(), IsEmpty());
    house.pass(5min);
    EXPECT_THAT(tags(), ElementsAre("3.1"));
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Patterns, CheckListsFirst) {
    push({"3.1"});
    use({pattern("3.*")}, {watched("registry.example.com/base:latest")});
    push({"latest"});
    auto reports = house.check_all();
    ASSERT_EQ(reports.size(), 2u);
    EXPECT_EQ(reports[0].base.tag(), "latest");
    EXPECT_EQ(reports[1].base.tag(), "3.1");
    EXPECT_EQ(reports[1].outcome, Outcome::baseline);
}

TEST_F(Patterns, CheckNowFindsATagThatIsNotKnownYet) {
    push({"3.1"});
    use({pattern("3.*")});
    house.run();
    push({"3.2"});
    auto report = house.check("registry.example.com/base:3.2");
    EXPECT_EQ(report.outcome, Outcome::changed);
    ASSERT_EQ(report.changes.size(), 1u);
    EXPECT_EQ(report.changes[0].kind, model::ChangeKind::tag_created);
    EXPECT_EQ(report.deliveries, 2u);
    EXPECT_THAT(tags(), ElementsAre("3.1", "3.2"));
    auto none = house.await(
        house.watcher().check_now(reference("registry.example.com/base:4"), model::DetectedBy::request));
    ASSERT_FALSE(none.has_value());
    EXPECT_THAT(none.error().message(), HasSubstr("is not watched"));
}

TEST_F(Patterns, WhatIsNamedItselfKeepsItsSettingsAndStays) {
    push({"3.1", "3.2"});
    auto own = watched("registry.example.com/base:3.1", 30min);
    use({pattern("3.*")}, {own});
    house.run();
    EXPECT_THAT(tags(), ElementsAre("3.1", "3.2"));
    EXPECT_EQ(house.watcher().patterns().at(0).bases.size(), 2u);
    use({pattern("4.*")}, {own});
    EXPECT_THAT(tags(), ElementsAre("3.1"));
}

TEST_F(Patterns, AnAliasOfThePatternsRepositoryMeansItsTags) {
    push({"3.1"});
    auto planning = std::make_shared<rules::PlanningTable>(*table_of({})->planning);
    auto chosen = pattern("3.*");
    planning->pattern_aliases = {{"registry.example.com/base", chosen.chosen, {"mirror.example.com/base"}}};
    auto table = std::make_shared<WatchTable>();
    table->patterns = {chosen};
    table->planning = planning;
    ASSERT_TRUE(house.await(house.watcher().use(table)).has_value());
    house.run();
    auto meant = house.watcher().watched_as(reference("mirror.example.com/base:3.1"));
    ASSERT_TRUE(meant.has_value());
    EXPECT_EQ(meant->text(), "registry.example.com/base:3.1");
    EXPECT_THAT(rules::names_of(*meant, *planning),
                ElementsAre("registry.example.com/base:3.1", "mirror.example.com/base:3.1"));
}

}  // namespace
}  // namespace basewatch::watch
