// The straight line with the real binary: a base moves in a real registry, and the right webhooks arrive.
#include "dispatch/signature.hpp"
#include "support/basewatch_program.hpp"
#include "support/blocking_http.hpp"
#include "support/image_builder.hpp"
#include "support/real_registry.hpp"
#include "support/receiving_thread.hpp"

#include <nlohmann/json.hpp>

#include <ctime>

namespace basewatch::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

Built made_of(std::vector<std::string> layers, std::string created = "2026-01-01T00:00:00Z") {
    ImageOptions options;
    options.layers = std::move(layers);
    options.created = std::move(created);
    return image(options);
}

// A registry with a base, a receiver, and the daemon watching.
class Daemon : public testing::Test {
protected:
    void SetUp() override {
        first_ = registry_.push("demo/base", "1", made_of({"first"}));
        receiver_.answer("/slack", {200, {{"Content-Type", "text/plain"}}, "ok"});
        program_ = std::make_unique<BasewatchProgram>(configuration());
        program_->start();
        ASSERT_TRUE(program_->ready()) << program_->log();
        ASSERT_TRUE(eventually([&] { return base()["state"] == "ok"; })) << program_->log();
    }

    std::string configuration(const std::string& more = "") const {
        return "registries: {\"" + registry_.address() + "\": {plain_http: true}}\n" +
               "defaults: {interval: 500ms}\n" +
               "dependents: [{image: shop/api, owner: team-shop, with: {project: shop/api}}]\n" +
               "rules:\n  - {name: services, base: \"" + reference() +
               "\", dependents: [shop/api, shop/worker], fire: [chat, hook, build]}\n" + more +
               "targets:\n  chat: {preset: slack, url: \"" + receiver_.url("/slack") + "\"}\n" +
               "  hook: {preset: webhook, url: \"" + receiver_.url("/hook") + "\", secret: " + secret +
               "}\n" + "  build: {preset: webhook, per: dependent, url: \"" + receiver_.url("/build") +
               "\", secret: " + secret + "}\n";
    }
    std::string reference() const { return registry_.reference("demo/base", "1"); }
    json base() const { return program_->json({"bases", reference()}); }

    RealRegistry registry_;
    ReceivingThread receiver_;
    model::Digest first_;
    std::unique_ptr<BasewatchProgram> program_;
};

TEST_F(Daemon, TellsAboutAMovedBaseOnceAndSigned) {
    EXPECT_TRUE(receiver_.requests("/hook").empty()) << "a baseline fires nothing";
    auto second = registry_.push("demo/base", "1", made_of({"first", "second"}));
    ASSERT_TRUE(eventually([&] {
        return receiver_.requests("/build").size() == 2 && !receiver_.requests("/slack").empty();
    })) << program_->log();
    ASSERT_TRUE(eventually([&] { return !receiver_.requests("/hook").empty(); }));

    auto hook = receiver_.requests("/hook").at(0);
    EXPECT_TRUE(dispatch::verify(hook.headers, hook.body, std::time(nullptr), {Secret(secret)}).has_value());
    EXPECT_EQ(hook.headers.find("User-Agent"), "basewatch/" BASEWATCH_VERSION);
    EXPECT_TRUE(hook.headers.find("traceparent").has_value());
    auto event = json::parse(hook.body);
    EXPECT_EQ(event["type"], "dev.basewatch.base.changed");
    EXPECT_EQ(event["subject"], reference());
    EXPECT_EQ(event["data"]["kind"], "content");
    EXPECT_EQ(event["data"]["old"]["digest"], first_.text());
    EXPECT_EQ(event["data"]["new"]["digest"], second.text());
    EXPECT_EQ(event["data"]["dependents"][0]["owner"], "team-shop");
    EXPECT_EQ(event["data"]["dependents"].size(), 2u);

    std::set<std::string> rebuilt;
    for (const auto& request : receiver_.requests("/build"))
        rebuilt.insert(json::parse(request.body)["subject"].get<std::string>());
    EXPECT_THAT(rebuilt, testing::ElementsAre("docker.io/shop/api:latest", "docker.io/shop/worker:latest"));

    auto slack = json::parse(receiver_.requests("/slack").at(0).body);
    EXPECT_THAT(slack["text"].get<std::string>(), HasSubstr("demo/base:1"));

    // Everything was delivered, and a person can follow it.
    ASSERT_TRUE(
        eventually([&] { return program_->json({"status"})["deliveries"].value("delivered", 0) == 4; }));
    auto changes = program_->json({"changes"})["items"];
    ASSERT_EQ(changes.size(), 1u);
    auto story = program_->verb({"explain", changes[0]["id"].get<std::string>()});
    EXPECT_EQ(story.exit_code, 0) << story.errors;
    EXPECT_THAT(story.output, HasSubstr("rule \"services\" fires on content"));
    EXPECT_THAT(story.output, HasSubstr("attempt 1 of dlv_"));
    EXPECT_EQ(program_->verb({"explain", "shop/api"}).exit_code, 0);
    EXPECT_EQ(program_->verb({"explain", reference()}).exit_code, 0);
    EXPECT_EQ(program_->verb({"explain", "chg_00000000000000000000000000"}).exit_code, 1);
    EXPECT_EQ(receiver_.requests("/hook").size(), 1u);

    // One line per change and none per poll; no secret anywhere.
    std::string log = program_->log();
    EXPECT_THAT(log, HasSubstr("base changed"));
    EXPECT_EQ(log.find("whsec_"), std::string::npos);
    EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 8) << log;
    EXPECT_EQ(program_->stop(), 0) << program_->log();
}

TEST_F(Daemon, RebuildsAndChecksWhenAsked) {
    auto asked = program_->verb({"rebuild", "shop/api", "--reason", "CVE-2026-1234"});
    EXPECT_EQ(asked.exit_code, 0) << asked.errors;
    ASSERT_TRUE(eventually([&] { return receiver_.requests("/build").size() == 1; })) << program_->log();
    auto event = json::parse(receiver_.requests("/build").at(0).body);
    EXPECT_EQ(event["data"]["reason"], "requested: CVE-2026-1234");
    EXPECT_EQ(event["data"]["new"]["digest"], first_.text());

    EXPECT_EQ(program_->verb({"rebuild", "--base", reference(), "--reason", "first installation"}).exit_code,
              0);
    ASSERT_TRUE(eventually([&] { return receiver_.requests("/build").size() == 3; })) << program_->log();
    auto unknown = program_->verb({"rebuild", "shop/unknown", "--reason", "why not"});
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_THAT(unknown.errors, HasSubstr("no rule builds docker.io/shop/unknown:latest\n"));
    EXPECT_EQ(program_->json({"rebuilds"})["items"].size(), 3u);
    EXPECT_TRUE(receiver_.requests("/hook").empty()) << "nothing changed";

    auto checked = program_->verb({"check-now", reference()});
    EXPECT_EQ(checked.exit_code, 0) << checked.errors;
    EXPECT_THAT(checked.output, HasSubstr("unchanged"));
    EXPECT_EQ(program_->verb({"check-now", "shop/unknown"}).exit_code, 1);
    EXPECT_EQ(program_->verb({"explain", program_->json({"rebuilds"})["items"][0]["id"].get<std::string>()})
                  .exit_code,
              0);
}

TEST_F(Daemon, RetriesAndReplaysWhenAsked) {
    receiver_.answer("/build", {404, {}, "no such job"});
    EXPECT_EQ(program_->verb({"rebuild", "shop/api", "--reason", "CVE-2026-1234"}).exit_code, 0);
    auto dead = [&] { return program_->json({"deliveries", "--state", "dead", "--reason", "4xx"})["items"]; };
    ASSERT_TRUE(eventually([&] { return dead().size() == 1; })) << program_->log();
    auto id = dead()[0]["id"].get<std::string>();
    EXPECT_EQ(dead()[0]["reason"], "4xx");
    EXPECT_EQ(program_->json({"deliveries", "--reason", "tls"})["items"].size(), 0u);
    EXPECT_EQ(program_->verb({"deliveries", "--reason", "moon"}).exit_code, 2);

    receiver_.answer("/build", {204, {}, ""});
    EXPECT_EQ(program_->verb({"pause", "target:build"}).exit_code, 0);
    auto refused = program_->verb({"retry", id});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.errors, HasSubstr("resume target:build"));
    EXPECT_EQ(program_->verb({"resume", "target:build"}).exit_code, 0);
    auto retried = program_->verb({"retry", id});
    EXPECT_EQ(retried.exit_code, 0) << retried.errors;
    EXPECT_THAT(retried.output, HasSubstr("is sent again to build"));
    ASSERT_TRUE(eventually([&] { return receiver_.requests("/build").size() == 2; })) << program_->log();
    ASSERT_TRUE(eventually(
        [&] { return program_->json({"deliveries", "--state", "delivered"})["items"].size() == 1; }));
    EXPECT_EQ(program_->verb({"retry", id}).exit_code, 1) << "it has arrived";
    EXPECT_EQ(program_->verb({"retry", "no such/id"}).exit_code, 1);

    EXPECT_EQ(program_->json({"replay", "--since", "1h", "--dry-run"})["deliveries"], 1);
    EXPECT_EQ(receiver_.requests("/build").size(), 2u);
    auto replayed = program_->verb({"replay", "--since", "1h", "--target", "build", "--state", "delivered"});
    EXPECT_EQ(replayed.exit_code, 0) << replayed.errors;
    EXPECT_THAT(replayed.output, HasSubstr("1 delivery queued to be sent again"));
    ASSERT_TRUE(eventually([&] { return receiver_.requests("/build").size() == 3; })) << program_->log();
    for (const auto& request : receiver_.requests("/build"))
        EXPECT_THAT(request.headers.find("webhook-id").value_or(""), id);
    EXPECT_EQ(program_->verb({"replay"}).exit_code, 2);
    EXPECT_EQ(program_->verb({"replay", "--since", "1h", "--target", "nobody"}).exit_code, 1);
    EXPECT_THAT(program_->verb({"explain", id}).output, HasSubstr("by request: delivered"));
    EXPECT_THAT(program_->log(), HasSubstr("by=\"the socket\""));
}

TEST_F(Daemon, HoldsBackWhatIsMutedAndSaysSo) {
    auto muted = program_->verb({"mute", "base:" + reference(), "--until", "2h"});
    EXPECT_EQ(muted.exit_code, 0) << muted.errors;
    EXPECT_THAT(muted.output, HasSubstr("base:" + reference() + " is muted until 2"));
    EXPECT_EQ(program_->json({"status"})["mutes"][0]["subject"], "base:" + reference());
    registry_.push("demo/base", "1", made_of({"first", "second"}));
    ASSERT_TRUE(eventually([&] {
        auto deliveries = program_->json({"deliveries"})["items"];
        return deliveries.size() == 4 &&
               std::all_of(deliveries.begin(), deliveries.end(), [](const auto& one) {
                   return one.value("held_by", "").starts_with("mute base:");
               });
    })) << program_->log();
    auto story = program_->verb({"explain", reference()});
    EXPECT_THAT(story.output, HasSubstr("muted since"));
    EXPECT_THAT(story.output, HasSubstr("is held back until"));
    EXPECT_TRUE(receiver_.requests("/build").empty());
    auto resumed = program_->verb({"resume", "base:" + reference()});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.errors;
    EXPECT_TRUE(eventually([&] { return receiver_.requests("/build").size() == 2; })) << program_->log();

    EXPECT_EQ(program_->verb({"mute", "base:shop/unknown", "--until", "2h"}).exit_code, 1);
    EXPECT_EQ(program_->verb({"mute", "target:nobody", "--until", "2h"}).exit_code, 1);
    EXPECT_NE(program_->verb({"mute", "chat", "--until", "2h"}).exit_code, 0);
    EXPECT_EQ(program_->verb({"mute", "target:chat", "--until", "soon"}).exit_code, 2);
    EXPECT_NE(program_->verb({"mute", "target:chat", "--until", "2020-01-01T00:00:00Z"}).exit_code, 0);
    for (const auto& what : {"base:" + reference(), std::string("chat")})
        EXPECT_THAT(program_->verb({"pause", what}).errors,
                    HasSubstr("only a target can be paused: `subject` is to be target:NAME"));
    EXPECT_EQ(program_->verb({"mute", "dependent:shop/api", "--until", "2h"}).exit_code, 0);
}

TEST_F(Daemon, SaysThatATargetHoldsADeliveryBack) {
    EXPECT_EQ(program_->verb({"pause", "target:build"}).exit_code, 0);
    EXPECT_EQ(program_->verb({"rebuild", "shop/api", "--reason", "CVE-2026-1234"}).exit_code, 0);
    auto held = program_->json({"deliveries", "--target", "build"})["items"].at(0);
    EXPECT_EQ(held["held_by"], "paused target");
    EXPECT_FALSE(held.contains("due_at"));
    EXPECT_THAT(program_->verb({"explain", held["id"].get<std::string>()}).output,
                HasSubstr("is held back by the paused target until `basewatch resume target:build`"));
    EXPECT_EQ(program_->verb({"resume", "target:build"}).exit_code, 0);
    EXPECT_TRUE(eventually([&] { return receiver_.requests("/build").size() == 1; })) << program_->log();
}

// Four bases, three groups: what has the same one is told together, and nothing else is.
TEST_F(Daemon, TellsTogetherWhatHasTheSameGroup) {
    auto reference_of = [&](const std::string& name) { return registry_.reference("demo/" + name, "1"); };
    for (const char* name : {"a", "b", "c", "d"})
        registry_.push(std::string("demo/") + name, "1", made_of({name}));
    program_->write_configuration(
        "registries: {\"" + registry_.address() + "\": {plain_http: true}}\ndefaults: {interval: 500ms}\n" +
        "rules:\n  - {name: as the target, base: \"" + reference_of("a") + "\", fire: team}\n" +
        "  - {name: alone, base: \"" + reference_of("b") + "\", fire: team, group: none}\n" +
        "  - {name: long, base: [\"" + reference_of("c") + "\", \"" + reference_of("d") +
        "\"], fire: team, group: {wait: 1h, most: 2h}}\n" + "targets:\n  team: {preset: webhook, url: \"" +
        receiver_.url("/team") + "\", group: 1s, body: '[.events[].subject]'}\n");
    program_->reload();
    ASSERT_TRUE(eventually([&] {
        auto bases = program_->json({"bases"})["items"];
        return bases.size() == 4 && std::all_of(bases.begin(), bases.end(),
                                                [](const auto& base) { return base["state"] == "ok"; });
    })) << program_->log();
    auto rules = program_->json({"rules"})["items"];
    EXPECT_FALSE(rules.at(0).contains("group"));
    EXPECT_EQ(rules.at(1)["group"], "none");
    EXPECT_EQ(rules.at(2)["group"], "{wait: 1h, most: 2h}");

    for (const char* name : {"a", "b", "c", "d"})
        registry_.push(std::string("demo/") + name, "1", made_of({name, "more"}));
    ASSERT_TRUE(eventually([&] { return receiver_.requests("/team").size() == 2; })) << program_->log();
    std::set<json> told;
    for (const auto& request : receiver_.requests("/team")) told.insert(json::parse(request.body));
    EXPECT_THAT(told, testing::ElementsAre(json{reference_of("a")}, json{reference_of("b")}));
    auto held = [&] { return program_->json({"deliveries", "--state", "pending"})["items"]; };
    ASSERT_TRUE(eventually([&] {
        auto story = program_->verb({"explain", reference_of("d")}).output;
        return held().size() == 1 && story.find("tells 2 events in one message") != std::string::npos;
    })) << program_->log();
    EXPECT_EQ(held()[0]["held_by"], "group of rule long");
    EXPECT_THAT(program_->verb({"explain", reference_of("c")}).output,
                HasSubstr("by the `group` of rule long: what else it fires until then is told with it"));
}

TEST_F(Daemon, AFailedCheckIsAFailedVerbInBothForms) {
    registry_.stop();
    EXPECT_EQ(program_->verb({"check-now", reference()}).exit_code, 1);
    auto machine = program_->verb({"check-now", "--json", reference()});
    EXPECT_EQ(machine.exit_code, 1);
    EXPECT_EQ(json::parse(machine.output)["outcome"], "failed");
}

// `base-more:1` sorts behind `base:1` as a reference and before it as text.
TEST_F(Daemon, ListsEveryBaseOnceHoweverShortThePages) {
    program_->write_configuration("watch:\n  - \"" + registry_.reference("demo/base-more", "1") +
                                  "\"\n  - \"" + registry_.reference("demo/base/more", "1") + "\"\n" +
                                  configuration());
    program_->reload();
    ASSERT_TRUE(eventually([&] { return program_->json({"bases"})["items"].size() == 3; }))
        << program_->log();
    std::vector<std::string> listed;
    std::string cursor;
    do {
        auto page =
            json::parse(http_over(program_->socket_path(), "GET", "/api/v1/bases?limit=1" + cursor).body);
        ASSERT_EQ(page["items"].size(), 1u);
        listed.push_back(page["items"][0]["reference"]);
        cursor = page.contains("cursor") ? "&cursor=" + page["cursor"].get<std::string>() : "";
    } while (!cursor.empty() && listed.size() < 10);
    EXPECT_THAT(listed, testing::UnorderedElementsAre(reference(), registry_.reference("demo/base-more", "1"),
                                                      registry_.reference("demo/base/more", "1")));
    EXPECT_EQ(http_over(program_->socket_path(), "GET", "/api/v1/bases?cursor=NONSENSE").status, 400);
}

TEST_F(Daemon, ReloadsWholeOrNotAtAll) {
    program_->write_configuration(
        configuration("  - {name: broken, base: \"" + reference() + "\", fire: [chatt]}\n"));
    program_->reload();
    ASSERT_TRUE(eventually([&] { return program_->log().find("the old one goes on") != std::string::npos; }));
    EXPECT_THAT(program_->log(), HasSubstr("chatt"));
    EXPECT_EQ(program_->json({"rules"})["items"].size(), 1u);

    auto other = registry_.push("demo/other", "2", made_of({"other"}));
    program_->write_configuration(configuration(
        "  - {name: more, base: \"" + registry_.reference("demo/other", "2") + "\", fire: [hook]}\n"));
    program_->reload();
    ASSERT_TRUE(eventually([&] { return program_->log().find("reloaded;") != std::string::npos; }))
        << program_->log();
    EXPECT_EQ(program_->json({"rules"})["items"].size(), 2u);
    ASSERT_TRUE(eventually(
        [&] { return program_->json({"bases", registry_.reference("demo/other", "2")})["state"] == "ok"; }));
    registry_.push("demo/other", "2", made_of({"moved"}));
    ASSERT_TRUE(eventually([&] { return receiver_.requests("/hook").size() == 1; })) << program_->log();
    EXPECT_EQ(json::parse(receiver_.requests("/hook").at(0).body)["data"]["old"]["digest"], other.text());
}

// A reload may come at any moment, also before the daemon is ready for one.
TEST_F(Daemon, AnEarlyReloadDoesNotEndIt) {
    BasewatchProgram early(configuration());
    early.start();
    // The warning about the secrets in the file comes before the state is opened.
    ASSERT_TRUE(eventually([&] { return early.log().find("stands in the file") != std::string::npos; }));
    early.reload();
    EXPECT_TRUE(early.ready()) << early.log();
    EXPECT_EQ(early.stop(), 0) << early.log();
}

TEST_F(Daemon, HoldsItsStateAlone) {
    auto second = program_->verb({"run"});
    EXPECT_EQ(second.exit_code, 1);
    EXPECT_THAT(second.errors, HasSubstr(std::to_string(program_->id())));
    auto check = program_->verb({"check"});
    EXPECT_EQ(check.exit_code, 1);
    EXPECT_THAT(check.errors, HasSubstr("check-now"));
}

TEST_F(Daemon, ServesProbesAndMetricsOnItsSocket) {
    EXPECT_EQ(http_over(program_->socket_path(), "GET", "/livez").status, 200);
    EXPECT_EQ(http_over(program_->socket_path(), "GET", "/readyz").status, 200);
    auto metrics = http_over(program_->socket_path(), "GET", "/metrics");
    EXPECT_EQ(metrics.status, 200);
    EXPECT_THAT(metrics.body, HasSubstr("basewatch_bases 1"));
    EXPECT_THAT(metrics.body, HasSubstr("basewatch_registry_requests_total{host=\"" + registry_.address() +
                                        "\",method=\"HEAD\",status=\"2xx\"}"));
    auto unknown = http_over(program_->socket_path(), "GET", "/api/v1/nothing");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.headers.find("Content-Type"), "application/problem+json");
    EXPECT_EQ(http_over(program_->socket_path(), "DELETE", "/api/v1/status").status, 405);
    EXPECT_EQ(http_over(program_->socket_path(), "GET", "/api/v1/changes?limit=0").status, 400);
    EXPECT_EQ(http_over(program_->socket_path(), "GET", "/api/v1/changes?cursor=nonsense").status, 400);
    EXPECT_EQ(http_over(program_->socket_path(), "POST", "/api/v1/checks",
                        {{"Content-Type", "application/json"}}, "{")
                  .status,
              400);
}

TEST_F(Daemon, ShowsWhatItsRegistriesTaughtIt) {
    auto shown = program_->verb({"status", "--registries"});
    EXPECT_EQ(shown.exit_code, 0) << shown.errors;
    EXPECT_THAT(shown.output, HasSubstr(registry_.address()));
    EXPECT_THAT(shown.output, HasSubstr("with digest"));
    auto items = program_->json({"status", "--registries"})["items"];
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0]["learned"]["head"]["value"], "with digest");
    EXPECT_TRUE(items[0]["learned"]["head"].contains("until"));
    EXPECT_EQ(items[0]["bases"], 1);
    EXPECT_EQ(items[0]["effective_interval"], items[0]["interval"]);
}

TEST_F(Daemon, AttestationsAndRegistryFailuresFireNothing) {
    registry_.push("demo/base", "1", made_of({"first"}, "2026-11-23T00:00:00Z"));
    ASSERT_TRUE(eventually([&] { return program_->json({"changes"})["items"].size() == 1; }))
        << program_->log();
    EXPECT_EQ(program_->json({"changes"})["items"][0]["kind"], "metadata");
    registry_.stop();
    ASSERT_TRUE(eventually([&] { return base()["state"] == "failing"; })) << program_->log();
    registry_.start();
    program_->verb({"check-now", reference()});
    ASSERT_TRUE(eventually([&] { return base()["state"] == "ok"; })) << program_->log();
    EXPECT_EQ(program_->json({"changes"})["items"].size(), 1u);
    EXPECT_TRUE(receiver_.requests("/hook").empty());
}

TEST(Check, SweepsOnceWithoutADaemon) {
    RealRegistry registry;
    ReceivingThread receiver;
    registry.push("demo/base", "1", made_of({"first"}));
    std::string reference = registry.reference("demo/base", "1");
    BasewatchProgram program("registries: {\"" + registry.address() +
                             "\": {plain_http: true}}\nrules: [{name: r, base: \"" + reference +
                             "\", fire: [hook]}]\ntargets: {hook: {preset: webhook, url: \"" +
                             receiver.url("/hook") + "\"}}\n");
    auto first = program.verb({"check", "--fail-on-change"});
    EXPECT_EQ(first.exit_code, 0) << first.errors;
    EXPECT_THAT(first.output, HasSubstr("baseline"));
    EXPECT_THAT(first.output, HasSubstr("state: " + program.state_path()));
    registry.push("demo/base", "1", made_of({"second"}));
    auto second = program.verb({"check", "--fail-on-change"});
    EXPECT_EQ(second.exit_code, 3) << second.errors;
    EXPECT_EQ(receiver.requests("/hook").size(), 1u);
    EXPECT_EQ(program.verb({"check", reference}).exit_code, 0);
    EXPECT_EQ(program.verb({"check", "alpine"}).exit_code, 2) << "not watched";

    auto resolved = program.json({"resolve", reference});
    EXPECT_EQ(resolved["platforms"].size(), 1u);
    EXPECT_EQ(program.verb({"resolve", reference, "--platform", "linux/s390x"}).exit_code, 1);
    EXPECT_EQ(program.verb({"test", "hook"}).exit_code, 0);
    EXPECT_EQ(json::parse(receiver.requests("/hook").back().body)["type"], "dev.basewatch.test");
    EXPECT_EQ(program.verb({"test", "hoook"}).exit_code, 2);

    receiver.answer("/hook", {500, {}, "broken"});
    registry.push("demo/base", "1", made_of({"third"}));
    auto failing = program.verb({"check"});
    EXPECT_EQ(failing.exit_code, 1);
    EXPECT_THAT(failing.errors, HasSubstr("hook"));
    registry.stop();
    auto unreachable = program.verb({"check"});
    EXPECT_EQ(unreachable.exit_code, 1);
    EXPECT_THAT(unreachable.output, HasSubstr("failed"));
}

}  // namespace
}  // namespace basewatch::test
