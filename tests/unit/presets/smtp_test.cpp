// What the smtp preset says, for people who read it on a telephone: who, what, and whom it concerns.

#include "presets/mail.hpp"
#include "unit/presets/preset_fixture.hpp"
#include "unit/presets/sample_events.hpp"

namespace basewatch::presets {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SmtpTest : public PresetTest {
protected:
    static settings::TargetSettings mail_target() {
        auto settings = settings_of("smtp", "smtp://mail.example.com:2525");
        settings.username = "basewatch";
        settings.server.password = Secret("pass-word-pass-word");
        settings.mail.from = "basewatch@example.com";
        settings.mail.to = {"platform@example.com", "security@example.com"};
        return settings;
    }
    Result<MailDraft> draft_for(const settings::TargetSettings& settings, const nlohmann::json& event) {
        auto target = merge(settings);
        if (!target) return target.error();
        RenderInput input;
        input.event_json = event.dump();
        input.event_type = event["type"];
        return test::run_async(
            loop,
            render_mail(*target, std::move(input), "dlv_1", *parse_rfc3339("2026-11-23T12:00:05Z"), worker),
            std::chrono::seconds(60));
    }
    MailDraft draft(const nlohmann::json& event) {
        auto made = draft_for(mail_target(), event);
        EXPECT_TRUE(made) << (made ? "" : made.error().message());
        return made ? *made : MailDraft();
    }
};

TEST_F(SmtpTest, AChangeSaysWhatAndWhomItConcerns) {
    auto event = changed_event();
    auto made = draft(event);
    EXPECT_THAT(made.subject, StartsWith("ruby:3.3-alpine changed: "));
    EXPECT_THAT(made.text, AllOf(HasSubstr("The base image ruby:3.3-alpine changed.\n"),
                                 HasSubstr("was         " + digest_of('a') + "\n"),
                                 HasSubstr("now         " + digest_of('b') + "\n"),
                                 HasSubstr("  - registry.example.com/shop/api:latest (team-shop)\n"),
                                 HasSubstr("Event evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC\n")));
    EXPECT_EQ(made.mail.host, "mail.example.com");
    EXPECT_EQ(made.mail.port, 2525);
    EXPECT_EQ(made.mail.security, net::MailSecurity::starttls);
    EXPECT_EQ(made.mail.addresses, net::AddressRule::no_metadata);
    EXPECT_EQ(made.mail.username, "basewatch");
    EXPECT_EQ(made.message_id, "<dlv_1@example.com>");
    EXPECT_THAT(made.mail.message, HasSubstr("\r\nMessage-ID: <dlv_1@example.com>\r\n"));
}

TEST_F(SmtpTest, ARebuildSaysWhyAndUntilWhen) {
    auto made = draft(rebuild_event());
    EXPECT_THAT(made.subject, StartsWith("Rebuild of registry.example.com/shop/api:latest requested: "));
    EXPECT_THAT(made.text, AllOf(HasSubstr("reason      "), HasSubstr("base        ruby:3.3-alpine\n")));
}

TEST_F(SmtpTest, EveryOtherEventIsReadable) {
    auto unreachable = draft(sample_event(
        "base.unreachable",
        {{"base", sample_base()}, {"since", "2026-11-23T11:00:00Z"}, {"error", "refused"}, {"kind", "tls"}}));
    EXPECT_EQ(unreachable.subject, "ruby:3.3-alpine cannot be checked");
    EXPECT_THAT(unreachable.text, HasSubstr("since       2026-11-23T11:00:00Z\nerror       refused\n"));
    auto disabled = draft(sample_event(
        "target.disabled",
        {{"target", "slack"}, {"since", "2026-11-20T11:00:00Z"}, {"reason", "410 Gone"}, {"waiting", 7}}));
    EXPECT_EQ(disabled.subject, "Target slack is disabled");
    EXPECT_THAT(disabled.text, AllOf(HasSubstr("reason      410 Gone\n"), HasSubstr("waiting     7\n")));
    auto other = draft(sample_event("rebuild.verified", {{"note", "all is well"}}));
    EXPECT_THAT(other.subject, StartsWith("rebuild.verified: "));
    EXPECT_THAT(other.text, HasSubstr("note: all is well\n"));
    auto test = changed_event();
    test["type"] = "dev.basewatch.test";
    EXPECT_THAT(draft(test).subject, StartsWith("Test: ruby:3.3-alpine changed"));
    EXPECT_THAT(draft(test).text, StartsWith("This is a test. Nothing has changed.\n"));
}

TEST_F(SmtpTest, WhatComesFromOutsideStaysInItsLine) {
    auto event = changed_event();
    event["data"]["base"]["reference"] = "evil\r\nBcc: everybody@example.com";
    auto made = draft(event);
    EXPECT_THAT(made.subject, StartsWith("evil  Bcc: everybody@example.com changed"));
    EXPECT_THAT(made.mail.message, Not(HasSubstr("\r\nBcc")));
}

TEST_F(SmtpTest, AProgramOfTheUserGivesSubjectAndText) {
    auto settings = mail_target();
    settings.fields.body = "{subject: .type, text: \"x\"}";
    auto made = draft_for(settings, changed_event());
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->subject, "dev.basewatch.base.changed");
    for (const char* body : {"\"text\"", "{subject: \"\", text: \"x\"}", "{subject: \"a\"}",
                             "{subject: \"a\\nb\", text: \"\"}", "{subject: 1, text: 2}"}) {
        settings.fields.body = body;
        auto wrong = draft_for(settings, changed_event());
        ASSERT_FALSE(wrong) << body;
        EXPECT_EQ(wrong.error().kind(), ErrorKind::invalid) << body;
    }
}

TEST_F(SmtpTest, IsDescribedWithoutItsPassword) {
    auto text = describe(draft(changed_event()));
    EXPECT_THAT(text, StartsWith("mail by mail.example.com:2525 with STARTTLS, as basewatch\n"
                                 "From: basewatch@example.com\n"
                                 "To: platform@example.com, security@example.com\n"
                                 "Subject: ruby:3.3-alpine changed"));
    EXPECT_THAT(text, Not(HasSubstr("pass-word")));
}

TEST_F(SmtpTest, ServersAreReadAsTheyAreWritten) {
    auto settings = mail_target();
    settings.fields.url = Secret("smtps://mail.example.com");
    auto made = draft_for(settings, changed_event());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->mail.port, 465);
    EXPECT_EQ(made->mail.security, net::MailSecurity::implicit_tls);
    settings.fields.url = Secret("smtp://[::1]:25");
    settings.server.plain = true;
    made = draft_for(settings, changed_event());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->mail.host, "::1");
    EXPECT_EQ(made->mail.port, 25);
    EXPECT_EQ(made->mail.security, net::MailSecurity::plain);
}

}  // namespace
}  // namespace basewatch::presets
