// WWW-Authenticate as registries send it, and as they should not.

#include "registry/challenge.hpp"

#include <gtest/gtest.h>

namespace basewatch::registry {
namespace {

using Parameters = std::map<std::string, std::string>;

struct Vector {
    std::string field;
    std::vector<std::pair<std::string, Parameters>> expected;  // empty: refused
};

const Vector vectors[] = {
    {R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push")",
     {{"bearer",
       {{"realm", "https://auth.docker.io/token"},
        {"service", "registry.docker.io"},
        {"scope", "repository:samalba/my-app:pull,push"}}}}},
    {R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io")",
     {{"bearer", {{"realm", "https://auth.docker.io/token"}, {"service", "registry.docker.io"}}}}},
    {R"(BaSiC ReAlM="Case insensitive key")", {{"basic", {{"realm", "Case insensitive key"}}}}},
    {"Basic realm=unquoted", {{"basic", {{"realm", "unquoted"}}}}},
    {"Basic realm=/", {{"basic", {{"realm", "/"}}}}},
    {"Basic realm = \"spaced\" , charset = x", {{"basic", {{"realm", "spaced"}, {"charset", "x"}}}}},
    {R"(Basic realm="Dev", charset="UTF-8")", {{"basic", {{"realm", "Dev"}, {"charset", "UTF-8"}}}}},
    {R"("Basic" "realm"=/)", {{"basic", {{"realm", "/"}}}}},
    {R"(Bearer realm="https://a/t", service="ghcr.io", scope="s", Basic realm="GitHub Package Registry")",
     {{"bearer", {{"realm", "https://a/t"}, {"service", "ghcr.io"}, {"scope", "s"}}},
      {"basic", {{"realm", "GitHub Package Registry"}}}}},
    {R"(Bearer realm="https://codeberg.org/v2/token",service="container_registry",scope="*",Basic realm="https://codeberg.org/v2",service="container_registry",scope="*")",
     {{"bearer",
       {{"realm", "https://codeberg.org/v2/token"}, {"service", "container_registry"}, {"scope", "*"}}},
      {"basic", {{"realm", "https://codeberg.org/v2"}, {"service", "container_registry"}, {"scope", "*"}}}}},
    {R"(Bearer realm="https://git.example/v2/token")",
     {{"bearer", {{"realm", "https://git.example/v2/token"}}}}},
    {"Basic", {{"basic", {}}}},
    {R"(Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com")",
     {{"basic",
       {{"realm", "https://1.dkr.ecr.eu-west-1.amazonaws.com/"}, {"service", "ecr.amazonaws.com"}}}}},
    {R"(Basic realm="Artifactory Realm")", {{"basic", {{"realm", "Artifactory Realm"}}}}},
    {R"(Bearer realm="/token",service="x")", {{"bearer", {{"realm", "/token"}, {"service", "x"}}}}},
    {R"(Bearer realm="r",error="insufficient_scope")",
     {{"bearer", {{"realm", "r"}, {"error", "insufficient_scope"}}}}},
    {R"(Basic realm="a \"quoted\" one, with a comma")",
     {{"basic", {{"realm", "a \"quoted\" one, with a comma"}}}}},
    {"Negotiate", {{"negotiate", {}}}},
    {"Negotiate YWJj==, Basic realm=x", {{"negotiate", {}}, {"basic", {{"realm", "x"}}}}},
    {",, Basic realm=x ,,", {{"basic", {{"realm", "x"}}}}},

    {R"(Basic realm="Dev" charset="UTF-8")", {}},
    {R"(Basic realm="open)", {}},
    {R"(Basic realm="open\)", {}},
    {"", {}},
    {"  ,", {}},
    {"realm=\"nobody's\"", {}},
    {"Basic realm=", {}},
    {"Basic realm=a,realm=b", {}},
    {"Basic \x01", {}},
    {"Basic realm=\"line\nbreak\"", {}},
};

TEST(Challenges, AreReadOrRefusedWhole) {
    for (const auto& vector : vectors) {
        SCOPED_TRACE(vector.field);
        auto parsed = parse_challenges(vector.field);
        if (vector.expected.empty()) {
            EXPECT_FALSE(parsed);
            if (!parsed) EXPECT_EQ(parsed.error().kind(), ErrorKind::bad_answer);
            continue;
        }
        ASSERT_TRUE(parsed);
        ASSERT_EQ(parsed->size(), vector.expected.size());
        for (std::size_t i = 0; i < parsed->size(); ++i) {
            EXPECT_EQ((*parsed)[i].scheme, vector.expected[i].first);
            EXPECT_EQ((*parsed)[i].parameters, vector.expected[i].second);
        }
    }
}

TEST(Challenges, HaveBounds) {
    EXPECT_FALSE(parse_challenges(std::string(17'000, 'a')));
    std::string many;
    for (int i = 0; i < 17; ++i) many += "Basic realm=x, ";
    EXPECT_FALSE(parse_challenges(many));
    std::string wide = "Basic a0=1";
    for (int i = 1; i < 33; ++i) wide += ",a" + std::to_string(i) + "=1";
    EXPECT_FALSE(parse_challenges(wide));
}

TEST(Challenges, OfSeveralFieldsAreJoinedAndBrokenOnesLeftOut) {
    net::Headers headers;
    headers.add("WWW-Authenticate", R"(Bearer realm="https://git.example/v2/token")");
    headers.add("www-authenticate", R"(Basic realm="open)");
    headers.add("WWW-Authenticate", "Basic");
    auto all = challenges_of(headers);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].scheme, "bearer");
    EXPECT_EQ(all[1].scheme, "basic");
}

TEST(Challenges, BearerIsChosenBeforeBasic) {
    auto both = *parse_challenges(R"(Basic realm=x, Bearer realm="https://a/t")");
    EXPECT_EQ(choose_challenge(both, true)->scheme, "bearer");
    EXPECT_EQ(choose_challenge(both, false)->scheme, "bearer");
    auto no_realm = *parse_challenges("Bearer service=x, Basic");
    EXPECT_EQ(choose_challenge(no_realm, true)->scheme, "basic");
    EXPECT_FALSE(choose_challenge(no_realm, false));
    EXPECT_FALSE(choose_challenge(*parse_challenges("Negotiate, NTLM, Digest realm=x"), true));
    EXPECT_FALSE(choose_challenge({}, true));
}

TEST(Scopes, AreTheChallengesButOnlyEverPull) {
    struct Row {
        std::string challenged, asked;
    };
    const Row rows[] = {
        {"", "repository:team/app:pull"},
        {"*", "repository:team/app:pull"},
        {"repository:team/app:pull", "repository:team/app:pull"},
        {"repository:team/app:pull,push", "repository:team/app:pull"},
        {"repository:virtual/team/app:pull", "repository:virtual/team/app:pull"},
        {"repository:team/app:*", "repository:team/app:pull"},
        {"repository:team/app:pull repository:other:pull", "repository:team/app:pull"},
        {"aws", "aws"},
        {"registry:catalog:*", "repository:team/app:pull"},
        {"repository:", "repository:team/app:pull"},
        {std::string(600, 'x'), "repository:team/app:pull"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(scope_to_ask(row.challenged, "team/app"), row.asked) << row.challenged;
}

}  // namespace
}  // namespace basewatch::registry
