// Signatures: the vectors of the Standard Webhooks libraries and of GitHub's documentation, bit for bit, and
// what a receiver must refuse.

#include "dispatch/signature.hpp"

#include "foundation/bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::dispatch {
namespace {

using settings::SignatureStyle;
using testing::HasSubstr;

constexpr const char* hmac_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* ed25519_secret =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
constexpr const char* id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t at = 1614265330;
constexpr const char* body = R"({"test": 2432232314})";
constexpr const char* hmac_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr const char* ed25519_signature =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

std::vector<Secret> secrets(std::initializer_list<const char*> texts) {
    std::vector<Secret> all;
    for (const char* text : texts) all.emplace_back(text);
    return all;
}

// What sign() writes into `header`; the error's words where it refuses.
std::string signed_as(SignatureStyle style, std::initializer_list<const char*> texts,
                      const char* header = "webhook-signature") {
    net::Headers headers;
    auto done = sign(headers, id, at, body, style, secrets(texts));
    if (!done) return done.error().message();
    return std::string(headers.find(header).value_or("(none)"));
}

TEST(Signature, AgreesWithThePublishedVectors) {
    EXPECT_EQ(signed_as(SignatureStyle::standard, {hmac_secret}), hmac_signature);
    EXPECT_EQ(signed_as(SignatureStyle::standard, {ed25519_secret}), ed25519_signature);

    std::string event = R"({"type":"baseimage.updated","timestamp":"2026-11-23T17:40:00Z","data":{"image":)"
                        R"("docker.io/library/debian","tag":"bookworm-slim","old_digest":"sha256:)" +
                        std::string(64, 'a') + R"(","new_digest":"sha256:)" + std::string(64, 'b') + R"("}})";
    ASSERT_EQ(event.size(), 303u);
    net::Headers headers;
    ASSERT_TRUE(sign(headers, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", 1763919600, event, SignatureStyle::standard,
                     secrets({hmac_secret})));
    EXPECT_EQ(headers.find("webhook-signature"), "v1,Yu+y5j1tYyWF8zEE9tbkuVjpXjhLLIm6vtFnYonuCPs=");

    net::Headers github;
    ASSERT_TRUE(sign(github, id, at, "Hello, World!", SignatureStyle::github,
                     secrets({"It's a Secret to Everybody"})));
    EXPECT_EQ(github.find("X-Hub-Signature-256"),
              "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    EXPECT_FALSE(github.find("webhook-signature"));
}

// Azure DevOps checks a bare HMAC-SHA1 in a header that the connection names. The vector is RFC 2202's.
TEST(Signature, OfAzureIsBareHexInTheHeaderOfTheConnection) {
    net::Headers headers;
    ASSERT_TRUE(sign(headers, id, at, "what do ya want for nothing?", SignatureStyle::azure,
                     secrets({"Jefe", "the one before"})));
    EXPECT_EQ(headers.find("X-Hub-Signature"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_FALSE(headers.find("webhook-signature"));
    ASSERT_TRUE(sign(headers, id, at, "{}", SignatureStyle::azure, secrets({"Jefe"}), "X-Webhook-Checksum"));
    EXPECT_TRUE(headers.find("X-Webhook-Checksum"));
}

TEST(Signature, WritesIdAndTimestampWhateverTheStyle) {
    for (auto style :
         {SignatureStyle::none, SignatureStyle::standard, SignatureStyle::github, SignatureStyle::azure}) {
        net::Headers headers{{"Webhook-Id", "somebody else's"}, {"webhook-signature", "v1,forged"}};
        ASSERT_TRUE(sign(headers, id, at, body, style, {}));
        EXPECT_EQ(headers.all("webhook-id"), std::vector<std::string_view>{id});
        EXPECT_EQ(headers.find("webhook-timestamp"), "1614265330");
        EXPECT_FALSE(headers.find("webhook-signature")) << "nothing is signed without a secret";
    }
}

TEST(Signature, SignsWithEverySecretInTheirOrder) {
    EXPECT_EQ(signed_as(SignatureStyle::standard, {hmac_secret, ed25519_secret}),
              std::string(hmac_signature) + " " + ed25519_signature);
    // A GitHub-style verifier reads one signature: the current secret's.
    EXPECT_EQ(signed_as(SignatureStyle::github, {"first secret", "second secret"}, "X-Hub-Signature-256"),
              "sha256=" + hex(hmac_sha256("first secret", body)));
}

TEST(Signature, ReadsSecretsAsTheirPrefixSays) {
    // Padding may be missing, as in the libraries; the seed alone is the whole key.
    EXPECT_EQ(signed_as(SignatureStyle::standard, {"whsec_YWJjZA"}),
              signed_as(SignatureStyle::standard, {"whsec_YWJjZA=="}));
    EXPECT_EQ(signed_as(SignatureStyle::standard, {"whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc="}),
              ed25519_signature);
    // Without a prefix the bytes are the key, even where they could be read as base64.
    std::string text = std::string(id) + "." + std::to_string(at) + "." + body;
    EXPECT_EQ(signed_as(SignatureStyle::standard, {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}),
              "v1," + base64(hmac_sha256("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", text)));
    EXPECT_EQ(signed_as(SignatureStyle::github, {hmac_secret}, "X-Hub-Signature-256"),
              "sha256=" + hex(hmac_sha256(hmac_secret, body)));
}

TEST(Signature, RefusesSecretsThatAreNoKeys) {
    struct Row {
        const char* secret;
        const char* says;
    };
    for (const Row& row : {
             Row{"whsec_", "whsec_"},
             Row{"whsec_not base64!", "whsec_"},
             Row{"whsk_AAAA", "32"},
             Row{"whsk_6Xb/dCcHpPea21PS1N9VY/"
                 "NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6KvA==",
                 "do not belong together"},
             Row{"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "verify and not sign"},
             Row{"", "empty"},
         }) {
        EXPECT_THAT(signed_as(SignatureStyle::standard, {row.secret}), HasSubstr(row.says)) << row.secret;
    }
    net::Headers headers;
    EXPECT_FALSE(sign(headers, "with.stop", at, body, SignatureStyle::standard, secrets({hmac_secret})));
}

net::Headers request(std::string signature, std::string timestamp = std::to_string(at)) {
    return {{"Webhook-Id", id}, {"Webhook-Timestamp", timestamp}, {"Webhook-Signature", signature}};
}

TEST(Verification, AcceptsWhatTheVectorsSay) {
    EXPECT_TRUE(verify(request(hmac_signature), body, at, secrets({hmac_secret})));
    EXPECT_TRUE(verify(request(ed25519_signature), body, at, secrets({ed25519_secret})));
    EXPECT_TRUE(verify(request(ed25519_signature), body, at,
                       secrets({"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="})));
    net::Headers github{
        {"x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}};
    EXPECT_TRUE(verify(github, "Hello, World!", at, secrets({"It's a Secret to Everybody"})));
    EXPECT_FALSE(verify(github, "Hello, World?", at, secrets({"It's a Secret to Everybody"})));
}

TEST(Verification, AcceptsEverythingThatSignWrites) {
    for (auto style : {SignatureStyle::standard, SignatureStyle::github}) {
        for (const char* secret :
             {hmac_secret, ed25519_secret, "a plain secret", "QUJDREVGR0hJSktMTU5PUA=="}) {
            net::Headers headers;
            ASSERT_TRUE(sign(headers, "dlv_01", at, body, style, secrets({secret})));
            EXPECT_TRUE(verify(headers, body, at, secrets({secret}))) << secret;
            EXPECT_FALSE(verify(headers, body, at, secrets({"another secret"}))) << secret;
        }
    }
}

TEST(Verification, LooksForOneSignatureOfOneSecretThatFits) {
    auto other = std::string("v1,") + base64(std::string(32, 'x'));
    auto both = other + " v2,unknown nonsense " + hmac_signature;
    EXPECT_TRUE(verify(request(both), body, at, secrets({hmac_secret}))) << "during a change of keys";
    EXPECT_TRUE(verify(request(hmac_signature), body, at, secrets({"a new one", hmac_secret})));
    EXPECT_FALSE(verify(request(other), body, at, secrets({hmac_secret})));
}

TEST(Verification, SaysWhatIsWrong) {
    struct Row {
        const char* name;
        net::Headers headers;
        std::int64_t now;
        ErrorKind kind;
        const char* says;
    };
    auto without = [](const char* name) {
        auto headers = request(hmac_signature);
        headers.remove(name);
        return headers;
    };
    auto twice = request(hmac_signature);
    twice.add("webhook-id", "another");
    std::string half(hmac_signature, 20);
    const Row rows[] = {
        {"no id", without("webhook-id"), at, ErrorKind::invalid, "webhook-id is missing"},
        {"no timestamp", without("webhook-timestamp"), at, ErrorKind::invalid,
         "webhook-timestamp is missing"},
        {"no signature", without("webhook-signature"), at, ErrorKind::invalid,
         "webhook-signature is missing"},
        {"two ids", twice, at, ErrorKind::invalid, "stands twice"},
        {"words for a time", request(hmac_signature, "yesterday"), at, ErrorKind::invalid, "no number"},
        {"a time with a tail", request(hmac_signature, "1614265330x"), at, ErrorKind::invalid, "no number"},
        {"a negative time", request(hmac_signature, "-5"), at, ErrorKind::invalid, "no number"},
        {"a time past all numbers", request(hmac_signature, "9223372036854775807"), at,
         ErrorKind::unauthorized, "in the future"},
        {"old", request(hmac_signature), at + 301, ErrorKind::unauthorized, "minutes old"},
        {"early", request(hmac_signature), at - 301, ErrorKind::unauthorized, "in the future"},
        {"half a signature", request(half), at, ErrorKind::unauthorized, "no signature"},
        {"no version", request("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), at, ErrorKind::unauthorized,
         "no signature"},
        {"the wrong version", request("v1a," + std::string(hmac_signature).substr(3)), at,
         ErrorKind::unauthorized, "no signature"},
        {"only commas", request(",,,, ,"), at, ErrorKind::unauthorized, "no signature"},
    };
    for (const Row& row : rows) {
        auto done = verify(row.headers, body, row.now, secrets({hmac_secret}));
        ASSERT_FALSE(done) << row.name;
        EXPECT_EQ(done.error().kind(), row.kind) << row.name;
        EXPECT_THAT(done.error().message(), HasSubstr(row.says)) << row.name;
    }
    EXPECT_TRUE(verify(request(hmac_signature), body, at + 300, secrets({hmac_secret})));
    EXPECT_TRUE(verify(request(hmac_signature), body, at - 300, secrets({hmac_secret})));
    EXPECT_FALSE(verify(request(hmac_signature), body, at, {}));
    EXPECT_FALSE(verify(request(hmac_signature), body, at, secrets({"whsec_!"})));
    EXPECT_FALSE(verify(request(hmac_signature), std::string(body) + " ", at, secrets({hmac_secret})));
}

}  // namespace
}  // namespace basewatch::dispatch
