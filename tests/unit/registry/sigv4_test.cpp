// AWS Signature Version 4 against signatures that botocore made.
#include "registry/sigv4.hpp"

#include "support/blocking_http.hpp"

#include <gtest/gtest.h>

namespace basewatch::registry {
namespace {

// 2026-11-23T12:00:00Z
constexpr Time noon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12)};

struct Row {
    const char* method;
    const char* url;
    const char* target;  // X-Amz-Target; empty: none, and no Content-Type
    const char* body;
    const char* session;
    const char* secret;
    const char* service;
    const char* region;
    const char* signed_headers;
    const char* signature;
};

TEST(SigV4, SignsAsBotocoreDoes) {
    const char* slash = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const char* ecr = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
    const Row rows[] = {
        {"POST", "https://api.ecr.eu-west-1.amazonaws.com/", ecr, "{}", "",
         "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "ecr", "eu-west-1",
         "content-type;host;x-amz-date;x-amz-target",
         "44bff72e95ee1097264759d04c89ab3db3337f4669a6b4bb629dad8f45e13b67"},
        {"POST", "https://api.ecr.eu-west-1.amazonaws.com/", ecr, "{}", "", slash, "ecr", "eu-west-1",
         "content-type;host;x-amz-date;x-amz-target",
         "d53029e328834011e9dcfc41a48bc45a3d50af63df4dcaa57f62f3accef074bf"},
        {"POST", "https://api.ecr.eu-west-1.amazonaws.com/", ecr, "{}", "IQoJb3JpZ2luX2VjEXAMPLE//token==",
         slash, "ecr", "eu-west-1", "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
         "94388d1004bf8b7879fe5f4cd87aa0c42482695a823aac96818659dbb532f581"},
        {"POST", "https://api.ecr-public.us-east-1.amazonaws.com/",
         "SpencerFrontendService.GetAuthorizationToken", "{}", "", slash, "ecr-public", "us-east-1",
         "content-type;host;x-amz-date;x-amz-target",
         "2fba59614ab05e11b1940c0faa2c2dafe45fb9c1b70dee79b335cc3e1c4364e9"},
        {"POST", "https://vpce-0a1b-2c3d.api.ecr.cn-north-1.vpce.amazonaws.com.cn:8443/", ecr, "", "", slash,
         "ecr", "cn-north-1", "content-type;host;x-amz-date;x-amz-target",
         "70ffac65a78c75da2b71a6f65dc7e74402587dce94051e4e175463936228a9de"},
    };
    for (const auto& row : rows) {
        net::HttpRequest request;
        request.method = row.method;
        request.url = test::url_of(row.url);
        request.headers = {{"User-Agent", "basewatch"}, {"Content-Type", "application/x-amz-json-1.1"}};
        request.headers.set("X-Amz-Target", row.target);
        request.body = row.body;
        sign_v4(request, AwsKeys{"AKIDEXAMPLE", Secret(row.secret), Secret(row.session)}, row.region,
                row.service, noon);
        EXPECT_EQ(request.headers.find("X-Amz-Date"), "20261123T120000Z");
        EXPECT_EQ(request.headers.find("X-Amz-Security-Token").value_or(""), row.session);
        EXPECT_EQ(request.headers.find("Authorization"),
                  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/" + std::string(row.region) + "/" +
                      row.service + "/aws4_request, SignedHeaders=" + row.signed_headers +
                      ", Signature=" + row.signature)
            << row.url << " " << row.session;
    }
}

TEST(SigV4, ThePathIsEncodedAgainTheQuerySortedAndValuesFolded) {
    net::HttpRequest request;
    request.url = test::url_of(
        "https://sts.eu-west-1.amazonaws.com/a%20b/"
        "c?Version=2011-06-15&Action=GetCallerIdentity&Empty=&A=b%2Fc");
    request.headers = {{"X-Amz-Meta", "  two   spaces  "}};
    sign_v4(request,
            AwsKeys{"AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret()},
            "eu-west-1", "sts", noon);
    EXPECT_EQ(request.headers.find("Authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/eu-west-1/sts/aws4_request, "
              "SignedHeaders=host;x-amz-date;x-amz-meta, "
              "Signature=30c1ecd867f83ac0ce133015d97d3493100ce4ce379bf68d069eb129a011def4");
}

TEST(SigV4, EverythingThatCountsChangesTheSignature) {
    auto signature = [](const std::string& url, const std::string& body, const std::string& region,
                        Time now) {
        net::HttpRequest request;
        request.url = test::url_of(url);
        request.body = body;
        sign_v4(request, AwsKeys{"AKIDEXAMPLE", Secret("secret"), Secret()}, region, "ecr", now);
        return std::string(*request.headers.find("Authorization"));
    };
    auto first = signature("https://a.example/", "{}", "eu-west-1", noon);
    EXPECT_EQ(first, signature("https://a.example/", "{}", "eu-west-1", noon));
    EXPECT_NE(first, signature("https://b.example/", "{}", "eu-west-1", noon));
    EXPECT_NE(first, signature("https://a.example/x", "{}", "eu-west-1", noon));
    EXPECT_NE(first, signature("https://a.example/?x", "{}", "eu-west-1", noon));
    EXPECT_NE(first, signature("https://a.example/", "{ }", "eu-west-1", noon));
    EXPECT_NE(first, signature("https://a.example/", "{}", "eu-west-2", noon));
    EXPECT_NE(first, signature("https://a.example/", "{}", "eu-west-1", noon + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace basewatch::registry
