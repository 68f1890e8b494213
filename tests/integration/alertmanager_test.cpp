// Our messages at Debian's Alertmanager, which has no preset: an alert is a body of the user's, here that of
// the documented sample.

#include "foundation/json.hpp"
#include "integration/delivery_fixture.hpp"
#include "settings/settings.hpp"
#include "support/blocking_http.hpp"
#include "support/process.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct AlertmanagerTest : DeliveryTest {
    std::string address = "127.0.0.1:" + std::to_string(free_port());
    std::unique_ptr<Process> server;

    void SetUp() override {
        auto configuration =
            folder.write("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
        server = std::make_unique<Process>(
            std::vector<std::string>{"prometheus-alertmanager", "--config.file=" + configuration,
                                     "--storage.path=" + folder / "alerts", "--web.listen-address=" + address,
                                     "--cluster.listen-address="});
        ASSERT_TRUE(eventually([&] { return get("/-/ready").value_or("") == "OK"; })) << server->errors();
    }
    std::optional<std::string> get(const std::string& path) const {
        net::HttpRequest request;
        request.method = "GET";
        request.url = url_of("http://" + address + path);
        auto answer = try_http(std::move(request));
        return answer && answer->status == 200 ? std::optional(answer->body) : std::nullopt;
    }
    // By the reference of the base that they are about.
    std::map<std::string, json> alerts() const {
        std::map<std::string, json> found;
        auto listed = parse_json(get("/api/v2/alerts").value_or("[]"));
        for (const auto& alert : must(std::move(listed))) found[alert["labels"]["image"]] = alert;
        return found;
    }
    presets::Target target() {
        Problems problems;
        auto sample = settings::read_what_is_readable(PROJECT_DIR "/config/basewatch.yaml", {}, problems);
        auto settings = sample.targets.at("alerts");
        settings.fields.url = Secret("http://" + address + "/api/v2/alerts");
        return must(presets::merge(settings));
    }
    // An event about a base of this name.
    std::string tell(const std::string& name, const std::string& more) {
        house.event_data = R"({"base":{"reference":"docker.io/library/)" + name + R"("})" + more + "}";
        return house.give("alerts");
    }
};

TEST_F(AlertmanagerTest, HasAnAlertForEachEventOfAMessage) {
    house.group = model::Grouping{1ms, 1ms};
    auto id =
        tell("ruby:3.3-alpine", R"(,"kind":"content","dependents":[{"reference":"a"},{"reference":"b"}])");
    tell("node:22", R"(,"kind":"reverted","dependents":[])");
    tell("alpine:3", "");  // as of an event that is no change
    house.use({target()});
    house.start();
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered)) << house.delivery(id).last_error;
    auto all = alerts();
    ASSERT_EQ(all.size(), 3u);
    const auto& ruby = all.at("docker.io/library/ruby:3.3-alpine");
    EXPECT_EQ(ruby["status"]["state"], "active");
    EXPECT_EQ(ruby["labels"]["alertname"], "BaseImage");
    EXPECT_EQ(ruby["labels"]["kind"], "content");
    EXPECT_EQ(ruby["annotations"]["dependents"], "2");
    EXPECT_EQ(all.at("docker.io/library/node:22")["labels"]["kind"], "reverted");
    EXPECT_EQ(all.at("docker.io/library/alpine:3")["labels"]["kind"], "base.changed");
}

TEST_F(AlertmanagerTest, WhatItRefusesIsGivenUpWithItsWords) {
    auto wrong = target();
    wrong.fields.body = R"([{labels: {"no name": "x"}}])";
    house.use({wrong});
    house.start();
    auto id = tell("ruby:3.3-alpine", "");
    ASSERT_TRUE(house.until_state(id, DeliveryState::dead));
    auto attempt = house.attempts(id).at(0);
    EXPECT_EQ(attempt.status, 400);
    EXPECT_THAT(attempt.answer, HasSubstr("invalid label set"));
    EXPECT_TRUE(alerts().empty());
}

}  // namespace
}  // namespace basewatch::test
