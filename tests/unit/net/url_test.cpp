// Addresses: what is accepted, how it is split, and that relative references resolve as RFC 3986 §5.4 says.
#include "net/url.hpp"

#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

struct Accepted {
    const char* text;
    const char* origin;
    const char* host;
    int port;
    const char* target;
    const char* user_information;
};

TEST(Url, SplitsAddresses) {
    const Accepted rows[] = {
        {"http://example.com", "http://example.com", "example.com", 80, "/", ""},
        {"https://example.com", "https://example.com", "example.com", 443, "/", ""},
        {"HTTPS://EXAMPLE.com:443/A/b", "https://example.com", "example.com", 443, "/A/b", ""},
        {"http://example.com:443/", "http://example.com:443", "example.com", 443, "/", ""},
        {"http://example.com:/x", "http://example.com", "example.com", 80, "/x", ""},
        {"http://localhost:5000/v2/", "http://localhost:5000", "localhost", 5000, "/v2/", ""},
        {"http://127.0.0.1:80?q=1", "http://127.0.0.1", "127.0.0.1", 80, "/?q=1", ""},
        {"http://h/p?", "http://h", "h", 80, "/p?", ""},
        {"http://h/p?a=b&c=%20d#fragment", "http://h", "h", 80, "/p?a=b&c=%20d", ""},
        {"http://h/a%2Fb", "http://h", "h", 80, "/a%2Fb", ""},
        {"http://h/?variables[BASE]=x|y", "http://h", "h", 80, "/?variables[BASE]=x|y", ""},
        {"http://h/a:b@c;d=e,f", "http://h", "h", 80, "/a:b@c;d=e,f", ""},
        {"http://[::1]:5000/v2/", "http://[::1]:5000", "::1", 5000, "/v2/", ""},
        {"http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]", "2001:db8::1", 80, "/", ""},
        {"http://[::ffff:10.0.0.1]/", "http://[::ffff:10.0.0.1]", "::ffff:10.0.0.1", 80, "/", ""},
        {"https://user:pa%40ss@h/p", "https://h", "h", 443, "/p", "user:pa@ss"},
        {"https://user@h", "https://h", "h", 443, "/", "user"},
        {"http://my_host.a-b.example./", "http://my_host.a-b.example.", "my_host.a-b.example.", 80, "/", ""},
        {"http://1.example/", "http://1.example", "1.example", 80, "/", ""},
        {"http://h:65535/", "http://h:65535", "h", 65535, "/", ""},
    };
    for (const auto& row : rows) {
        auto url = Url::parse(row.text);
        ASSERT_TRUE(url) << row.text << ": " << url.error().message();
        EXPECT_EQ(url->origin(), row.origin) << row.text;
        EXPECT_EQ(url->host, row.host) << row.text;
        EXPECT_EQ(url->port, row.port) << row.text;
        EXPECT_EQ(url->target, row.target) << row.text;
        EXPECT_EQ(url->user_information, row.user_information) << row.text;
    }
}

TEST(Url, RefusesWhatIsNotAnAddress) {
    const std::string rows[] = {
        "",
        "example.com",
        "/path",
        "ftp://h/",
        "http:",
        "http:/h",
        "http:h",
        "http://",
        "http:///p",
        "http://:80/",
        "http://user@/",
        "https//h",
        "1http://h/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:-1/",
        "http://h:+1/",
        "http://h:80a/",
        "http://h:8 0/",
        "http://h h/",
        "http://h\t/",
        "http://h/a b",
        "http://h/\n",
        "http://h/a\r\nHost: x",
        "http://h/%",
        "http://h/%2",
        "http://h/%zz",
        "http://h/{name}",
        "http://h/\"",
        "http://h/<>",
        "http://h/\\",
        "http://h\\@evil/",
        "http://h/\x7f",
        "http://h/é",
        "http://ho%73t/",
        "http://a..b/",
        "http://.a/",
        "http://[::1/",
        "http://::1/",
        "http://[::1]x/",
        "http://[fe80::1%25eth0]/",
        "http://[v1.a]/",
        "http://[]/",
        "http://[127.0.0.1]/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://a@b@h/",
        "http://us er@h/",
        "http://h/#a b",
        "http://h/?a#b#c",
        std::string("http://h/\0x", 11),
        std::string("http://h\0x/", 11),
        "http://" + std::string(254, 'a') + "/",
        "http://h/" + std::string(9000, 'a'),
    };
    for (const auto& row : rows) {
        auto url = Url::parse(row);
        EXPECT_FALSE(url) << row << " became " << (url ? url->text() : "");
        if (!url) EXPECT_EQ(url.error().kind(), ErrorKind::invalid) << row;
    }
}

TEST(Url, ErrorsDoNotRepeatTheAddress) {
    auto url = Url::parse("https://user:geheim@hooks example.com/T000/geheim");
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().message().find("geheim"), std::string::npos);
}

TEST(Url, ShowsWhatIsFitToBeShown) {
    auto url = Url::parse("https://user:geheim@hooks.slack.com/services/T0/B0/geheim?x=geheim");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->redacted(), "https://hooks.slack.com/…");
    EXPECT_EQ(url->text(), "https://hooks.slack.com/services/T0/B0/geheim?x=geheim");
    EXPECT_EQ(url->authority(), "hooks.slack.com");
    EXPECT_EQ(Url::parse("http://[::1]:81/")->authority(), "[::1]:81");
    EXPECT_EQ(Url::parse("https://h:8443")->redacted(), "https://h:8443");
}

TEST(Url, ResolvesReferences) {
    // The examples of RFC 3986 §5.4.1 and §5.4.2, and what registries send.
    const std::pair<const char*, const char*> rows[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"https://auth.example.com/token?x=1", "https://auth.example.com/token?x=1"},
        {"https://h:444/a/../b", "https://h:444/b"},
        {"//cdn:8080/blob", "http://cdn:8080/blob"},
        {"/v2/lib/tags/list?last=a&n=2", "http://a/v2/lib/tags/list?last=a&n=2"},
    };
    auto base = Url::parse("http://a/b/c/d;p?q");
    ASSERT_TRUE(base);
    for (const auto& [reference, expected] : rows) {
        auto url = base->resolve(reference);
        ASSERT_TRUE(url) << reference << ": " << url.error().message();
        EXPECT_EQ(url->text(), expected) << reference;
    }
    for (const char* wrong : {"http:g", "mailto:a@b", "g:h", "ftp://h/", "http://", "//", "a b", "/a\r\nb"})
        EXPECT_FALSE(base->resolve(wrong)) << wrong;
}

TEST(Url, KeepsCredentialsOnTheSameAuthorityOnly) {
    auto base = Url::parse("https://u:p@a/x");
    EXPECT_EQ(base->resolve("/y")->user_information, "u:p");
    EXPECT_EQ(base->resolve("//b/y")->user_information, "");
    EXPECT_EQ(base->resolve("https://a/y")->user_information, "");
    EXPECT_TRUE(base->same_origin(*base->resolve("https://A:443/z")));
    EXPECT_FALSE(base->same_origin(*base->resolve("http://a/z")));
    EXPECT_FALSE(base->same_origin(*base->resolve("https://a:8443/z")));
}

}  // namespace
}  // namespace basewatch::net
