#pragma once
// Renders with the real jq worker, and compares as JSON.

#include "foundation/time.hpp"
#include "jq/worker.hpp"
#include "presets/render.hpp"
#include "support/run_async.hpp"
#include "unit/presets/sample_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::presets {

class PresetTest : public testing::Test {
protected:
    PresetTest()
        : clock(loop.get_executor()),
          worker(loop.get_executor(), clock, TEST_PROGRAMS "/jq_worker",
                 {.deadline = std::chrono::seconds(30)}) {}

    static settings::TargetSettings settings_of(const std::string& preset, const std::string& url = "",
                                                const std::string& token = "",
                                                const std::string& username = "") {
        settings::TargetSettings settings;
        settings.name = "target";
        settings.preset = preset;
        if (!url.empty()) settings.fields.url = Secret(url);
        if (!token.empty()) settings.token = Secret(token);
        settings.username = username;
        return settings;
    }

    Result<net::HttpRequest> render_for(const settings::TargetSettings& settings, const nlohmann::json& event,
                                        std::map<std::string, std::string> with = {},
                                        std::string layers = "") {
        auto target = merge(settings);
        if (!target) return target.error();
        RenderInput input;
        input.event_json = event.dump();
        input.event_type = event["type"];
        input.with = std::move(with);
        input.build =
            build_parameters(input.event_type, input.event_json, *parse_rfc3339("2026-11-23T12:00:05.5Z"));
        input.layers_json = std::move(layers);
        return test::run_async(loop, render(*target, std::move(input), worker), std::chrono::seconds(60));
    }

    // As render_for(), where a fault is the test's.
    net::HttpRequest rendered(const settings::TargetSettings& settings, const nlohmann::json& event,
                              std::map<std::string, std::string> with = {}, std::string layers = "") {
        auto request = render_for(settings, event, std::move(with), std::move(layers));
        EXPECT_TRUE(request.has_value()) << (request ? "" : request.error().message());
        return request ? *request : net::HttpRequest{};
    }

    // A message of several events, by a target with `group`.
    net::HttpRequest rendered_together(settings::TargetSettings settings,
                                       const std::vector<nlohmann::json>& events) {
        settings.group = model::Grouping{std::chrono::minutes(2), std::chrono::minutes(2)};
        auto target = merge(settings);
        RenderInput input;
        input.event_json = events.at(0).dump();
        input.event_type = events.at(0)["type"];
        for (std::size_t i = 1; i < events.size(); ++i) input.joined.push_back(events[i].dump());
        auto request =
            test::run_async(loop, render(*target, std::move(input), worker), std::chrono::seconds(60));
        EXPECT_TRUE(request.has_value()) << (request ? "" : request.error().message());
        return request ? *request : net::HttpRequest{};
    }

    static nlohmann::json headers_of(const net::HttpRequest& request) {
        nlohmann::json headers;
        for (const auto& [name, value] : request.headers) headers[name] = value;
        return headers;
    }

    asio::io_context loop;
    SystemClock clock;
    jq::Worker worker;
};

inline nlohmann::json json_of(const std::string& text) {
    return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace basewatch::presets
