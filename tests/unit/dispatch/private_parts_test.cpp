// Receivers repeat what they were sent; what was private in it must not come back through their answers.

#include "dispatch/private_parts.hpp"

#include "foundation/secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::dispatch {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PrivateParts, StrikesTheAddressAndWhatInItLooksLikeAToken) {
    PrivateParts parts;
    parts.add_address(
        *net::Url::parse("https://user:pass-word@hooks.example.com/services/T024BE7LD/"
                         "xoxbAbCdEfGhIjKlMn?sig=Ab%2Fcdef&run=1"));
    EXPECT_EQ(parts.strike("Cannot POST /services/T024BE7LD/xoxbAbCdEfGhIjKlMn?sig=Ab%2Fcdef&run=1"),
              "Cannot POST [redacted]");
    EXPECT_EQ(parts.strike("no route /services/T024BE7LD/xoxbAbCdEfGhIjKlMn"), "no route [redacted]");
    EXPECT_EQ(parts.strike(R"({"path":"\/services\/T024BE7LD\/xoxbAbCdEfGhIjKlMn"})"),
              R"({"path":"[redacted]"})");
    EXPECT_EQ(parts.strike("bad sig Ab/cdef or Ab%2Fcdef"), "bad sig [redacted] or [redacted]");
    EXPECT_EQ(parts.strike("who is user:pass-word"), "who is [redacted]");
    EXPECT_EQ(parts.strike("our services run"), "our services run") << "plain words stay";
}

TEST(PrivateParts, StrikesHeadersAndTheTokensInThem) {
    PrivateParts parts;
    parts.add_headers(
        {{"Authorization", "Bearer abcdefgh"}, {"X-Key", "key-of-mine"}, {"Accept", "text/plain"}});
    EXPECT_EQ(parts.strike("abcdefgh key-of-mine text/plain"), "[redacted] [redacted] text/plain");
}

TEST(PrivateParts, StrikesRegisteredSecretsToo) {
    Secret secret("registered-elsewhere"), awkward(R"(a"b\c/d e)");
    EXPECT_EQ(PrivateParts().strike("a registered-elsewhere b"), "a [redacted] b");
    EXPECT_EQ(PrivateParts().strike(R"({"one": "a\"b\\c/d e", "two": "a\"b\\c\/d e"})"),
              R"({"one": "[redacted]", "two": "[redacted]"})");
}

TEST(Printable, IsFitForATerminalAndForJson) {
    EXPECT_EQ(printable("plain", 100), "plain");
    EXPECT_EQ(printable("a\r\nb\x1b[31m\x7f", 100), "a  b [31m ");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m",
                        100),
              " 31m")
        << "an eight-bit escape";
    EXPECT_EQ(printable("Grüße \xf0\x9f\x90\x8b", 100), "Grüße \xf0\x9f\x90\x8b");
    for (const char* broken : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"})
        EXPECT_THAT(printable(broken, 100), HasSubstr("\xef\xbf\xbd")) << broken;
    EXPECT_EQ(printable(std::string(5000, 'x'), 2048).size(), 2048u);
    EXPECT_EQ(printable("ab\xc3\xa4", 3), "ab") << "cut between characters";
}

}  // namespace
}  // namespace basewatch::dispatch
