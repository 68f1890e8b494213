// The real binary and a real nats-server: tried by hand, and told of a base that moved.

#include "support/basewatch_program.hpp"
#include "support/image_builder.hpp"
#include "support/nats_server.hpp"
#include "support/real_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace basewatch::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

std::string target_of(const NatsServer& server, const std::string& more = "") {
    return "targets: {bus: {preset: nats, servers: 'nats://127.0.0.1:" + std::to_string(server.port()) +
           "', subject: basewatch.events" + more + "}}\n";
}

Built image_of(const std::string& layer) {
    ImageOptions options;
    options.layers = {layer};
    return image(options);
}

TEST(Nats, ATargetIsTried) {
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    server.restart("authorization: {user: basewatch, password: hunter2-hunter2}");
    BasewatchProgram program("rules: [{name: r, base: alpine, fire: bus}]\n" +
                             target_of(server, ", username: basewatch, password: '${env:NATS_PASSWORD}'"));
    program.environment["NATS_PASSWORD"] = "hunter2-hunter2";
    auto valid = program.verb({"validate"});
    EXPECT_EQ(valid.exit_code, 0) << valid.errors;
    EXPECT_THAT(valid.output, HasSubstr("target `bus` sends its password without TLS"));
    auto told = program.verb({"test", "bus"});
    EXPECT_EQ(told.exit_code, 0) << told.errors << told.output;
    EXPECT_THAT(told.output, AllOf(HasSubstr("subject: basewatch.events"), HasSubstr("as basewatch"),
                                   HasSubstr("stored in stream EVENTS as 1"), Not(HasSubstr("hunter2"))));
    auto simulated = program.verb({"simulate", "alpine"});
    EXPECT_EQ(simulated.exit_code, 0) << simulated.errors;
    EXPECT_THAT(simulated.output, HasSubstr("NATS message by nats://127.0.0.1:"));
    program.environment["NATS_PASSWORD"] = "another-password";
    auto refused = program.verb({"test", "bus"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.output,
                AllOf(HasSubstr("Authorization Violation"), Not(HasSubstr("another-password"))));
    server.restart();
    auto stored = server.stored("EVENTS");
    ASSERT_THAT(stored, SizeIs(1));
    EXPECT_EQ(nlohmann::json::parse(stored[0].body)["type"], "dev.basewatch.test");
}

TEST(Nats, AStreamIsToldOfABaseThatMovedAndTheDaemonStops) {
    RealRegistry registry;
    NatsServer server;
    server.create_stream("EVENTS", "basewatch.>");
    registry.push("demo/base", "1", image_of("first"));
    auto base = registry.reference("demo/base", "1");
    BasewatchProgram program("registries: {\"" + registry.address() + "\": {plain_http: true}}\n" +
                             "defaults: {interval: 500ms}\nrules: [{name: r, base: \"" + base +
                             "\", fire: bus}]\n" + target_of(server));
    program.start();
    ASSERT_TRUE(program.ready()) << program.log();
    ASSERT_TRUE(eventually([&] { return program.json({"bases", base})["state"] == "ok"; })) << program.log();
    auto second = registry.push("demo/base", "1", image_of("second"));
    ASSERT_TRUE(eventually([&] { return !server.stored("EVENTS").empty(); })) << program.log();
    // With a connection that is open, and idle, and a server that says nothing to a farewell.
    server.halt();
    EXPECT_EQ(program.stop(), 0) << program.log();
    server.go_on();
    auto stored = server.stored("EVENTS");
    ASSERT_THAT(stored, SizeIs(1)) << program.log();
    auto event = nlohmann::json::parse(stored[0].body);
    EXPECT_EQ(event["type"], "dev.basewatch.base.changed");
    EXPECT_EQ(event["data"]["new"]["digest"], second.text());
    EXPECT_THAT(stored[0].headers, Contains(Pair("Nats-Msg-Id", StartsWith("dlv_"))));
}

}  // namespace
}  // namespace basewatch::test
