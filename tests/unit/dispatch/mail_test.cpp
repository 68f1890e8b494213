// Mails through the dispatcher, to a mail server of the test's: taken, put off, refused, and the same
// Message-ID at every attempt.

#include "support/fake_mail_server.hpp"
#include "support/manual_clock.hpp"
#include "unit/dispatch/house.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

struct MailTest : testing::Test {
    asio::io_context loop{1};
    ManualClock clock{loop};
    AnsweringTransport transport{loop, clock};
    FakeMailServer server{loop, FakeMailServer::Tls::none};
    House house{loop, clock, transport};

    presets::Target mail_target(const std::string& host = "127.0.0.1") {
        settings::TargetSettings target;
        target.name = "mail";
        target.preset = "smtp";
        target.fields.url = Secret("smtp://" + host + ":" + std::to_string(server.port()));
        target.server.plain = true;
        target.mail.from = "basewatch@example.com";
        target.mail.to = {"platform@example.com"};
        return must(presets::merge(target));
    }
    std::string tried(presets::Target target) {
        house.use({std::move(target)});
        house.start();
        auto id = house.give("mail");
        EXPECT_TRUE(house.until([&] { return house.delivery(id).attempts > 0; }));
        return id;
    }
};

TEST_F(MailTest, IsDeliveredWhenItIsTaken) {
    auto id = tried(mail_target());
    EXPECT_EQ(house.state(id), DeliveryState::delivered);
    ASSERT_THAT(server.mails, SizeIs(1));
    EXPECT_THAT(server.mails[0].message, HasSubstr("Message-ID: <" + id + "@example.com>\r\n"));
    auto attempt = house.attempts(id).at(0);
    EXPECT_EQ(attempt.reason, "delivered");
    EXPECT_THAT(attempt.answer, HasSubstr("250 2.0.0 Ok: queued as 4F1"));
    EXPECT_THAT(transport.sent, IsEmpty());
}

TEST_F(MailTest, WhatIsPutOffComesAgainUnderTheSameId) {
    server.replies["RCPT"] = "451 4.7.1 greylisted";
    auto id = tried(mail_target());
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    auto attempt = house.attempts(id).at(0);
    EXPECT_EQ(attempt.reason, "4xx");
    EXPECT_THAT(attempt.detail, HasSubstr("does not take it now; it said: 451 4.7.1 greylisted"));
    server.replies.clear();
    clock.advance(house.delivery(id).due_at - clock.now());
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered));
    EXPECT_THAT(server.mails.at(0).message, HasSubstr("Message-ID: <" + id + "@example.com>\r\n"));
}

TEST_F(MailTest, WhatIsRefusedIsDeadWithTheReason) {
    server.replies["RCPT"] = "550 5.1.1 no such user";
    auto id = tried(mail_target());
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    auto attempt = house.attempts(id).at(0);
    EXPECT_EQ(attempt.reason, "5xx");
    EXPECT_THAT(attempt.detail, HasSubstr("refused it; it said: 550 5.1.1 no such user"));
}

TEST_F(MailTest, AMetadataAddressIsGivenUpAtOnce) {
    auto id = tried(mail_target("169.254.169.254"));
    EXPECT_EQ(house.state(id), DeliveryState::dead);
    EXPECT_EQ(house.attempts(id).at(0).reason, "blocked address");
}

TEST_F(MailTest, NoStarttlsIsTriedAgain) {
    auto target = mail_target();
    target.server.plain = false;
    auto id = tried(target);
    EXPECT_EQ(house.state(id), DeliveryState::waiting);
    EXPECT_THAT(server.mails, IsEmpty());
}

}  // namespace
}  // namespace basewatch::test
