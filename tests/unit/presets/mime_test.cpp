// Mails as bytes: whatever is given, the header stays ours and no line is too long.

#include "presets/mime.hpp"

#include "foundation/bytes.hpp"
#include "foundation/time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace basewatch::presets {
namespace {

using testing::Le;
using testing::SizeIs;

MailText sample() {
    return {"basewatch@example.com",
            {"platform@example.com", "security@example.com"},
            "ruby:3.3 changed",
            "was a\nnow b\n",
            "dlv_01J9ZK3W8Q6T5V4R3N2M1P0ABC",
            "docker.io/library/ruby:3.3",
            *parse_rfc3339("2026-11-23T12:00:05Z")};
}

TEST(MailMessage, IsHeaderAndBody) {
    auto message = mail_message(sample());
    ASSERT_TRUE(message) << message.error().message();
    EXPECT_EQ(*message,
              "Date: Mon, 23 Nov 2026 12:00:05 +0000\r\n"
              "From: Basewatch <basewatch@example.com>\r\n"
              "To: platform@example.com,\r\n security@example.com\r\n"
              "Subject: ruby:3.3 changed\r\n"
              "Message-ID: <dlv_01J9ZK3W8Q6T5V4R3N2M1P0ABC@example.com>\r\n"
              "References: <" +
                  hex(sha256("docker.io/library/ruby:3.3")).substr(0, 32) +
                  "@example.com>\r\n"
                  "Auto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n"
                  "\r\n" +
                  base64("was a\r\nnow b\r\n") + "\r\n");
}

TEST(MailMessage, NothingBecomesAHeaderOfItsOwn) {
    for (const char* subject : {"a\r\nBcc: everybody@example.com", "a\nb", "a\rb", "tab\tbed", "a\x7f"}) {
        auto mail = sample();
        mail.subject = subject;
        auto message = mail_message(mail);
        ASSERT_FALSE(message) << subject;
        EXPECT_EQ(message.error().kind(), ErrorKind::invalid);
    }
    auto mail = sample();
    mail.text = "\r\n.\r\nMAIL FROM:<x@example.com>\r\n";
    auto message = mail_message(mail);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->find("MAIL FROM"), std::string::npos) << "the text is base64";
}

TEST(MailMessage, NoLineIsLongerThanMailAllows) {
    auto mail = sample();
    mail.text = std::string(5'000, 'x');
    for (int i = 0; i < 40; ++i) mail.subject += " ein längeres Wort";
    auto message = mail_message(mail);
    ASSERT_TRUE(message);
    std::istringstream lines(*message);
    for (std::string line; std::getline(lines, line);) EXPECT_THAT(line.size(), Le(79u)) << line;
}

// What a reader makes of encoded words: those that only folding parts are joined (RFC 2047 §6.2).
std::string decoded(std::string_view words) {
    std::string out;
    for (auto at = words.find("=?UTF-8?B?"); at != std::string_view::npos; at = words.find("=?UTF-8?B?")) {
        words.remove_prefix(at + 10);
        auto end = words.find("?=");
        EXPECT_THAT(end, Le(63u));
        out += unbase64(words.substr(0, end)).value_or("not base64");
    }
    return out;
}

TEST(EncodedSubject, IsItselfWhereItIsAscii) {
    EXPECT_EQ(encoded_subject("ruby:3.3 changed"), "ruby:3.3 changed");
    auto folded = encoded_subject(std::string(60, 'a') + " " + std::string(30, 'b'));
    EXPECT_EQ(folded, std::string(60, 'a') + "\r\n " + std::string(30, 'b'));
}

TEST(EncodedSubject, AnythingElseIsWordsOfWholeCharacters) {
    for (std::string subject : {"größer", "日本語のイメージが変わりました、そして長い件名は折り返されます",
                                "=?UTF-8?B?eA==?=", "🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳🐳"}) {
        auto words = encoded_subject(subject);
        EXPECT_EQ(decoded(words), subject);
        for (char c : words) EXPECT_TRUE(c == '\r' || c == '\n' || (c >= 0x20 && c < 0x7f));
    }
}

TEST(MailDate, IsOfRfc5322) {
    EXPECT_EQ(mail_date(*parse_rfc3339("2026-02-01T03:04:05.678Z")), "Sun, 01 Feb 2026 03:04:05 +0000");
    EXPECT_EQ(mail_date(*parse_rfc3339("2024-12-31T23:59:59Z")), "Tue, 31 Dec 2024 23:59:59 +0000");
}

}  // namespace
}  // namespace basewatch::presets
