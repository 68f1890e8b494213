// Build parameters: the table that CI programs are written against.

#include "foundation/time.hpp"
#include "presets/render.hpp"
#include "unit/presets/sample_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::presets {
namespace {

using testing::IsEmpty;

std::map<std::string, std::string> parameters_of(const nlohmann::json& event) {
    return build_parameters(event["type"].get<std::string>(), event.dump(),
                            *parse_rfc3339("2026-11-23T12:00:05.5Z"));
}

std::map<std::string, std::string> expected() {
    return {{"DEPENDENT", "registry.example.com/shop/api:latest"},
            {"BASE_REF", "docker.io/library/ruby:3.3-alpine"},
            {"BASE_IMAGE", "docker.io/library/ruby"},
            {"BASE_TAG", "3.3-alpine"},
            {"BASE_OLD_DIGEST", digest_of('a')},
            {"BASE_NEW_DIGEST", digest_of('b')},
            {"REASON", "base changed"},
            {"EVENT_ID", "evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC"},
            {"REBUILD_ID", "rbd_01J9ZK3W8Q6T5V4R3N2M1P0ABC"},
            {"BUILD_DATE", "2026-11-23T12:00:05Z"}};
}

TEST(BuildParameters, OfARebuild) {
    EXPECT_EQ(parameters_of(rebuild_event()), expected());
}

TEST(BuildParameters, AreAllNamed) {
    std::vector<std::string> names;
    for (const auto& [name, value] : expected()) names.push_back(name);
    EXPECT_THAT(names, testing::UnorderedElementsAreArray(build_parameter_names));
}

TEST(BuildParameters, OfATestRebuildAreTheSame) {
    auto event = rebuild_event();
    event["type"] = "dev.basewatch.test";
    EXPECT_EQ(parameters_of(event), expected());
}

TEST(BuildParameters, WhatIsNotKnownIsEmpty) {
    auto event = rebuild_event();
    event["data"]["old"] = nullptr;
    event["data"].erase("new");
    event["data"]["reason"] = "requested: CVE-2026-1";
    auto given = parameters_of(event);
    EXPECT_EQ(given["BASE_OLD_DIGEST"], "");
    EXPECT_EQ(given["BASE_NEW_DIGEST"], "");
    EXPECT_EQ(given["REASON"], "requested: CVE-2026-1");
    auto change = parameters_of(changed_event());
    EXPECT_EQ(change["DEPENDENT"], "");
    EXPECT_EQ(change["REBUILD_ID"], "");
    EXPECT_EQ(change["BASE_TAG"], "3.3-alpine");
    EXPECT_EQ(change["REASON"], "base changed");
}

TEST(BuildParameters, OfOtherEventsThereAreNone) {
    auto event = rebuild_event();
    event["type"] = "dev.basewatch.base.unreachable";
    EXPECT_THAT(parameters_of(event), IsEmpty());
    EXPECT_THAT(build_parameters("dev.basewatch.rebuild.requested", "not json", Time{}), IsEmpty());
    EXPECT_THAT(build_parameters("dev.basewatch.rebuild.requested", R"({"data":{"base":"text"}})", Time{}),
                IsEmpty());
    EXPECT_THAT(build_parameters("dev.basewatch.rebuild.requested", "[]", Time{}), IsEmpty());
}

}  // namespace
}  // namespace basewatch::presets
