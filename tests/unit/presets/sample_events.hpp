#pragma once
// Events as they are stored, for what renders them.

#include <nlohmann/json.hpp>

#include <string>

namespace basewatch::presets {

inline std::string digest_of(char digit) {
    return "sha256:" + std::string(64, digit);
}

inline nlohmann::json sample_base() {
    return {{"reference", "docker.io/library/ruby:3.3-alpine"},
            {"registry", "docker.io"},
            {"repository", "library/ruby"},
            {"tag", "3.3-alpine"},
            {"url", "https://hub.docker.com/_/ruby"}};
}

inline nlohmann::json sample_observation(char digit) {
    return {{"digest", digest_of(digit)},
            {"media_type", "application/vnd.oci.image.index.v1+json"},
            {"observed_at", "2026-11-23T12:00:00Z"},
            {"platforms", {{"linux/amd64", digest_of(digit)}}}};
}

inline nlohmann::json sample_event(const std::string& type, nlohmann::json data) {
    return {{"specversion", "1.0"},
            {"id", "evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC"},
            {"source", "https://basewatch.example.com"},
            {"type", "dev.basewatch." + type},
            {"subject", "docker.io/library/ruby:3.3-alpine"},
            {"time", "2026-11-23T12:00:00Z"},
            {"datacontenttype", "application/json"},
            {"data", std::move(data)}};
}

inline nlohmann::json changed_event() {
    return sample_event(
        "base.changed",
        {{"kind", "content"},
         {"assumed", false},
         {"base", sample_base()},
         {"old", sample_observation('a')},
         {"new", sample_observation('b')},
         {"changed_platforms", {"linux/amd64", "linux/arm64"}},
         {"differences", {"layers", "config.Env"}},
         {"rules", {"ruby services"}},
         {"dependents",
          {{{"reference", "registry.example.com/shop/api:latest"},
            {"owner", "team-shop"},
            {"with", {{"project", "shop/api"}}}},
           {{"reference", "registry.example.com/shop/worker:2"}, {"with", nlohmann::json::object()}}}},
         {"detected_by", "poll"},
         {"links", {{"change", "https://basewatch.example.com/api/v1/changes/chg_1"}}}});
}

inline nlohmann::json rebuild_event() {
    return sample_event("rebuild.requested", {{"rebuild", "rbd_01J9ZK3W8Q6T5V4R3N2M1P0ABC"},
                                              {"dependent",
                                               {{"reference", "registry.example.com/shop/api:latest"},
                                                {"owner", "team-shop"},
                                                {"with", {{"project", "shop/api"}}}}},
                                              {"base", sample_base()},
                                              {"old", sample_observation('a')},
                                              {"new", sample_observation('b')},
                                              {"reason", "base changed"},
                                              {"causes", {"evt_01J9ZK3W8Q6T5V4R3N2M1P0AAA"}}});
}

}  // namespace basewatch::presets
