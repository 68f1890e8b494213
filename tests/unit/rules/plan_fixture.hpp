#pragma once
// A table of rules and changes of the bases that it names.

#include "foundation/time.hpp"
#include "rules/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace basewatch::rules {

using model::ChangeKind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Json = nlohmann::json;
using Names = std::vector<std::string>;

inline constexpr const char* ruby = "docker.io/library/ruby:3.3-alpine";
inline constexpr const char* api = "registry.example.com/shop/api:latest";
inline constexpr const char* worker = "registry.example.com/shop/worker:latest";
inline const Time noon = *parse_rfc3339("2026-11-23T12:00:00Z");

inline model::Reference reference(const std::string& text) {
    return *model::Reference::parse(text);
}

inline model::Observation observation(const std::string& content, Time at) {
    model::Observation made;
    made.digest = model::Digest::of(content);
    made.media_type = "application/vnd.oci.image.index.v1+json";
    made.observed_at = at;
    made.platforms[*model::Platform::parse("linux/amd64")] = model::Digest::of(content + " amd64");
    made.platforms[*model::Platform::parse("linux/arm64")] = model::Digest::of(content + " arm64");
    made.detailed = true;
    return made;
}

inline model::Change change(ChangeKind kind = ChangeKind::content, const std::string& base = ruby) {
    model::Change made;
    made.id = "chg_01";
    made.base = reference(base);
    made.kind = kind;
    made.before = observation("old", noon - std::chrono::hours(1));
    made.after = observation("new", noon);
    made.changed_platforms = {*model::Platform::parse("linux/amd64")};
    made.differences = {"layers", "config.Env"};
    made.detected_at = noon;
    return made;
}

inline model::Rule rule(std::string name, Names bases, Names dependents, Names fire,
                        std::vector<ChangeKind> on = {ChangeKind::content, ChangeKind::reverted}) {
    model::Rule made;
    made.name = std::move(name);
    made.bases = std::move(bases);
    made.dependents = std::move(dependents);
    made.fire = std::move(fire);
    made.on = std::move(on);
    return made;
}

inline PlanningTable table(std::vector<model::Rule> rules) {
    PlanningTable made;
    made.rules = std::move(rules);
    made.targets = {{"slack", false}, {"scan", false}, {"build", true}, {"build2", true}};
    made.source = "basewatch://test";
    model::Dependent known;
    known.reference = reference(api);
    known.owner = "team-shop";
    known.deadline = std::chrono::hours(2);
    known.parameters = {{"project", "shop/api"}};
    made.dependents[api] = known;
    return made;
}

}  // namespace basewatch::rules
