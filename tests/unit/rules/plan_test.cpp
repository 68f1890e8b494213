#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "plan_fixture.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::rules {
namespace {

struct Planned {
    Names events;      // type without prefix, subject
    Names deliveries;  // target, dependent, by event
    Names rebuilds;
};

Planned summary(const Plan& plan) {
    Planned made;
    std::map<std::string, std::string> types;
    for (const auto& event : plan.events) {
        std::string type = event.type.substr(std::string_view(model::event_type_prefix).size());
        types[event.id] = type;
        made.events.push_back(type + " " + event.subject);
    }
    for (const auto& delivery : plan.deliveries)
        made.deliveries.push_back(types[delivery.event_id] + " → " + delivery.target +
                                  (delivery.dependent.empty() ? "" : " " + delivery.dependent));
    for (const auto& rebuild : plan.rebuilds) made.rebuilds.push_back(rebuild.dependent.text());
    return made;
}

Planned planned(const model::Change& what, const PlanningTable& with) {
    UlidSource ids;
    return summary(plan_change(what, with, ids, noon));
}

Json parsed(const model::Event& event) {
    return *parse_json(event.json);
}

const std::string changed = std::string("base.changed ") + ruby;
const std::string rebuild_api = std::string("rebuild.requested ") + api;
const std::string rebuild_worker = std::string("rebuild.requested ") + worker;

TEST(PlanChange, NoRuleNothing) {
    auto nothing = planned(change(), table({}));
    EXPECT_THAT(nothing.events, IsEmpty());
    EXPECT_THAT(nothing.deliveries, IsEmpty());
    auto other_kind = planned(change(ChangeKind::metadata), table({rule("r", {ruby}, {api}, {"slack"})}));
    EXPECT_THAT(other_kind.events, IsEmpty());
}

TEST(PlanChange, OncePerChangeAndOncePerDependent) {
    auto plan = planned(change(), table({rule("r", {ruby}, {api, worker}, {"slack", "build", "scan"})}));
    EXPECT_THAT(plan.events, ElementsAre(changed, rebuild_api, rebuild_worker));
    EXPECT_THAT(plan.rebuilds, ElementsAre(api, worker));
    EXPECT_THAT(plan.deliveries, ElementsAre("base.changed → slack", "base.changed → scan",
                                             std::string("rebuild.requested → build ") + api,
                                             std::string("rebuild.requested → build ") + worker));
}

TEST(PlanChange, ARuleThatOnlyRebuildsStillTellsTheChange) {
    auto plan = planned(change(), table({rule("r", {ruby}, {api}, {"build"})}));
    EXPECT_THAT(plan.events, ElementsAre(changed, rebuild_api));
    EXPECT_THAT(plan.deliveries, ElementsAre(std::string("rebuild.requested → build ") + api));
}

TEST(PlanChange, ARuleThatOnlyTellsRebuildsNothing) {
    auto plan = planned(change(), table({rule("r", {ruby}, {api}, {"slack"})}));
    EXPECT_THAT(plan.events, ElementsAre(changed));
    EXPECT_THAT(plan.rebuilds, IsEmpty());
}

TEST(PlanChange, SeveralRulesAreOneEvent) {
    auto plan =
        planned(change(),
                table({rule("one", {ruby}, {api}, {"slack", "build"}),
                       rule("two", {"docker.io/library/ruby:*"}, {worker, api}, {"slack", "build", "build2"}),
                       rule("three", {ruby}, {}, {"scan"})}));
    EXPECT_THAT(plan.events, ElementsAre(changed, rebuild_api, rebuild_worker));
    EXPECT_THAT(plan.deliveries, ElementsAre("base.changed → slack", "base.changed → scan",
                                             std::string("rebuild.requested → build ") + api,
                                             std::string("rebuild.requested → build2 ") + api,
                                             std::string("rebuild.requested → build ") + worker,
                                             std::string("rebuild.requested → build2 ") + worker));
}

// A dependent is rebuilt by the targets of the rules that name it, not by those of another rule that matches.
TEST(PlanChange, OnlyRulesThatNameADependentRebuildIt) {
    auto plan = planned(change(), table({rule("builds", {ruby}, {api}, {"build"}),
                                         rule("tells", {ruby}, {worker}, {"slack"})}));
    EXPECT_THAT(plan.rebuilds, ElementsAre(api));
    EXPECT_THAT(plan.deliveries,
                ElementsAre("base.changed → slack", std::string("rebuild.requested → build ") + api));
}

TEST(PlanChange, AnAliasCountsAsTheBase) {
    auto with = table({rule("mirror", {"corp.example.com/mirror/ruby:3.3-alpine"}, {api}, {"build"})});
    EXPECT_THAT(planned(change(), with).events, IsEmpty());
    with.aliases[ruby] = {"corp.example.com/mirror/ruby:3.3-alpine"};
    EXPECT_THAT(planned(change(), with).rebuilds, ElementsAre(api));
    EXPECT_THAT(dependents_of(ruby, with), ElementsAre(api));
}

TEST(PlanChange, ATargetThatDoesNotExistGetsNothing) {
    auto plan = planned(change(), table({rule("r", {ruby}, {api}, {"gone", "slack"})}));
    EXPECT_THAT(plan.deliveries, ElementsAre("base.changed → slack"));
}

TEST(PlanChange, DeliveriesAreDueAtOnceAndEveryIdIsItsOwn) {
    UlidSource ids;
    auto plan =
        plan_change(change(), table({rule("r", {ruby}, {api, worker}, {"slack", "build"})}), ids, noon);
    std::set<std::string> seen;
    for (const auto& delivery : plan.deliveries) {
        EXPECT_EQ(delivery.due_at, noon);
        EXPECT_EQ(delivery.created_at, noon);
        EXPECT_EQ(delivery.state, model::DeliveryState::pending);
        EXPECT_TRUE(delivery.id.starts_with("dlv_"));
        seen.insert(delivery.id);
    }
    for (const auto& event : plan.events) {
        EXPECT_TRUE(event.id.starts_with("evt_"));
        EXPECT_EQ(event.change_id, "chg_01");
        seen.insert(event.id);
    }
    for (const auto& rebuild : plan.rebuilds) {
        EXPECT_TRUE(rebuild.id.starts_with("rbd_"));
        seen.insert(rebuild.id);
    }
    EXPECT_THAT(seen, SizeIs(plan.deliveries.size() + plan.events.size() + plan.rebuilds.size()));
}

TEST(ChangeEvent, IsACloudEventOfTheDocumentedShape) {
    UlidSource ids;
    auto with = table({rule("ruby services", {ruby}, {api}, {"slack"})});
    with.public_url = "https://basewatch.example.com";
    auto plan = plan_change(change(), with, ids, noon);
    auto event = parsed(plan.events.at(0));
    auto old_digest = model::Digest::of("old").text(), new_digest = model::Digest::of("new").text();
    Json expected = {
        {"specversion", "1.0"},
        {"id", plan.events.at(0).id},
        {"source", "basewatch://test"},
        {"type", "dev.basewatch.base.changed"},
        {"subject", ruby},
        {"time", "2026-11-23T12:00:00Z"},
        {"datacontenttype", "application/json"},
        {"data",
         {{"kind", "content"},
          {"assumed", false},
          {"base",
           {{"reference", ruby},
            {"registry", "docker.io"},
            {"repository", "library/ruby"},
            {"tag", "3.3-alpine"},
            {"url", "https://hub.docker.com/_/ruby"}}},
          {"old",
           {{"digest", old_digest},
            {"media_type", "application/vnd.oci.image.index.v1+json"},
            {"observed_at", "2026-11-23T11:00:00Z"},
            {"platforms",
             {{"linux/amd64", model::Digest::of("old amd64").text()},
              {"linux/arm64", model::Digest::of("old arm64").text()}}}}},
          {"new",
           {{"digest", new_digest},
            {"media_type", "application/vnd.oci.image.index.v1+json"},
            {"observed_at", "2026-11-23T12:00:00Z"},
            {"platforms",
             {{"linux/amd64", model::Digest::of("new amd64").text()},
              {"linux/arm64", model::Digest::of("new arm64").text()}}}}},
          {"changed_platforms", {"linux/amd64"}},
          {"differences", {"layers", "config.Env"}},
          {"rules", {"ruby services"}},
          {"dependents",
           Json::array({{{"reference", api}, {"owner", "team-shop"}, {"with", {{"project", "shop/api"}}}}})},
          {"detected_by", "poll"},
          {"change", "chg_01"},
          {"links",
           {{"change", "https://basewatch.example.com/api/v1/changes/chg_01"},
            {"base",
             "https://basewatch.example.com/api/v1/bases?reference=docker.io%2Flibrary%2Fruby%3A3.3-"
             "alpine"}}}}}};
    EXPECT_EQ(event, expected) << plan.events.at(0).json;
    EXPECT_TRUE(plan.events.at(0).json.starts_with(R"({"specversion":"1.0","id":"evt_)"));
    EXPECT_NE(plan.events.at(0).json.find(R"("data":{"kind":"content","assumed":false,"base":{"reference")"),
              std::string::npos)
        << "members keep their order";
}

TEST(ChangeEvent, SaysNothingItDoesNotKnow) {
    UlidSource ids;
    auto moved = change(ChangeKind::content, "registry.example.com/base:1");
    auto plan = plan_change(moved, table({rule("r", {"registry.example.com/base:1"}, {worker}, {"slack"})}),
                            ids, noon);
    auto data = parsed(plan.events.at(0))["data"];
    EXPECT_FALSE(data.contains("links")) << "there is no public address";
    EXPECT_FALSE(data["base"].contains("url"));
    EXPECT_FALSE(data["dependents"][0].contains("owner"));
    EXPECT_EQ(data["dependents"][0]["with"], Json::object());
}

TEST(ChangeEvent, IsUtf8WhateverTheRegistrySaid) {
    UlidSource ids;
    auto moved = change();
    moved.after.media_type = "application/\xff\xfe";
    auto plan = plan_change(moved, table({rule("r", {ruby}, {}, {"slack"})}), ids, noon);
    EXPECT_TRUE(parse_json(plan.events.at(0).json).has_value());
}

TEST(RebuildEvent, CarriesWhatABuildNeeds) {
    UlidSource ids;
    auto with = table({rule("r", {ruby}, {api}, {"build"})});
    auto plan = plan_change(change(), with, ids, noon);
    ASSERT_THAT(plan.rebuilds, SizeIs(1));
    const auto& rebuild = plan.rebuilds[0];
    EXPECT_EQ(rebuild.event_id, plan.events.at(1).id);
    EXPECT_EQ(rebuild.causes, Names{plan.events.at(0).id});
    EXPECT_EQ(rebuild.reason, "base changed");
    EXPECT_EQ(rebuild.base.text(), ruby);
    EXPECT_EQ(rebuild.deadline, noon + std::chrono::hours(2));
    auto event = parsed(plan.events.at(1));
    EXPECT_EQ(event["type"], "dev.basewatch.rebuild.requested");
    EXPECT_EQ(event["subject"], api);
    auto data = event["data"];
    EXPECT_EQ(data["rebuild"], rebuild.id);
    EXPECT_EQ(data["dependent"]["reference"], api);
    EXPECT_EQ(data["dependent"]["with"]["project"], "shop/api");
    EXPECT_EQ(data["base"]["reference"], ruby);
    EXPECT_EQ(data["old"]["digest"], model::Digest::of("old").text());
    EXPECT_EQ(data["new"]["digest"], model::Digest::of("new").text());
    EXPECT_EQ(data["reason"], "base changed");
    EXPECT_EQ(data["causes"], Json::array({plan.events.at(0).id}));
    EXPECT_EQ(data["deadline"], "2026-11-23T14:00:00Z");
    EXPECT_EQ(data["change"], "chg_01");
}

TEST(PlanReachability, GoesToThoseWhoAskedForIt) {
    UlidSource ids;
    auto with = table({rule("r", {ruby}, {api}, {"slack", "build"})});
    auto lost = change(ChangeKind::unreachable);
    auto since = noon - std::chrono::minutes(45);
    auto nobody = plan_reachability(lost, since, "no route", "unreachable", with, ids, noon);
    EXPECT_THAT(nobody.events, IsEmpty());

    with.notify = {{"base.unreachable", {"slack"}},
                   {"base.recovered", {"scan"}},
                   {"base.unreachable", {"slack", "scan"}}};
    auto plan = plan_reachability(lost, since, "no route", "unreachable", with, ids, noon);
    EXPECT_THAT(summary(plan).deliveries, ElementsAre("base.unreachable → slack", "base.unreachable → scan"));
    auto event = parsed(plan.events.at(0));
    EXPECT_EQ(event["subject"], ruby);
    EXPECT_EQ(event["data"]["base"]["reference"], ruby);
    EXPECT_EQ(event["data"]["since"], "2026-11-23T11:15:00Z");
    EXPECT_EQ(event["data"]["error"], "no route");
    EXPECT_EQ(event["data"]["kind"], "unreachable");

    auto back =
        plan_reachability(change(ChangeKind::recovered), since, "no route", "unreachable", with, ids, noon);
    EXPECT_THAT(summary(back).deliveries, ElementsAre("base.recovered → scan"));
}

std::map<std::string, model::BaseState> known(const Names& bases) {
    std::map<std::string, model::BaseState> made;
    for (const auto& base : bases) {
        model::BaseState state;
        state.reference = reference(base);
        state.current = observation(base, noon - std::chrono::hours(3));
        made[base] = state;
    }
    return made;
}

TEST(PlanRequest, OfADependentOnEachBaseThatARuleBuildsItOn) {
    const std::string alpine = "docker.io/library/alpine:3.20";
    auto with = table({rule("ruby", {ruby}, {api, worker}, {"slack", "build"}),
                       rule("alpine", {alpine}, {api}, {"build2"}),
                       rule("another", {"quay.io/other/base:1"}, {worker}, {"build2"})});
    UlidSource ids;
    auto both =
        plan_request(api, known({ruby, alpine, "quay.io/other/base:1"}), "CVE-2026-1", with, ids, noon);
    ASSERT_TRUE(both.has_value());
    EXPECT_THAT(summary(*both).deliveries, ElementsAre(std::string("rebuild.requested → build2 ") + api,
                                                       std::string("rebuild.requested → build ") + api));
    auto one = plan_request(api, known({ruby}), "CVE-2026-1", with, ids, noon);
    ASSERT_TRUE(one.has_value());
    EXPECT_THAT(summary(*one).deliveries, ElementsAre(std::string("rebuild.requested → build ") + api));
    EXPECT_EQ(one->rebuilds[0].reason, "requested: CVE-2026-1");
    EXPECT_THAT(one->rebuilds[0].causes, IsEmpty());
    auto data = parsed(one->events[0])["data"];
    EXPECT_EQ(data["reason"], "requested: CVE-2026-1");
    EXPECT_TRUE(data["old"].is_null()) << "nothing has moved";
    EXPECT_EQ(data["new"]["digest"], model::Digest::of(ruby).text());
}

TEST(PlanRequest, OfABaseIsOfEachOfItsDependents) {
    auto with = table({rule("one", {ruby}, {api}, {"build"}, {ChangeKind::metadata}),
                       rule("two", {"docker.io/library/ruby:*"}, {worker, api}, {"build"})});
    EXPECT_THAT(dependents_of(ruby, with), ElementsAre(api, worker));
    EXPECT_THAT(dependents_of("docker.io/library/ruby:2", with), ElementsAre(worker, api));
    EXPECT_THAT(dependents_of("docker.io/library/alpine:2", with), IsEmpty());
}

TEST(PlanRequest, SaysWhyNothingCanBeBuilt) {
    auto with = table({rule("tells", {ruby}, {api}, {"slack"})});
    UlidSource ids;
    auto unnamed = plan_request(worker, known({ruby}), "x", with, ids, noon);
    ASSERT_FALSE(unnamed.has_value());
    EXPECT_EQ(unnamed.error().kind(), ErrorKind::invalid);
    EXPECT_NE(unnamed.error().message().find("no rule"), std::string::npos);
    auto only_tells = plan_request(api, known({ruby}), "x", with, ids, noon);
    ASSERT_FALSE(only_tells.has_value());
    EXPECT_NE(only_tells.error().message().find("per: dependent"), std::string::npos);
}

TEST(Joined, ADependentIsBuiltOnceForOneMove) {
    auto with = table({rule("all", {ruby}, {api, worker}, {"slack", "build"},
                            {ChangeKind::content, ChangeKind::platform_added}),
                       rule("platforms", {ruby}, {"registry.example.com/shop/web:1"}, {"build"},
                            {ChangeKind::platform_added})});
    UlidSource ids;
    auto content = plan_change(change(), with, ids, noon);
    auto added = plan_change(change(ChangeKind::platform_added), with, ids, noon);
    auto both = summary(joined(content, added));
    EXPECT_THAT(both.events, ElementsAre(changed, rebuild_api, rebuild_worker, changed,
                                         "rebuild.requested registry.example.com/shop/web:1"));
    EXPECT_THAT(both.rebuilds, ElementsAre(api, worker, "registry.example.com/shop/web:1"));
    EXPECT_THAT(both.deliveries, SizeIs(5));
}

TEST(Joined, TheRebuildHasTheCausesOfBoth) {
    auto with =
        table({rule("all", {ruby}, {api}, {"build"}, {ChangeKind::content, ChangeKind::platform_added})});
    UlidSource ids;
    auto content = plan_change(change(), with, ids, noon);
    auto added = plan_change(change(ChangeKind::platform_added), with, ids, noon);
    Names causes{content.events[0].id, added.events[0].id};
    auto both = joined(content, added);
    ASSERT_THAT(both.rebuilds, SizeIs(1));
    EXPECT_EQ(both.rebuilds[0].causes, causes);
    EXPECT_EQ(parsed(both.events[1])["data"]["causes"], Json(causes));
    EXPECT_EQ(both.events[1].id, both.rebuilds[0].event_id);
    // All else is as it was, to the byte.
    auto whole = content.events[1].json;
    whole.replace(whole.find("\"" + causes[0] + "\""), causes[0].size() + 2,
                  "\"" + causes[0] + "\",\"" + causes[1] + "\"");
    EXPECT_EQ(both.events[1].json, whole);
}

TEST(PlanChange, EachDeliveryIsAsUrgentAsTheImagesThatItIsAbout) {
    using model::Priority;
    const struct {
        Priority api, worker, message;
    } rows[] = {
        {Priority::routine, Priority::routine, Priority::routine},
        {Priority::routine, Priority::security, Priority::security},
        {Priority::bulk, Priority::routine, Priority::routine},
        {Priority::bulk, Priority::bulk, Priority::bulk},
        {Priority::bulk, Priority::security, Priority::security},
    };
    for (const auto& row : rows) {
        auto with = table({rule("r", {ruby}, {api, worker}, {"slack", "build"})});
        with.dependents[api].priority = row.api;
        with.dependents[worker].priority = row.worker;
        UlidSource ids;
        auto plan = plan_change(change(), with, ids, noon);
        ASSERT_THAT(plan.deliveries, SizeIs(3));
        EXPECT_EQ(plan.deliveries[0].priority, row.message);
        EXPECT_EQ(plan.deliveries[1].priority, row.api);
        EXPECT_EQ(plan.deliveries[2].priority, row.worker);
    }
    auto nobody = table({rule("r", {ruby}, {}, {"slack"})});
    UlidSource ids;
    EXPECT_EQ(plan_change(change(), nobody, ids, noon).deliveries.at(0).priority, Priority::routine);
}

TEST(SampleEvent, IsMarkedAndHasTheShapeOfTheRealOne) {
    UlidSource ids;
    auto with = table({rule("r", {"docker.io/library/node:*", ruby}, {api}, {"slack"})});
    auto told = parsed(sample_event(false, with, ids, noon));
    EXPECT_EQ(told["type"], "dev.basewatch.test");
    EXPECT_EQ(told["data"]["test"], true);
    EXPECT_EQ(told["data"]["base"]["reference"], ruby);
    EXPECT_EQ(told["data"]["dependents"][0]["reference"], api);
    EXPECT_EQ(told["data"]["kind"], "content");
    auto rebuild = parsed(sample_event(true, with, ids, noon));
    EXPECT_EQ(rebuild["type"], "dev.basewatch.test");
    EXPECT_EQ(rebuild["subject"], api);
    EXPECT_EQ(rebuild["data"]["test"], true);
    EXPECT_EQ(rebuild["data"]["dependent"]["with"]["project"], "shop/api");
    EXPECT_TRUE(rebuild["data"]["old"].is_object());
    UlidSource others;
    EXPECT_EQ(parsed(sample_event(true, {}, others, noon))["data"]["base"]["reference"], ruby)
        << "an empty table has a sample too";
}

TEST(Plan, PinsAreInTheEventsAndSayWhetherTheyAreBehind) {
    auto made = table({rule("one", {ruby}, {api}, {"slack", "build"})});
    made.pins[ruby] = {{model::Digest::of("old"), "rule one"}, {model::Digest::of("new"), "watch"}};
    UlidSource ids;
    auto plan = plan_change(change(), made, ids, noon);
    ASSERT_THAT(plan.events, SizeIs(2));
    for (const auto& event : plan.events) {
        auto pins = Json::parse(event.json)["data"]["pins"];
        EXPECT_EQ(
            pins,
            Json::array({{{"digest", model::Digest::of("old").text()}, {"by", "rule one"}, {"behind", true}},
                         {{"digest", model::Digest::of("new").text()}, {"by", "watch"}, {"behind", false}}}));
    }
    made.pins.clear();
    for (const auto& event : plan_change(change(), made, ids, noon).events)
        EXPECT_FALSE(Json::parse(event.json)["data"].contains("pins"));
}

TEST(Plan, AChangeOfTagsSaysWhatItIs) {
    auto made = table({rule("one", {"docker.io/library/ruby:*"}, {api}, {"slack", "build"},
                            {ChangeKind::tag_created, ChangeKind::tag_deleted, ChangeKind::newer_version})});
    UlidSource ids;
    auto created = change(ChangeKind::tag_created);
    created.before = model::Observation();
    auto plan = plan_change(created, made, ids, noon);
    ASSERT_THAT(plan.events, SizeIs(2));
    auto data = Json::parse(plan.events[0].json)["data"];
    EXPECT_EQ(data["kind"], "tag_created");
    EXPECT_EQ(data["old"], nullptr);
    EXPECT_EQ(plan.rebuilds.at(0).reason, "tag created");

    auto deleted = change(ChangeKind::tag_deleted);
    deleted.after = model::Observation();
    plan = plan_change(deleted, made, ids, noon);
    EXPECT_EQ(Json::parse(plan.events[0].json)["data"]["new"], nullptr);
    EXPECT_EQ(plan.rebuilds.at(0).reason, "tag deleted");

    auto newer = change(ChangeKind::newer_version);
    newer.newer_tags = {"3.5-alpine", "3.4-alpine"};
    made.pins[ruby] = {{model::Digest::of("old"), "watch"}};
    plan = plan_change(newer, made, ids, noon);
    for (const auto& event : plan.events) {
        data = Json::parse(event.json)["data"];
        EXPECT_EQ(data["newer"], Json::parse(R"({"reference": "docker.io/library/ruby:3.5-alpine",
            "tag": "3.5-alpine", "tags": ["3.5-alpine", "3.4-alpine"]})"));
        // The pin is compared with the base, not with what is newer.
        EXPECT_EQ(data["pins"][0]["behind"], false);
    }
    EXPECT_EQ(plan.rebuilds.at(0).reason, "newer version 3.5-alpine");
}

}  // namespace
}  // namespace basewatch::rules
