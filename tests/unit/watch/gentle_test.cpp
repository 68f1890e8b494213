// What a registry is spared: asked no more than it takes, and in the cheapest way that it is known to have.

#include "unit/watch/sweep_house.hpp"

namespace basewatch::watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class Gentle : public SweepHouse, public testing::Test {
protected:
    // As the verb `check` does, in the table's order.
    std::vector<CheckReport> check_all() {
        std::map<std::size_t, CheckReport> by_place;
        await(watcher().check_all(model::DetectedBy::request, [&](std::size_t place, CheckReport report) {
            by_place[place] = std::move(report);
        }));
        std::vector<CheckReport> reports;
        for (auto& [place, report] : by_place) reports.push_back(std::move(report));
        return reports;
    }
    std::size_t conditional() const {
        std::size_t found = 0;
        for (const auto& request : transport.sent())
            found += request.headers.find("If-None-Match").has_value() ? 1 : 0;
        return found;
    }
};

TEST_F(Gentle, ThePollAsksWhetherTheLastDigestStillHoldsAndAPersonAsksInFull) {
    registry.take_conditions(test::RegistryScript::Conditions::honoured);
    registry.push("base", "1", test::image());
    use({watched("registry.example.com/base:1")});
    run();
    pass(hours(3));
    transport.forget();
    pass(hours(1));
    EXPECT_GE(conditional(), 2u);
    EXPECT_EQ(conditional(), transport.sent().size()) << "one request per check";
    stop();
    transport.forget();
    EXPECT_EQ(check().outcome, CheckReport::Outcome::unchanged);
    EXPECT_EQ(transport.sent().size(), 1u);
    EXPECT_EQ(conditional(), 0u);
    EXPECT_TRUE(changes().empty());
}

TEST_F(Gentle, AMoveBehindA304IsOneChange) {
    registry.take_conditions(test::RegistryScript::Conditions::honoured);
    registry.push("base", "1", test::image());
    use({watched("registry.example.com/base:1")});
    run();
    pass(hours(3));
    test::ImageOptions options;
    options.layers = {"mended"};
    registry.push("base", "1", test::image(options));
    pass(hours(1));
    EXPECT_EQ(kinds(), std::vector<std::string>{"content"});
}

// Base number n of a repository of its own.
std::string numbered(int n) {
    return "registry.example.com/team-" + std::to_string(n) + "/base:1";
}

TEST_F(Gentle, WhatNeverMovesIsAskedMoreRarelyAndEvenly) {
    const int count = 40;
    std::vector<Watched> bases;
    for (int i = 0; i < count; ++i) {
        registry.push("team-" + std::to_string(i) + "/base", "1", test::image());
        bases.push_back(watched(numbered(i), hours(6)));
    }
    use(bases);
    run();
    pass(hours(24));
    transport.forget();
    pass(hours(24));
    EXPECT_NEAR(static_cast<double>(transport.sent().size()), 4.0 * count, 0.15 * 4 * count);
    pass(hours(24) * 31);
    transport.forget();
    pass(hours(24) * 4);
    EXPECT_NEAR(static_cast<double>(transport.sent().size()), 4.0 * count, 0.15 * 4 * count)
        << "a fourth of what it was";
    EXPECT_EQ(watcher().asked_every(reference(numbered(0))), hours(24));
    transport.forget();
    pass(hours(6));
    auto in_one_turn = transport.sent().size();
    EXPECT_GT(in_one_turn, 0u);
    EXPECT_LT(in_one_turn, static_cast<std::size_t>(count) * 3 / 5) << "spread over its turns";
    test::ImageOptions options;
    options.layers = {"mended"};
    registry.push("team-0/base", "1", test::image(options));
    pass(hours(24) + hours(2));
    ASSERT_EQ(kinds(), std::vector<std::string>{"content"});
    EXPECT_EQ(watcher().asked_every(reference(numbered(0))), hours(6)) << "it moves after all";
}

TEST_F(Gentle, AnIntervalOfItsOwnIsKept) {
    registry.push("team-0/base", "1", test::image());
    auto own = watched(numbered(0), hours(6));
    own.exact_interval = true;
    use({own});
    run();
    pass(hours(24) * 40);
    transport.forget();
    pass(hours(24) * 4);
    EXPECT_NEAR(static_cast<double>(transport.sent().size()), 16, 2);
}

TEST_F(Gentle, TheSiblingsOfWhatMovedAreAskedSoon) {
    std::vector<Watched> bases;
    for (const char* tag : {"1", "2", "3"}) {
        registry.push("base", tag, test::image());
        bases.push_back(watched("registry.example.com/base:" + std::string(tag), hours(6)));
    }
    registry.push("base-of-others", "1", test::image());
    bases.push_back(watched("registry.example.com/base-of-others:1", hours(6)));
    bases.back().exact_interval = bases[2].exact_interval = true;
    use(bases);
    run();
    pass(hours(24) * 40);
    auto due = [&](int i) {
        return *watcher().next_check(bases[static_cast<std::size_t>(i)].base) - clock.now();
    };
    // Until nobody's turn is near.
    while (due(0) < hours(8) || due(2) < minutes(10) || due(3) < minutes(10)) pass(hours(1));
    auto other = due(3), own = due(2);
    test::ImageOptions options;
    options.layers = {"mended"};
    registry.push("base", "1", test::image(options));
    registry.push("base", "2", test::image(options));
    EXPECT_EQ(check("registry.example.com/base:1").outcome, CheckReport::Outcome::changed);
    pass(minutes(1));
    EXPECT_EQ(kinds(), (std::vector<std::string>{"content", "content"})) << "its sibling was asked at once";
    EXPECT_EQ(due(2), own - minutes(1)) << "an interval of its own is kept";
    EXPECT_EQ(due(3), other - minutes(1)) << "another repository";
    // They do not chase each other.
    transport.forget();
    pass(hours(2));
    for (const char* tag : {"1", "2"})
        EXPECT_LE(transport.count("HEAD", "/base/manifests/" + std::string(tag)), 1u)
            << "its own turn at most";
}

TEST_F(Gentle, ADeadHostWithAThousandBasesCostsFewRequestsADay) {
    std::vector<Watched> bases;
    for (int i = 0; i < 1000; ++i)
        bases.push_back(watched("dead.example.com/team/base:" + std::to_string(i), hours(2)));
    use(bases);
    run();
    // In steps, so that the state answers in between.
    for (int minute = 0; minute < 24 * 60; minute += 2) {
        clock.advance(minutes(2));
        settle();
    }
    // A probe each five minutes, and the failures that opened the breaker.
    EXPECT_LE(transport.sent().size(), 24u * 12 + 40);
    EXPECT_GE(transport.sent().size(), 24u * 4);
    EXPECT_EQ(watcher().progress().failing, 1000u);
}

// Each is counted by itself, without going through all others.
TEST_F(Gentle, TagsThatComeAndGoAreCountedAndHaveTheirSiblings) {
    for (const char* tag : {"3.1", "3.3"}) registry.push("base", tag, test::image());
    for (const char* other : {"bas", "base-1", "based"}) registry.push(other, "3.1", test::image());
    auto tags = pattern("3.*");
    tags.each.interval = hours(6);
    use({watched("registry.example.com/bas:3.1", hours(1)), watched("registry.example.com/base-1:3.1"),
         watched("registry.example.com/based:3.1")},
        {tags});
    run();
    auto pace = [&] { return watcher().paces().at(host); };
    pass(hours(1));
    EXPECT_EQ(pace().bases, 5u);
    for (const char* tag : {"3.0", "3.2", "3.4"}) registry.push("base", tag, test::image());
    pass(hours(26));
    EXPECT_EQ(pace().bases, 8u);
    for (const char* tag : {"3.1", "3.4"}) registry.untag("base", tag);
    pass(hours(72));
    EXPECT_EQ(pace().bases, 6u);
    EXPECT_EQ(pace().interval, minutes(15));

    pass(hours(24) * 31);
    auto due = [&](const std::string& tag) {
        return *watcher().next_check(reference("registry.example.com/base:" + tag)) - clock.now();
    };
    while (due("3.2") < hours(8)) pass(hours(1));
    test::ImageOptions options;
    options.layers = {"mended"};
    registry.push("base", "3.3", test::image(options));
    EXPECT_EQ(check("registry.example.com/base:3.3").outcome, CheckReport::Outcome::changed);
    for (const char* tag : {"3.0", "3.2"}) EXPECT_LT(due(tag), hours(3)) << tag;
}

TEST_F(Gentle, ByHandEveryBaseIsAskedThoughItsHostFailed) {
    std::vector<Watched> bases;
    for (int i = 0; i < 12; ++i) {
        registry.push("base", std::to_string(i), test::image());
        bases.push_back(watched("registry.example.com/base:" + std::to_string(i)));
    }
    use(bases);
    registry.fail({.status = 500});
    run();
    pass(minutes(2));
    stop();
    transport.forget();
    EXPECT_EQ(check("registry.example.com/base:7").outcome, CheckReport::Outcome::failed);
    EXPECT_GE(transport.count("HEAD", "/base/manifests/7"), 1u) << "the breaker is open";
    transport.forget();
    // It answers, if only that it is unwell: another base may fare better.
    auto reports = check_all();
    for (int i = 0; i < 12; ++i)
        EXPECT_GE(transport.count("HEAD", "/base/manifests/" + std::to_string(i)), 1u) << i;
    registry.recover();
    for (const auto& report : check_all())
        EXPECT_NE(report.outcome, CheckReport::Outcome::failed) << report.error;
}

TEST_F(Gentle, ByHandARegistryThatBringsNoAnswerIsTakenForDeadAfterFive) {
    std::vector<Watched> bases;
    for (int i = 0; i < 500; ++i) bases.push_back(watched("dead.example.com/team/base:" + std::to_string(i)));
    registry.push("base", "1", test::image());
    bases.push_back(watched("registry.example.com/base:1"));
    use(bases);
    for (int sweep = 0; sweep < 2; ++sweep) {
        transport.forget();
        auto reports = check_all();
        ASSERT_EQ(reports.size(), 501u);
        for (int i = 0; i < 500; ++i) {
            EXPECT_EQ(reports[static_cast<std::size_t>(i)].outcome, CheckReport::Outcome::failed);
            EXPECT_NE(reports[static_cast<std::size_t>(i)].error, "");
        }
        EXPECT_NE(reports[500].outcome, CheckReport::Outcome::failed) << "the others are not concerned";
        EXPECT_GE(transport.count("", "dead.example.com"), 5u) << "and it is tried anew each time";
        EXPECT_LE(transport.count("", "dead.example.com"), 5u + 32);
    }
}

TEST_F(Gentle, ByHandAPauseThatTheHostAskedForIsHonoured) {
    registry.push("base", "1", test::image());
    use({watched("registry.example.com/base:1")});
    registry.fail({.times = 1, .status = 429, .headers = {{"Retry-After", "3600"}}});
    EXPECT_EQ(check().outcome, CheckReport::Outcome::failed);
    transport.forget();
    EXPECT_EQ(check().outcome, CheckReport::Outcome::failed);
    EXPECT_TRUE(transport.sent().empty());
}

TEST_F(Gentle, WhatHostsTaughtIsSavedWithTheCheckMarksAndNotAgain) {
    registry.ask_for_token({.realm = "https://registry.example.com/token"});
    std::vector<Watched> bases;
    for (int i = 0; i < 50; ++i) {
        registry.push("base", std::to_string(i), test::image());
        bases.push_back(watched("registry.example.com/base:" + std::to_string(i)));
    }
    use(bases);
    run();
    pass(hours(1));
    auto remembered = await(store().host_memories());
    ASSERT_TRUE(remembered);
    ASSERT_EQ(remembered->size(), 1u);
    EXPECT_EQ(remembered->at(0).host, "registry.example.com");
    auto commits = store().commits();
    pass(hours(1));
    // Four sweeps in which nothing changed, and a mark for each minute in which somebody was asked.
    EXPECT_LE(store().commits() - commits, 8u);
}

TEST_F(Gentle, HowOftenARegistrysBasesCanBeAsked) {
    std::vector<Watched> bases;
    for (int i = 0; i < 18'000; ++i)
        bases.push_back(watched("slow.example.com/team/base:" + std::to_string(i)));
    bases.push_back(watched("registry.example.com/base:1"));
    use(bases);
    auto paces = watcher().paces();
    EXPECT_EQ(paces.at("slow.example.com").bases, 18'000u);
    EXPECT_EQ(paces.at("slow.example.com").interval, minutes(15));
    EXPECT_NEAR(static_cast<double>(paces.at("slow.example.com").effective.count()), 1'800'000, 10);
    EXPECT_EQ(paces.at("registry.example.com").effective, minutes(15));
    testing::internal::CaptureStderr();
    log::open(log::Format::text, log::Level::warning);
    run_held();
    auto said = testing::internal::GetCapturedStderr();
    log::open(log::Format::text, log::Level::error);
    EXPECT_NE(said.find("cannot be asked as often as configured"), std::string::npos) << said;
    EXPECT_NE(said.find("registry=slow.example.com"), std::string::npos) << said;
    EXPECT_EQ(said.find("registry=registry.example.com"), std::string::npos) << said;
}

}  // namespace
}  // namespace basewatch::watch
