// Targets that are told by other ways than a request, by the verbs that a person tries them with.

#include "support/basewatch_program.hpp"
#include "support/certificates.hpp"
#include "support/fake_mail_server.hpp"
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

}  // namespace
}  // namespace basewatch::test
