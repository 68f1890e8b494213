#include "api/access.hpp"

namespace basewatch::api {
namespace {

Access table() {
    Access access;
    access.hosts = {"basewatch.example.com"};
    access.tokens.push_back({"reader", Secret("token-of-the-reader"), {"read"}});
    access.tokens.push_back({"operator", Secret("token-of-the-operator"), {"operate"}});
    access.tokens.push_back({"empty", Secret(""), {"operate"}});
    return access;
}

net::ServerRequest request(std::string authorization, std::string host = "127.0.0.1:8463",
                           std::string origin = "") {
    net::ServerRequest made;
    made.method = "GET";
    made.headers.add("Host", std::move(host));
    if (!authorization.empty()) made.headers.add("Authorization", std::move(authorization));
    if (!origin.empty()) made.headers.add("Origin", std::move(origin));
    return made;
}

int answer(const net::ServerRequest& request, Scope needed) {
    auto refusal = refuse(request, needed, table());
    return refusal ? refusal->status : 0;
}

TEST(Access, OverTcpEveryRequestNeedsAToken) {
    EXPECT_EQ(answer(request(""), Scope::read), 401);
    EXPECT_EQ(answer(request("Bearer wrong"), Scope::read), 401);
    EXPECT_EQ(answer(request("Bearer "), Scope::read), 401)
        << "an empty token in the configuration opens nothing";
    EXPECT_EQ(answer(request("Basic token-of-the-reader"), Scope::read), 401);
    EXPECT_EQ(answer(request("bearer token-of-the-reader"), Scope::read), 0);
    EXPECT_EQ(answer(request("Bearer token-of-the-reader"), Scope::operate), 403);
    EXPECT_EQ(answer(request("Bearer token-of-the-operator"), Scope::operate), 0);
    EXPECT_EQ(answer(request("Bearer token-of-the-operator"), Scope::read), 0);
    EXPECT_EQ(answer(request(""), Scope::none), 0);
}

TEST(Access, TheRefusalSaysHow) {
    auto refusal = refuse(request(""), Scope::read, table());
    EXPECT_EQ(refusal->headers.find("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(refusal->headers.find("Content-Type"), "application/problem+json");
}

TEST(Access, HostAndOriginKeepBrowsersOut) {
    const std::string token = "Bearer token-of-the-operator";
    EXPECT_EQ(answer(request(token, "evil.example:8463"), Scope::read), 421);
    EXPECT_EQ(answer(request(token, ""), Scope::read), 421);
    EXPECT_EQ(answer(request(token, "Basewatch.Example.com"), Scope::read), 0);
    EXPECT_EQ(answer(request(token, "localhost:8463"), Scope::read), 0);
    EXPECT_EQ(answer(request(token, "[::1]:8463"), Scope::read), 0);
    EXPECT_EQ(answer(request(token, "basewatch.example.com", "https://evil.example"), Scope::read), 403);
    EXPECT_EQ(answer(request(token, "basewatch.example.com", "https://basewatch.example.com"), Scope::read),
              0);
    EXPECT_EQ(answer(request(token, "basewatch.example.com", "null"), Scope::read), 403);
}

TEST(Access, WhoeverCanOpenTheSocketMayDoEverything) {
    auto local = request("", "");
    local.local = true;
    EXPECT_EQ(answer(local, Scope::operate), 0);
}

}  // namespace
}  // namespace basewatch::api
