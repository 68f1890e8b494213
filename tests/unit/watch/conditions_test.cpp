// `when` in the sweep: what a rule does not want is recorded and told to nobody.

#include "sweep_house.hpp"

namespace basewatch::watch {
namespace {

using testing::ElementsAre;

class Conditioned : public SweepHouse {
public:
    void use_when(const std::string& when) {
        auto table = std::make_shared<WatchTable>(
            *table_of({watched("registry.example.com/base:1")}, {pattern("3.*")}));
        auto planning = std::make_shared<rules::PlanningTable>(*table->planning);
        planning->rules.front().when = when;
        table->planning = planning;
        EXPECT_TRUE(await(watcher().use(table)).has_value());
    }
    std::string conditions() {
        std::string text;
        auto found = await(store().conditions_of_change(changes().back().id));
        for (const auto& condition : *found)
            text += condition.rule + " " + std::string(model::to_string(condition.outcome));
        return text;
    }
};

test::Built other_image() {
    test::ImageOptions options;
    options.layers = {"new"};
    return test::image(options);
}

TEST(SweepConditions, AChangeThatNoRuleWantsIsKeptAndToldToNobody) {
    Conditioned house;
    house.registry.push("base", "1", test::image());
    house.use_when(".data.kind == \"metadata\"");
    house.check();
    house.registry.push("base", "1", other_image());
    auto report = house.check();
    EXPECT_EQ(report.outcome, CheckReport::Outcome::changed);
    EXPECT_EQ(report.deliveries, 0u);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
    EXPECT_THAT(house.delivered_to(), testing::IsEmpty());
    EXPECT_EQ(house.conditions(), "everything unwanted");
    // Another process does not find it again.
    house.restart();
    house.use_when("true");
    EXPECT_EQ(house.check().outcome, CheckReport::Outcome::unchanged);
}

TEST(SweepConditions, AConditionThatHoldsOrFailsFires) {
    for (const char* when : {".data.kind == \"content\"", "error(\"broken\")"}) {
        Conditioned house;
        house.registry.push("base", "1", test::image());
        house.use_when(when);
        house.check();
        house.registry.push("base", "1", other_image());
        house.check();
        EXPECT_THAT(house.delivered_to(), ElementsAre("slack", "build")) << when;
        EXPECT_EQ(house.conditions(), std::string("everything ") + (when[0] == '.' ? "wanted" : "failed"));
    }
}

TEST(SweepConditions, AreAskedOfTagsThatComeAndGoAsWell) {
    for (const char* when : {".data.kind == \"tag_created\"", ".data.kind == \"tag_deleted\""}) {
        SCOPED_TRACE(when);
        Conditioned house;
        for (const char* tag : {"1", "3.1"}) house.registry.push("base", tag, test::image());
        house.use_when(when);
        house.check_all();
        house.registry.push("base", "3.2", test::image());
        house.check_all();
        EXPECT_EQ(house.told(), std::vector<std::string>{"tag_created 3.2"});
        bool created = std::string_view(when).find("created") != std::string_view::npos;
        EXPECT_EQ(house.delivered_to().size(), created ? 2u : 0u);
        EXPECT_EQ(house.conditions(), created ? "everything wanted" : "everything unwanted");
        house.registry.untag("base", "3.2");
        for (int i = 0; i < 3; ++i) {
            house.check_all();
            house.clock.advance(std::chrono::minutes(15));
        }
        EXPECT_EQ(house.told().back(), "tag_deleted 3.2");
        EXPECT_EQ(house.delivered_to().size(), 2u);
    }
}

}  // namespace
}  // namespace basewatch::watch
