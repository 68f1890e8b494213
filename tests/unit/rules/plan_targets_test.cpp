// Which targets a change is told to, and with what.
#include "plan_fixture.hpp"

namespace basewatch::rules {
namespace {

TEST(PlanChange, MessagesOfATargetWithAGroupMayBeToldTogether) {
    auto with = table({rule("r", {ruby}, {api}, {"slack", "scan", "build"})});
    with.targets.at("slack").tells_several = true;
    with.targets.at("slack").group = model::Grouping{std::chrono::minutes(2), std::chrono::minutes(5)};
    UlidSource ids;
    auto plan = plan_change(change(), with, ids, noon);
    ASSERT_THAT(plan.deliveries, SizeIs(3));
    ASSERT_TRUE(plan.deliveries[0].group.has_value());
    EXPECT_EQ(plan.deliveries[0].group->wait, std::chrono::minutes(2));
    EXPECT_FALSE(plan.deliveries[1].group.has_value());
    EXPECT_FALSE(plan.deliveries[2].group.has_value());
}

// Of the rules that fire a target for one change the one that lets it go soonest says with what it is told.
TEST(PlanChange, ARuleWithAGroupOfItsOwnHasMessagesOfItsOwn) {
    using model::Grouping;
    using Own = std::optional<model::RuleGroup>;
    using std::chrono::minutes;
    auto own = [](const char* rule, int wait, int most) {
        return Own({Grouping{minutes(wait), minutes(most), rule}});
    };
    const Own as_target, alone = model::RuleGroup{};
    const std::optional<Grouping> none, five{{minutes(5), minutes(5)}}, quiet{Grouping()};
    struct Row {
        const char* what;
        std::optional<Grouping> target;
        Own a, b;
        std::string told;  // by whose group, for how long
    };
    const Row rows[] = {
        {"nothing is grouped", none, as_target, as_target, "none"},
        {"the target's", five, as_target, as_target, "target 5m"},
        {"the rule's own", five, own("a", 9, 9), own("a", 9, 9), "a 9m"},
        {"also where the target has none", none, own("a", 9, 9), own("b", 9, 9), "a 9m"},
        {"of two the first", five, own("a", 2, 9), own("b", 2, 9), "a {wait: 2m, most: 9m}"},
        {"the shorter wait", five, own("a", 3, 9), own("b", 2, 9), "b {wait: 2m, most: 9m}"},
        {"the shorter cap", five, own("a", 2, 9), own("b", 2, 8), "b {wait: 2m, most: 8m}"},
        {"the target's is shorter", five, own("a", 9, 9), as_target, "target 5m"},
        {"the target's is longer", five, own("a", 2, 2), as_target, "a 2m"},
        {"none goes before all", five, own("a", 1, 1), alone, "none"},
        {"whichever stands first", five, alone, own("b", 1, 1), "none"},
        {"a rule without goes at once", none, own("a", 1, 1), as_target, "none"},
        {"what nights gather", quiet, as_target, as_target, "target 0s"},
        {"not what is to be told alone", quiet, alone, as_target, "none"},
        {"a rule's own in the night", quiet, own("a", 2, 2), own("b", 3, 3), "a 2m"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.what);
        auto with = table({rule("a", {ruby}, {api}, {"slack", "scan", "build"}),
                           rule("b", {ruby}, {api}, {"slack", "scan", "build"})});
        with.rules[0].group = row.a;
        with.rules[1].group = row.b;
        for (const char* target : {"slack", "build"}) with.targets.at(target).group = row.target;
        with.targets.at("slack").tells_several = true;
        UlidSource ids;
        auto plan = plan_change(change(), with, ids, noon);
        ASSERT_THAT(plan.deliveries, SizeIs(3));
        const auto& group = plan.deliveries[0].group;
        auto words = model::to_string(group);
        EXPECT_EQ(group ? (group->rule.empty() ? "target" : group->rule) + " " + words : words, row.told);
        EXPECT_FALSE(plan.deliveries[1].group.has_value()) << "it cannot tell several";
        EXPECT_FALSE(plan.deliveries[2].group.has_value()) << "a build is no message";
    }
}

TEST(PlanChange, ARulesGroupIsOfNoMatterToTargetsThatOthersFire) {
    auto with = table({rule("a", {ruby}, {api}, {"scan"}), rule("b", {ruby}, {api}, {"slack"})});
    with.rules[0].group = model::RuleGroup{};
    with.targets.at("slack").tells_several = true;
    with.targets.at("slack").group = model::Grouping{std::chrono::minutes(5), std::chrono::minutes(5)};
    UlidSource ids;
    auto plan = plan_change(change(), with, ids, noon);
    ASSERT_THAT(plan.deliveries, SizeIs(2));
    EXPECT_EQ(plan.deliveries[1].target, "slack");
    EXPECT_EQ(model::to_string(plan.deliveries[1].group), "5m");
}

TEST(Plan, WhoLooksIntoImagesIsNotFiredWhereThereIsNone) {
    auto made = table({rule("one", {"docker.io/library/ruby:*"}, {api}, {"slack", "scan"},
                            {ChangeKind::tag_created, ChangeKind::tag_deleted, ChangeKind::content})});
    made.targets.at("scan").needs_image = true;
    made.notify = {{"base.unreachable", {"slack", "scan"}}, {"target.disabled", {"slack", "scan"}}};
    auto targets = [](const Plan& plan) {
        Names names;
        for (const auto& delivery : plan.deliveries) names.push_back(delivery.target);
        return names;
    };
    UlidSource ids;
    for (auto kind : {ChangeKind::tag_created, ChangeKind::content})
        EXPECT_THAT(targets(plan_change(change(kind), made, ids, noon)), ElementsAre("slack", "scan"));
    EXPECT_THAT(targets(plan_change(change(ChangeKind::tag_deleted), made, ids, noon)), ElementsAre("slack"));
    auto lost = change(ChangeKind::unreachable);
    EXPECT_THAT(targets(plan_reachability(lost, noon, "no route", "unreachable", made, ids, noon)),
                ElementsAre("slack"));
    EXPECT_THAT(targets(plan_target_disabled("ci", noon, "410 Gone", 1, made, ids, noon)),
                ElementsAre("slack"));
}

}  // namespace
}  // namespace basewatch::rules
