// Mail to a real socket: what is said in which order, what is never said in the clear, and every way in which
// it can fail.

#include "net/mail_sender.hpp"

#include "foundation/task_group.hpp"
#include "support/fake_mail_server.hpp"
#include "support/manual_clock.hpp"
#include "support/run_async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

using test::FakeMailServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

struct FixedResolver final : Resolver {
    Async<Result<std::vector<std::string>>> resolve(std::string host, Monotonic) override {
        asked.push_back(std::move(host));
        co_return addresses;
    }
    std::vector<std::string> addresses{"127.0.0.1"};
    std::vector<std::string> asked;
};

struct MailSenderTest : testing::Test {
    asio::io_context loop{1};
    test::ManualClock clock{loop};
    FixedResolver resolver;
    MailSender sender{loop.get_executor(), clock, resolver};
    test::CertificateAuthority authority;

    Mail mail_to(const FakeMailServer& server, MailSecurity security) {
        Mail mail;
        mail.host = "localhost";
        mail.port = static_cast<std::uint16_t>(server.port());
        mail.security = security;
        mail.ca_file = authority.file();
        mail.from = "basewatch@example.com";
        mail.to = {"platform@example.com", "security@example.com"};
        mail.message = "Subject: x\r\n\r\nfirst\r\n.\r\n..second\r\n";
        return mail;
    }
    Result<MailReply> send(Mail mail) { return test::run_async(loop, sender.send(std::move(mail)), 60s); }
    Error fault(Mail mail) {
        auto reply = send(std::move(mail));
        EXPECT_FALSE(reply) << reply->code << " " << reply->text;
        return reply ? Error() : reply.error();
    }
};

TEST_F(MailSenderTest, SendsByStarttls) {
    FakeMailServer server(loop, FakeMailServer::Tls::starttls, authority.sign());
    auto mail = mail_to(server, MailSecurity::starttls);
    mail.username = "basewatch";
    mail.password = "hunter2-hunter2";
    auto reply = send(mail);
    ASSERT_TRUE(reply) << reply.error().message();
    EXPECT_EQ(reply->code, 250);
    EXPECT_THAT(reply->text, StartsWith("250 2.0.0 Ok: queued as 4F1"));
    ASSERT_THAT(server.mails, SizeIs(1));
    const auto& got = server.mails[0];
    EXPECT_TRUE(got.encrypted);
    EXPECT_THAT(got.from, StartsWith("<basewatch@example.com>"));
    EXPECT_THAT(got.to, ElementsAre("<platform@example.com>", "<security@example.com>"));
    EXPECT_EQ(got.message, mail.message) << "dots are the text's own";
    EXPECT_EQ(got.user, " basewatch hunter2-hunter2");
    EXPECT_THAT(resolver.asked, ElementsAre("localhost"));
}

TEST_F(MailSenderTest, SendsByImplicitTlsAndInTheClear) {
    FakeMailServer server(loop, FakeMailServer::Tls::implicit, authority.sign());
    EXPECT_TRUE(send(mail_to(server, MailSecurity::implicit_tls)));
    ASSERT_THAT(server.mails, SizeIs(1));
    EXPECT_TRUE(server.mails[0].encrypted);
    FakeMailServer plain(loop, FakeMailServer::Tls::none);
    EXPECT_TRUE(send(mail_to(plain, MailSecurity::plain)));
    ASSERT_THAT(plain.mails, SizeIs(1));
    EXPECT_FALSE(plain.mails[0].encrypted);
}

TEST_F(MailSenderTest, WithoutStarttlsNothingIsSaid) {
    FakeMailServer server(loop, FakeMailServer::Tls::none);
    auto mail = mail_to(server, MailSecurity::starttls);
    mail.username = "basewatch";
    mail.password = "hunter2-hunter2";
    EXPECT_EQ(fault(mail).kind(), ErrorKind::unsupported);
    for (const auto& command : server.commands)
        EXPECT_THAT(command, testing::AnyOf(StartsWith("EHLO"), StartsWith("HELO"), "QUIT"));
}

TEST_F(MailSenderTest, ACertificateOfAnotherIsRefused) {
    test::CertificateWishes wishes;
    wishes.names = {"other.example.com"};
    wishes.addresses = {};
    FakeMailServer named(loop, FakeMailServer::Tls::starttls, authority.sign(wishes));
    EXPECT_EQ(fault(mail_to(named, MailSecurity::starttls)).kind(), ErrorKind::tls);
    test::CertificateAuthority stranger;
    FakeMailServer signed_by_stranger(loop, FakeMailServer::Tls::starttls, stranger.sign());
    EXPECT_EQ(fault(mail_to(signed_by_stranger, MailSecurity::starttls)).kind(), ErrorKind::tls);
    EXPECT_THAT(named.mails, IsEmpty());
    EXPECT_THAT(signed_by_stranger.mails, IsEmpty());
}

TEST_F(MailSenderTest, ARefusalIsAReplyWithItsWords) {
    const std::pair<const char*, const char*> rows[] = {
        {"greeting", "421 4.3.2 not now"},    {"greeting", "554 5.3.2 go away"},
        {"AUTH", "535 5.7.8 wrong password"}, {"AUTH", "454 4.7.0 try later"},
        {"MAIL", "451 4.3.0 local error"},    {"MAIL", "550 5.7.1 not you"},
        {"RCPT", "450 4.2.1 mailbox busy"},   {"RCPT", "550 5.1.1 no such user"},
        {"DATA", "452 4.3.1 no room"},        {"DATA", "554 5.5.1 no"},
        {".", "451 4.7.1 greylisted"},        {".", "554 5.7.1 spam"},
    };
    for (const auto& [command, said] : rows) {
        SCOPED_TRACE(std::string(command) + " " + said);
        FakeMailServer server(loop, FakeMailServer::Tls::starttls, authority.sign());
        server.replies[command] = said;
        auto mail = mail_to(server, MailSecurity::starttls);
        mail.username = "basewatch";
        mail.password = "hunter2-hunter2";
        auto reply = send(mail);
        ASSERT_TRUE(reply) << reply.error().message();
        EXPECT_EQ(std::to_string(reply->code), std::string(said).substr(0, 3));
        EXPECT_THAT(reply->text, HasSubstr(said));
        EXPECT_THAT(server.mails, IsEmpty());
    }
}

TEST_F(MailSenderTest, OneThatHangsEndsAtItsTime) {
    FakeMailServer server(loop, FakeMailServer::Tls::starttls, authority.sign());
    server.replies["MAIL"] = "hang";
    auto mail = mail_to(server, MailSecurity::starttls);
    mail.timeout = 7s;
    TaskGroup tasks(loop.get_executor());
    std::optional<Error> error;
    tasks.start("mail", [](MailSender& sender, Mail mail, std::optional<Error>& error) -> Async<void> {
        auto reply = co_await sender.send(std::move(mail));
        if (!reply) error = reply.error();
    }(sender, mail, error));
    auto hangs = [&] {
        for (const auto& command : server.commands)
            if (command.starts_with("MAIL")) return true;
        return false;
    };
    auto until = std::chrono::steady_clock::now() + 30s;
    while (!hangs() && std::chrono::steady_clock::now() < until) {
        loop.restart();
        loop.run_one_for(20ms);
    }
    ASSERT_TRUE(hangs());
    EXPECT_EQ(clock.next(), clock.monotonic() + 7s);
    clock.advance(7s);
    test::run_async(loop, tasks.wait(), 30s);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::timed_out);
    EXPECT_THAT(error->message(), HasSubstr("7000 ms"));
}

TEST_F(MailSenderTest, AStopEndsItSoon) {
    FakeMailServer server(loop, FakeMailServer::Tls::none);
    server.replies["greeting"] = "hang";
    TaskGroup tasks(loop.get_executor());
    std::optional<Error> error;
    tasks.start("mail", [](MailSender& sender, Mail mail, std::optional<Error>& error) -> Async<void> {
        auto reply = co_await sender.send(std::move(mail));
        if (!reply) error = reply.error();
    }(sender, mail_to(server, MailSecurity::plain), error));
    auto until = std::chrono::steady_clock::now() + 30s;
    while (server.connections == 0 && std::chrono::steady_clock::now() < until) {
        loop.restart();
        loop.run_one_for(20ms);
    }
    tasks.cancel();
    test::run_async(loop, tasks.wait(), 30s);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::cancelled);
    EXPECT_EQ(clock.waiting(), 0u);
}

TEST_F(MailSenderTest, OneThatHangsUpIsUnreachable) {
    FakeMailServer server(loop, FakeMailServer::Tls::none);
    server.replies["."] = "close";
    auto error = fault(mail_to(server, MailSecurity::plain));
    EXPECT_EQ(error.kind(), ErrorKind::unreachable) << error.message();
}

TEST_F(MailSenderTest, GuardedAddressesAreNotConnectedTo) {
    FakeMailServer server(loop, FakeMailServer::Tls::none);
    auto mail = mail_to(server, MailSecurity::plain);
    mail.addresses = AddressRule::no_metadata;
    for (const char* address : {"169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"}) {
        resolver.addresses = {address};
        EXPECT_EQ(fault(mail).kind(), ErrorKind::blocked) << address;
    }
    resolver.addresses = {"169.254.169.254", "127.0.0.1"};
    EXPECT_TRUE(send(mail)) << "the address that is allowed is taken";
    mail.addresses = AddressRule::public_only;
    mail.host = "127.0.0.1";
    resolver.addresses = {"127.0.0.1"};
    EXPECT_EQ(fault(mail).kind(), ErrorKind::blocked) << "an address that is written as such, too";
    EXPECT_EQ(server.connections, 1);
}

}  // namespace
}  // namespace basewatch::net
