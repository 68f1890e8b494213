// Targets that are told by other ways than a request, by the verbs that a person tries them with.

#include "support/basewatch_program.hpp"
#include "support/certificates.hpp"
#include "support/fake_mail_server.hpp"
#include "support/image_builder.hpp"
#include "support/kafka_cluster.hpp"
#include "support/real_registry.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <thread>

namespace basewatch::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(WaysOut, AProgramIsTriedWhenToldSo) {
    TemporaryFolder folder;
    auto script =
        folder.write("program", "#!/bin/sh\ncat >'" + (folder / "event") + "'\necho heard \"$1\"\n");
    chmod(script.c_str(), 0700);
    BasewatchProgram program(
        "rules: [{name: r, base: alpine, fire: here}]\n"
        "targets: {here: {preset: exec, command: ['" +
        script + "', '{BASE_IMAGE}']}}\n");
    EXPECT_EQ(program.verb({"validate"}).exit_code, 0);
    auto asked = program.verb({"test", "here"});
    EXPECT_EQ(asked.exit_code, 2);
    EXPECT_THAT(asked.errors, HasSubstr("--yes"));
    EXPECT_EQ(read_file(folder / "event"), "");
    auto told = program.verb({"test", "here", "--yes"});
    EXPECT_EQ(told.exit_code, 0) << told.errors;
    EXPECT_THAT(told.output, AllOf(HasSubstr(script + " docker.io/library/alpine\n"),
                                   HasSubstr("BASEWATCH_DELIVERY_ID=dlv_"), HasSubstr("success: exit code 0"),
                                   HasSubstr("heard docker.io/library/alpine")));
    auto event = nlohmann::json::parse(read_file(folder / "event"));
    EXPECT_EQ(event["type"], "dev.basewatch.test");

    auto simulated = program.verb({"simulate", "alpine"});
    EXPECT_EQ(simulated.exit_code, 0) << simulated.errors;
    EXPECT_THAT(simulated.output, HasSubstr(script + " docker.io/library/alpine\n"));
    EXPECT_THAT(program.verb({"presets"}).output, HasSubstr("exec"));
}

// A mail server with the target that sends to it; both as somebody would set them up.
class MailTarget : public testing::Test {
protected:
    // While `verb` runs as a process of its own, the server is there.
    Outcome beside_the_server(std::vector<std::string> verb) {
        std::thread serving([this] {
            loop_.restart();
            loop_.run();
        });
        auto outcome = program().verb(std::move(verb));
        loop_.stop();
        serving.join();
        return outcome;
    }
    BasewatchProgram& program() {
        if (!program_)
            program_ = std::make_unique<BasewatchProgram>(
                "rules: [{name: r, base: alpine, dependents: [shop/api], fire: mail}]\n"
                "targets:\n  mail: {preset: smtp, url: \"smtp://127.0.0.1:" +
                std::to_string(server_.port()) +
                "\", username: basewatch, password: hunter2-hunter2, from: basewatch@example.com, "
                "to: [platform@example.com, security@example.com], ca_file: \"" +
                authority_.file() + "\"}\n");
        return *program_;
    }

    asio::io_context loop_{1};
    CertificateAuthority authority_;
    FakeMailServer server_{loop_, FakeMailServer::Tls::starttls, authority_.sign()};
    std::unique_ptr<BasewatchProgram> program_;
};

TEST_F(MailTarget, IsSentAMarkedTest) {
    auto told = beside_the_server({"test", "mail"});
    EXPECT_EQ(told.exit_code, 0) << told.output << told.errors;
    ASSERT_EQ(server_.mails.size(), 1u);
    const auto& mail = server_.mails[0];
    EXPECT_TRUE(mail.encrypted);
    EXPECT_THAT(mail.from, HasSubstr("<basewatch@example.com>"));
    EXPECT_THAT(mail.to, testing::ElementsAre("<platform@example.com>", "<security@example.com>"));
    EXPECT_EQ(mail.user, " basewatch hunter2-hunter2");
    EXPECT_THAT(mail.message, AllOf(HasSubstr("To: platform@example.com"), HasSubstr("\r\nSubject: Test"),
                                    HasSubstr("alpine"), HasSubstr("\r\nMessage-ID: <dlv_")));
    EXPECT_THAT(told.output, AllOf(HasSubstr("security@example.com"), HasSubstr("Subject: Test"),
                                   HasSubstr("success: the mail server took it\n250 2.0.0 Ok"),
                                   Not(HasSubstr("hunter2"))));
}

TEST_F(MailTarget, SaysWhatTheServerHasAgainstIt) {
    server_.replies["RCPT"] = "550 5.1.1 no such user here";
    auto told = beside_the_server({"test", "mail"});
    EXPECT_EQ(told.exit_code, 1);
    EXPECT_THAT(told.output, AllOf(HasSubstr("failure: "), HasSubstr("550 5.1.1 no such user here"),
                                   Not(HasSubstr("hunter2"))));
    EXPECT_TRUE(server_.mails.empty());
}

TEST_F(MailTarget, IsShownByASimulationAndNotSent) {
    auto simulated = beside_the_server({"simulate", "alpine"});
    EXPECT_EQ(simulated.exit_code, 0) << simulated.errors;
    EXPECT_THAT(simulated.output,
                AllOf(HasSubstr("Subject: "), HasSubstr("shop/api"), Not(HasSubstr("hunter2"))));
    EXPECT_EQ(server_.connections, 0);
}

Built made_of(std::string layer) {
    ImageOptions options;
    options.layers = {std::move(layer)};
    return image(options);
}

TEST(WaysOut, AMessageToKafkaArrivesWhereAnyClientReadsIt) {
    RealRegistry registry;
    KafkaCluster kafka;
    kafka.create("base-images");
    registry.push("demo/base", "1", made_of("first"));
    auto base = registry.reference("demo/base", "1");
    BasewatchProgram program("registries: {\"" + registry.address() + "\": {plain_http: true}}\n" +
                             "defaults: {interval: 500ms}\n" + "rules: [{name: r, base: \"" + base +
                             "\", fire: bus}]\n" + "targets: {bus: {preset: kafka, brokers: '" +
                             kafka.brokers()[0] + "', topic: base-images, tls: none}}\n");
    EXPECT_EQ(program.verb({"validate"}).exit_code, 0);
    auto tried = program.verb({"test", "bus"});
    EXPECT_EQ(tried.exit_code, 0) << tried.errors;
    EXPECT_THAT(tried.output,
                AllOf(HasSubstr("message to topic base-images at " + kafka.brokers()[0] + " without TLS\n"),
                      HasSubstr("key: "), HasSubstr("webhook-id: dlv_"),
                      HasSubstr("success: partition 0, offset 0")));
    auto simulated = program.verb({"simulate", base});
    EXPECT_EQ(simulated.exit_code, 0) << simulated.errors;
    EXPECT_THAT(simulated.output, HasSubstr("message to topic base-images at "));

    program.start();
    ASSERT_TRUE(program.ready()) << program.log();
    ASSERT_TRUE(eventually([&] { return program.json({"bases", base})["state"] == "ok"; })) << program.log();
    registry.push("demo/base", "1", made_of("second"));
    EXPECT_TRUE(eventually([&] {
        return program.verb({"deliveries", "--state", "delivered"}).output.find("bus") != std::string::npos;
    })) << program.log();
    EXPECT_EQ(program.stop(), 0);
    auto records = kafka.records("base-images", 2);
    ASSERT_THAT(records, testing::SizeIs(2));
    EXPECT_EQ(records[1].key, base);
    EXPECT_EQ(nlohmann::json::parse(records[1].value)["type"], "dev.basewatch.base.changed");
    auto read =
        run({"kcat", "-C", "-e", "-q", "-b", kafka.brokers()[0], "-t", "base-images", "-f", "%k %s\\n"});
    EXPECT_THAT(read.output, HasSubstr(base + " " + records[1].value + "\n")) << read.errors;
    EXPECT_THAT(program.log(), testing::Not(HasSubstr("rdkafka")));
}

}  // namespace
}  // namespace basewatch::test
