// The sweep as a whole: when bases are asked about, what is said of those that do not answer, and what it
// costs the disk.

#include "sweep_house.hpp"

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

const std::string ours = "registry.example.com/base:1";

std::string numbered(int i) {
    return "registry.example.com/base:" + std::to_string(i);
}

std::vector<Watched> many(int bases, Milliseconds interval = 15min) {
    std::vector<Watched> made;
    for (int i = 0; i < bases; ++i) made.push_back(watched(numbered(i), interval));
    return made;
}

class Sweep : public testing::Test {
protected:
    void push(int bases) {
        for (int i = 0; i < bases; ++i) house.registry.push("base", std::to_string(i), test::image());
    }
    test::Built other_image(const std::string& layer) {
        test::ImageOptions options;
        options.layers = {layer};
        return test::image(options);
    }
    SweepHouse house;
};

TEST_F(Sweep, EveryBaseIsSeenAtOnceAndThenOncePerInterval) {
    push(50);
    house.use(many(50));
    house.run();
    EXPECT_EQ(house.watcher().progress().checks, 50u);
    for (const auto& state : house.watcher().states()) EXPECT_TRUE(state.observed());
    house.registry.forget_requests();
    house.pass(10 * 15min);
    EXPECT_THAT(house.registry.count("HEAD"), AllOf(Ge(50u * 9), Le(50u * 11)));
    EXPECT_EQ(house.registry.count("GET"), 0u);
    EXPECT_THAT(house.kinds(), IsEmpty());
    EXPECT_EQ(house.watcher().progress().failing, 0u);
}

TEST_F(Sweep, AChangeIsFoundWithinAnIntervalAndAJitter) {
    push(5);
    house.use(many(5));
    house.run();
    house.pass(15min * 16 / 10);  // until every base has found its phase
    house.registry.push("base", "3", other_image("new"));
    house.pass(15min * 12 / 10 + 10s);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
    EXPECT_EQ(house.changes().at(0).detected_by, model::DetectedBy::poll);
    EXPECT_EQ(house.watcher().progress().changes, 1u);
}

// One commit a minute for what did not change, whether it is three bases or three hundred.
TEST_F(Sweep, WhatDidNotChangeCostsTheDiskTheSameWhateverTheNumberOfBases) {
    std::vector<std::uint64_t> cost;
    for (int bases : {3, 100}) {
        SweepHouse small;
        for (int i = 0; i < bases; ++i) small.registry.push("base", std::to_string(i), test::image());
        small.use(many(bases, 30s));
        small.run();
        small.pass(2min);
        auto before = small.store().commits();
        auto checks = small.watcher().progress().checks;
        small.pass(5min);
        cost.push_back(small.store().commits() - before);
        EXPECT_GT(small.watcher().progress().checks - checks, static_cast<std::uint64_t>(bases) * 8);
    }
    EXPECT_THAT(cost, Each(AllOf(Ge(2u), Le(6u))));
}

TEST_F(Sweep, MarksAreSavedWhenTheLoopEnds) {
    push(1);
    house.use({watched(numbered(0))});
    house.run();
    house.pass(20min);
    auto looked = house.state(numbered(0)).checked_at;
    house.stop();
    auto stored = house.await(house.store().bases());
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->at(0).checked_at, looked);
}

TEST_F(Sweep, AStateOfThousandsIsTakenUpWhole) {
    constexpr int bases = 2500;
    auto looked = house.clock.now() - 7min;
    std::vector<store::CheckMark> marks(bases);
    for (int i = 0; i < bases; ++i) {
        marks[static_cast<std::size_t>(i)].base = reference(numbered(i)).text();
        marks[static_cast<std::size_t>(i)].checked_at = looked;
    }
    EXPECT_TRUE(house.await(house.store().mark_checked(std::move(marks))));
    house.use(many(bases - 1));
    auto states = house.watcher().states();
    EXPECT_THAT(states, SizeIs(bases - 1));
    EXPECT_THAT(states, Each(Field(&model::BaseState::checked_at, looked)));
    // The one that is no longer watched is forgotten.
    EXPECT_THAT(*house.await(house.store().bases()), SizeIs(bases - 1));
}

TEST_F(Sweep, ARestartAsksAtThePhaseNotAtOnce) {
    push(50);
    house.use(many(50));
    house.run();
    house.restart();
    house.registry.forget_requests();
    house.use(many(50));
    house.run();
    EXPECT_THAT(house.registry.count("HEAD"), Le(5u));
    house.pass(17min);
    EXPECT_THAT(house.registry.count("HEAD"), Ge(50u));
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Sweep, WhatMovedWhileNobodyLookedIsFoundAfterTheRestart) {
    push(1);
    house.use({watched(numbered(0))});
    house.run();
    house.restart();
    house.registry.push("base", "0", other_image("new"));
    house.use({watched(numbered(0))});
    house.run();
    house.pass(17min);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

// --- bases that do not answer ---

test::Fault failing(int status) {
    test::Fault fault;
    fault.status = status;
    return fault;
}

TEST_F(Sweep, UnreachableIsToldOnceExactlyAndRecoveredToo) {
    push(1);
    house.use({watched(numbered(0))});
    house.run();
    house.registry.fail(failing(503));
    while (house.state(numbered(0)).failures == 0) house.pass(1s);
    auto since = *house.state(numbered(0)).failing_since;

    house.pass(std::chrono::ceil<Milliseconds>(since + 45min - house.clock.now()) - 1s);
    EXPECT_GE(house.state(numbered(0)).failures, 4);
    EXPECT_THAT(house.kinds(), IsEmpty()) << "three intervals have not passed yet";
    house.pass(1s);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable"));
    auto told = house.changes().at(0);
    EXPECT_EQ(told.detected_at, since + 45min);
    EXPECT_EQ(told.before.digest, house.state(numbered(0)).current.digest);
    EXPECT_TRUE(house.state(numbered(0)).told_unreachable);
    EXPECT_THAT(house.delivered_to(), ElementsAre("slack"));

    house.pass(24h);
    EXPECT_THAT(house.kinds(), SizeIs(1)) << "once";
    house.registry.recover();
    house.pass(20min);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable", "recovered"));
    EXPECT_FALSE(house.state(numbered(0)).told_unreachable);
    EXPECT_THAT(house.state(numbered(0)).last_error, IsEmpty());
    EXPECT_THAT(house.delivered_to(), ElementsAre("slack", "slack"));
    auto events = house.await(house.store().events({10, ""}));
    ASSERT_TRUE(events.has_value());
    auto recovered = *parse_json(events->rows.at(0).json);
    EXPECT_EQ(recovered["type"], "dev.basewatch.base.recovered");
    EXPECT_EQ(recovered["data"]["kind"], "server_error");
}

TEST_F(Sweep, AShortFailureIsToldToNobody) {
    push(1);
    house.use({watched(numbered(0))});
    house.run();
    house.registry.fail(failing(500));
    house.pass(40min);
    EXPECT_GT(house.watcher().progress().failures, 0u);
    EXPECT_EQ(house.watcher().progress().failing, 1u);
    house.registry.recover();
    house.pass(30min);
    EXPECT_THAT(house.kinds(), IsEmpty());
    EXPECT_EQ(house.watcher().progress().failing, 0u);
}

TEST_F(Sweep, ABaseThatNeverWasThereIsUnreachableToo) {
    house.use({watched(numbered(0))});
    house.run();
    house.pass(3h);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable"))
        << "a 404 is no deletion, but it is no answer either";
    EXPECT_EQ(house.state(numbered(0)).last_error_kind, "not_found");
    push(1);
    house.pass(20min);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable", "recovered"));
    EXPECT_TRUE(house.state(numbered(0)).observed());
}

TEST_F(Sweep, ThatItWasToldIsRememberedOverARestart) {
    push(1);
    house.use({watched(numbered(0))});
    house.run();
    house.registry.fail(failing(500));
    house.pass(3h);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable"));
    house.restart();
    house.use({watched(numbered(0))});
    house.run();
    house.pass(3h);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable"));
    house.registry.recover();
    house.registry.push("base", "0", other_image("new"));
    house.pass(20min);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable", "recovered", "content"));
}

TEST_F(Sweep, APausedHostIsNotAskedAndItsBasesDoNotFail) {
    push(20);
    house.use(many(20));
    house.run();
    auto limited = failing(429);
    limited.headers = {{"Retry-After", "300"}};
    limited.times = 1;
    house.registry.fail(limited);
    while (house.watcher().progress().failures == 0) house.pass(1s);
    auto asked = house.registry.count("");
    house.pass(290s);
    EXPECT_EQ(house.registry.count(""), asked) << "until the five minutes are over";
    EXPECT_EQ(house.watcher().progress().failures, 1u);
    house.pass(20min);
    EXPECT_GE(house.registry.count(""), asked + 20);
    EXPECT_EQ(house.watcher().progress().failing, 0u);
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Sweep, AHostThatWantsToBeLeftAloneForADayIsUnreachableMeanwhile) {
    push(1);
    house.use({watched(numbered(0))});
    house.run();
    auto limited = failing(429);
    limited.headers = {{"Retry-After", "86400"}};
    house.registry.fail(limited);
    while (house.watcher().progress().failures == 0) house.pass(1s);
    auto asked = house.registry.count("");
    house.pass(2h);
    EXPECT_EQ(house.registry.count(""), asked);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable"));
}

TEST_F(Sweep, ARegistryThatHangsDelaysNoOther) {
    push(3);
    for (int i = 0; i < 100; ++i) house.registry.push("library/slow", std::to_string(i), test::image());
    auto bases = many(3);
    for (int i = 0; i < 100; ++i) bases.push_back(watched("docker.io/library/slow:" + std::to_string(i)));
    auto& registry = house.registry;
    house.transport.serve(
        "https://registry-1.docker.io", [](const net::HttpRequest&) -> Result<net::HttpResponse> {
            return Error(ErrorKind::timed_out, "registry-1.docker.io did not answer in time");
        });
    house.use(bases);
    house.run();
    house.pass(1h);
    EXPECT_GE(registry.count("HEAD"), 3u * 3);
    EXPECT_EQ(house.watcher().progress().failing, 100u);
}

// --- steering ---

TEST_F(Sweep, CheckNowJoinsACheckThatIsUnderWay) {
    push(1);
    house.use({watched(numbered(0))});
    house.transport.hold();
    std::vector<CheckReport> reports;
    TaskGroup group(house.loop().get_executor());
    auto ask = [](SweepHouse& in, std::vector<CheckReport>& into) -> Async<void> {
        auto report = co_await in.watcher().check_now(reference(numbered(0)), model::DetectedBy::request);
        if (report) into.push_back(*report);
    };
    for (int i = 0; i < 3; ++i) group.start("ask", ask(house, reports));
    house.clock.settle();
    EXPECT_EQ(house.transport.held(), 1u);
    EXPECT_EQ(house.watcher().progress().under_way, 1u);
    house.transport.release_all();
    house.await(group.wait());
    ASSERT_THAT(reports, SizeIs(3));
    for (const auto& report : reports) EXPECT_EQ(report.outcome, CheckReport::Outcome::baseline);
    EXPECT_EQ(house.registry.count("HEAD"), 1u);
}

TEST_F(Sweep, WhoeverJoinedGoesOnWhenTheFirstIsGivenUp) {
    push(1);
    house.use({watched(numbered(0))});
    house.transport.hold();
    std::vector<CheckReport> reports;
    TaskGroup hasty(house.loop().get_executor()), patient(house.loop().get_executor());
    auto ask = [](SweepHouse& in, std::vector<CheckReport>& into) -> Async<void> {
        auto report = co_await in.watcher().check_now(reference(numbered(0)), model::DetectedBy::request);
        if (report) into.push_back(*report);
    };
    std::vector<CheckReport> given_up;
    hasty.start("hasty", ask(house, given_up));
    house.clock.settle();
    patient.start("patient", ask(house, reports));
    house.clock.settle();
    hasty.cancel();
    house.await(hasty.wait());
    house.clock.settle();
    house.transport.release_all();
    house.await(patient.wait());
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].outcome, CheckReport::Outcome::baseline);
    EXPECT_EQ(house.state(numbered(0)).failures, 0);
}

TEST_F(Sweep, CheckAllReportsEveryBaseOnceWithItsPlaceInTheTable) {
    push(40);
    house.registry.untag("base", "7");
    auto bases = many(40);
    std::reverse(bases.begin(), bases.end());
    house.use(bases);
    std::map<std::size_t, CheckReport> reports;
    auto keep = [&](std::size_t place, CheckReport report) {
        EXPECT_TRUE(reports.emplace(place, std::move(report)).second) << "each once";
    };
    house.await(house.watcher().check_all(model::DetectedBy::request, keep));
    ASSERT_THAT(reports, SizeIs(40));
    for (std::size_t i = 0; i < 40; ++i) {
        EXPECT_EQ(reports[i].base, bases[i].base);
        bool missing = bases[i].base.tag() == "7";
        EXPECT_EQ(reports[i].outcome,
                  missing ? CheckReport::Outcome::failed : CheckReport::Outcome::baseline);
        EXPECT_EQ(reports[i].error.empty(), !missing);
    }
    auto stored = house.await(house.store().bases());
    ASSERT_TRUE(stored.has_value());
    int failing_bases = 0;
    for (const auto& state : *stored) failing_bases += state.failures;
    EXPECT_EQ(failing_bases, 1) << "what failed is stored as well";
}

TEST_F(Sweep, AReloadAddsAndRemovesAndKeepsWhatIsKnown) {
    push(4);
    house.use(many(3));
    house.run();
    auto known = house.state(numbered(1)).current.digest;
    auto bases = many(4);
    bases.erase(bases.begin());
    house.registry.forget_requests();
    house.use(bases);
    house.settle();
    EXPECT_EQ(house.registry.count("HEAD"), 1u) << "only the new one is asked about at once";
    EXPECT_EQ(house.watcher().state(reference(numbered(0))), std::nullopt);
    EXPECT_EQ(house.state(numbered(1)).current.digest, known);
    EXPECT_TRUE(house.state(numbered(3)).observed());
    EXPECT_THAT(house.watcher().states(), SizeIs(3));
    auto stored = house.await(house.store().bases());
    ASSERT_TRUE(stored.has_value());
    EXPECT_THAT(*stored, SizeIs(3)) << "the state forgets it too";
    EXPECT_EQ(house.watcher().next_check(reference(numbered(0))), std::nullopt);
    auto next = house.watcher().next_check(reference(numbered(3)));
    ASSERT_TRUE(next.has_value());
    EXPECT_GT(*next, house.clock.now());
    house.pass(17min);
    EXPECT_THAT(house.kinds(), IsEmpty());
}

TEST_F(Sweep, ABaseThatIsRemovedWhileItIsAskedAboutLeavesNothingBehind) {
    push(2);
    house.use(many(2));
    house.transport.hold();
    house.run_held();
    EXPECT_EQ(house.transport.held(), 2u);
    house.use({watched(numbered(1))});
    house.transport.release_all();
    house.settle();
    EXPECT_THAT(house.watcher().states(), SizeIs(1));
    auto stored = house.await(house.store().bases());
    ASSERT_TRUE(stored.has_value());
    EXPECT_THAT(*stored, SizeIs(1));
}

TEST_F(Sweep, StoppingGivesUpWhatIsUnderWay) {
    push(3);
    house.use(many(3));
    house.transport.hold();
    house.run_held();
    EXPECT_EQ(house.transport.held(), 3u);
    house.stop();
    EXPECT_EQ(house.watcher().progress().under_way, 0u);
    for (const auto& state : house.watcher().states()) {
        EXPECT_FALSE(state.observed());
        EXPECT_EQ(state.failures, 0) << "stopping is nobody's failure";
    }
}

TEST_F(Sweep, TheSameBaseTwiceIsAskedAboutOnce) {
    push(1);
    house.use({watched(numbered(0)), watched(numbered(0))});
    house.run();
    EXPECT_EQ(house.registry.count("HEAD"), 1u);
    EXPECT_THAT(house.watcher().states(), SizeIs(1));
}

}  // namespace
}  // namespace basewatch::watch
