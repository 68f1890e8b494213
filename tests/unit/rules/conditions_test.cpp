// `when`: what a condition lets through, and that one which fails holds nothing back.

#include "rules/conditions.hpp"

#include "foundation/json.hpp"
#include "foundation/log.hpp"
#include "foundation/time.hpp"
#include "support/run_async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace basewatch::rules {
namespace {

using Outcome = model::Condition::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Time noon = *parse_rfc3339("2026-11-23T12:00:00Z");

class Conditions : public testing::Test {
protected:
    Conditions() { log::open(log::Format::text, log::Level::error); }

    model::Change change() const {
        model::Change made;
        made.id = "chg_01";
        made.base = *model::Reference::parse("ruby:3.3-alpine");
        made.before.digest = model::Digest::of("old");
        made.after.digest = model::Digest::of("new");
        made.changed_platforms = {*model::Platform::parse("linux/amd64")};
        made.differences = {"layers"};
        made.detected_at = noon;
        return made;
    }
    std::shared_ptr<const PlanningTable> table(std::vector<std::string> conditions) const {
        auto made = std::make_shared<PlanningTable>();
        for (std::size_t i = 0; i < conditions.size(); ++i) {
            model::Rule rule;
            rule.name = "rule " + std::to_string(i);
            rule.bases = {"docker.io/library/ruby:*"};
            rule.when = conditions[i];
            rule.dependents = {"registry.example.com/shop/api:latest"};
            rule.fire = {"slack"};
            made->rules.push_back(rule);
        }
        made->targets = {{"slack", false}};
        made->source = "basewatch://test";
        return made;
    }
    std::vector<model::Condition> ask(std::shared_ptr<const PlanningTable> with) {
        auto asked = test::run_async(loop_, ask_conditions(change(), std::move(with), worker_, noon));
        EXPECT_TRUE(asked.has_value());
        return asked ? *asked : std::vector<model::Condition>();
    }
    Outcome outcome(const std::string& when) {
        auto asked = ask(table({when}));
        EXPECT_EQ(asked.size(), 1u);
        return asked.front().outcome;
    }

    asio::io_context loop_{1};
    SystemClock clock_{loop_.get_executor()};
    jq::Worker worker_{loop_.get_executor(), clock_, TEST_PROGRAMS "/jq_worker",
                       jq::Bounds{std::chrono::seconds(2), 256u << 20, 1u << 20}};
};

TEST_F(Conditions, AreTakenAsJqTakesThem) {
    const struct {
        const char* when;
        Outcome outcome;
    } rows[] = {
        {R"(.data.base.tag | test("^3"))", Outcome::wanted},
        {R"(.data.base.tag | test("^4"))", Outcome::unwanted},
        {".data.dependents | length", Outcome::wanted},
        {"0", Outcome::wanted},
        {"null", Outcome::unwanted},
        {"empty", Outcome::unwanted},
        {R"(select(.data.kind == "content"))", Outcome::wanted},
        {R"(select(.data.kind == "metadata"))", Outcome::unwanted},
        {".data.differences[] == \"layers\"", Outcome::wanted},
        {"def ours: .data.rules | index(\"rule 0\") != null;\nours # the end", Outcome::wanted},
        {"error(\"no\")", Outcome::failed},
        {".data.base.tag | length > {}.x.y", Outcome::wanted},
        {".data.base.tag + 1", Outcome::failed},
        {"[limit(100000000; repeat(1))] | length", Outcome::failed},
        {"def f: f; f", Outcome::failed},
    };
    for (const auto& row : rows) EXPECT_EQ(outcome(row.when), row.outcome) << row.when;
}

TEST_F(Conditions, OnlyRulesThatHaveOneAreAsked) {
    EXPECT_THAT(ask(table({"", ""})), IsEmpty());
    auto asked = ask(table({"", "false", "true"}));
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_EQ(asked[0].rule, "rule 1");
    EXPECT_EQ(asked[0].outcome, Outcome::unwanted);
    EXPECT_EQ(asked[1].rule, "rule 2");
    EXPECT_EQ(asked[1].change_id, "chg_01");
}

TEST_F(Conditions, LeaveOutRulesThatDoNotWantTheChange) {
    auto with = table({"false", "true"});
    UlidSource ids;
    auto plan = plan_change(change(), *with, ids, noon, ask(with));
    auto event = parse_json(plan.events.at(0).json);
    EXPECT_EQ(event->at("data").at("rules").dump(), R"(["rule 1"])");
    EXPECT_FALSE(event->at("data").contains("conditions_failed"));
    auto none = table({"false"});
    EXPECT_THAT(plan_change(change(), *none, ids, noon, ask(none)).events, IsEmpty());
}

TEST_F(Conditions, ThatFailAreToldInTheEventAndFireAllTheSame) {
    auto with = table({"error(\"broken\")"});
    auto asked = ask(with);
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_FALSE(asked[0].detail.empty());
    UlidSource ids;
    auto plan = plan_change(change(), *with, ids, noon, asked);
    ASSERT_EQ(plan.deliveries.size(), 1u);
    auto event = parse_json(plan.events.at(0).json);
    EXPECT_EQ(event->at("data").at("conditions_failed").at(0).at("rule"), "rule 0");
}

TEST_F(Conditions, AreCheckedWithTheUsersOwnLines) {
    auto check = [this](const char* when) { return test::run_async(loop_, check_condition(when, worker_)); };
    EXPECT_TRUE(check(".data.kind == \"content\"").has_value());
    auto wrong = check(".data.kind\n== nowhere");
    ASSERT_FALSE(wrong.has_value());
    EXPECT_THAT(wrong.error().message(), HasSubstr("line 2"));
    // Definitions alone say nothing of a change.
    EXPECT_FALSE(check("def f: 1;").has_value());
    // What is no program by itself does not become one inside ours.
    EXPECT_FALSE(check("true] | [false").has_value());
}

TEST_F(Conditions, AreNotDecidedWhenTheWorkerIsStopped) {
    auto asking = ask_conditions(change(), table({"def f: f; f"}), worker_, noon);
    auto stop = clock_.call_at(clock_.monotonic() + Milliseconds(300), [this] { worker_.stop(); });
    auto asked = test::run_async(loop_, std::move(asking));
    ASSERT_FALSE(asked.has_value());
    EXPECT_EQ(asked.error().kind(), ErrorKind::cancelled);
}

}  // namespace
}  // namespace basewatch::rules
