#include "foundation/bytes.hpp"

#include "foundation/ulid.hpp"

namespace basewatch {
namespace {

TEST(Base64, FollowsRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (auto [plain, coded] : vectors) {
        EXPECT_EQ(base64(plain), coded);
        EXPECT_EQ(unbase64(coded), plain);
    }
    EXPECT_EQ(unbase64("Zm8"), "fo") << "padding may be missing";
    EXPECT_EQ(unbase64("-_8"), unbase64("+/8"));
    for (const char* wrong : {"Zg=", "Z", "Zg==Zg==", "Zm 9v", "Zm9v\n"})
        EXPECT_EQ(unbase64(wrong), std::nullopt) << wrong;
}

TEST(Percent, LeavesUnreservedAlone) {
    EXPECT_EQ(percent_encode("shop/api ü~"), "shop%2Fapi%20%C3%BC~");
    EXPECT_EQ(percent_decode("shop%2fapi%20"), "shop/api ");
    EXPECT_EQ(percent_decode("%2"), std::nullopt);
    EXPECT_EQ(form_encode("a b&c~*"), "a+b%26c%7E*");
}

TEST(Hash, KnownVectors) {
    EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
              "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

TEST(Ed25519, Rfc8032FirstVector) {
    std::string seed = *unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    std::string key = *ed25519_public_key(seed);
    EXPECT_EQ(hex(key), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    std::string signature = *ed25519_sign(seed, "");
    EXPECT_EQ(hex(signature).substr(0, 16), "e5564300c360ac72");
    EXPECT_TRUE(ed25519_verify(key, "", signature));
    EXPECT_FALSE(ed25519_verify(key, "x", signature));
}

TEST(Ulid, GrowsAndNeverRepeats) {
    UlidSource ids;
    std::string last;
    for (int i = 0; i < 1000; ++i) {
        // Time stands still, then is set back: order holds.
        std::string id = ids.next("evt_", Time(Milliseconds(1'795'455'600'000 - (i > 500 ? 10'000 : 0))));
        EXPECT_EQ(id.size(), 30u);
        EXPECT_LT(last, id);
        last = id;
    }
}

}  // namespace
}  // namespace basewatch
