#include "model/platform.hpp"

#include "model/digest.hpp"

namespace basewatch::model {
namespace {

TEST(Platform, IsNormalisedAsContainerdDoesIt) {
    const std::pair<const char*, const char*> cases[] = {
        {"linux/amd64", "linux/amd64"},
        {"Linux/x86_64", "linux/amd64"},
        {"linux/amd64/v1", "linux/amd64"},
        {"linux/arm64/v8", "linux/arm64"},
        {"linux/aarch64", "linux/arm64"},
        {"linux/arm", "linux/arm/v7"},
        {"linux/armel", "linux/arm/v6"},
        {"linux/arm/v6", "linux/arm/v6"},
        {"linux/amd64/v3", "linux/amd64/v3"},
        {"linux/i386", "linux/386"},
        {"windows/amd64:10.0.20348.2700", "windows/amd64:10.0.20348.2700"},
    };
    for (auto [text, expected] : cases) EXPECT_EQ(Platform::parse(text)->text(), expected) << text;
    for (const char* wrong :
         {"", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/am d64", "linux/amd64:"})
        EXPECT_FALSE(Platform::parse(wrong).has_value()) << wrong;
}

TEST(Platform, WithoutOsVersionCoversEveryOne) {
    auto any = *Platform::parse("windows/amd64");
    auto one = *Platform::parse("windows/amd64:10.0.1");
    EXPECT_TRUE(any.covers(one));
    EXPECT_TRUE(one.covers(one));
    EXPECT_FALSE(one.covers(any));
    EXPECT_FALSE(any.covers(*Platform::parse("linux/amd64")));
}

TEST(Digest, IsStrictAndProvable) {
    auto digest = Digest::of("hello");
    EXPECT_EQ(digest.text(), "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    EXPECT_TRUE(digest.matches("hello"));
    EXPECT_FALSE(digest.matches("hello "));
    EXPECT_EQ(digest.short_text(), "sha256:2cf24dba5fb0");
    EXPECT_TRUE(Digest::parse("sha512:" + std::string(128, 'a')).has_value());
    for (const std::string& wrong :
         {std::string("sha256:" + std::string(63, 'a')), std::string("sha256:" + std::string(64, 'A')),
          std::string("md5:" + std::string(32, 'a')), std::string("sha256"), std::string()})
        EXPECT_FALSE(Digest::parse(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace basewatch::model
