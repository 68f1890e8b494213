// Secrets are struck out of texts: those of the settings for good, lent ones while they are among the latest.
#include "foundation/secret.hpp"

#include "foundation/bytes.hpp"

#include <gtest/gtest.h>

namespace basewatch {
namespace {

TEST(Secret, IsStruckOutInEverySpelling) {
    Secret secret("s3cret with space/+");
    for (const auto& text : {secret.reveal(), percent_encode(secret.reveal()), form_encode(secret.reveal()),
                             base64(secret.reveal())})
        EXPECT_EQ(redact("a " + text + " b"), "a [redacted] b");
    auto lent = Secret::passing("lent with space/+");
    EXPECT_EQ(lent.reveal(), "lent with space/+");
    for (const auto& text : {lent.reveal(), percent_encode(lent.reveal()), base64(lent.reveal())})
        EXPECT_EQ(redact("a " + text + " b"), "a [redacted] b");
}

TEST(Secret, OneThatEndsByItselfIsForgottenAfterManyOthersAndALastingOneNever) {
    auto number = [](int i) { return "lent-token-" + std::to_string(1000 + i) + "-end"; };
    Secret lasting(number(0));
    for (int i = 0; i < 1000; ++i) Secret::passing(number(i));
    EXPECT_EQ(redact(number(0)), "[redacted]") << "it is lasting as well";
    EXPECT_EQ(redact(number(1)), number(1));
    EXPECT_EQ(redact(number(999)), "[redacted]");
    EXPECT_EQ(redact(number(500)), "[redacted]");
    for (int i = 0; i < 10; ++i) Secret::passing(number(999));
    EXPECT_EQ(redact(number(500)), "[redacted]") << "the same one again pushes nobody out";
}

}  // namespace
}  // namespace basewatch
