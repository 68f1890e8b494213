// What registries say instead of answering, and how long they ask us to wait.

#include "registry/complaint.hpp"

#include "foundation/secret.hpp"
#include "foundation/time.hpp"
#include "support/fake_transport.hpp"

#include <gtest/gtest.h>

namespace basewatch::registry {
namespace {

using test::answer;
const Time now = parse_rfc3339("2026-11-23T12:00:00Z").value();

TEST(Complaints, AreFoundInEveryShape) {
    struct Row {
        std::string type, body, said;
    };
    const Row rows[] = {
        {"application/json",
         R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"nope"}}]})",
         "MANIFEST_UNKNOWN: manifest unknown"},
        {"application/json", R"({"errors":[{"code":"A","message":"a"},{"code":"B"},{"message":"c"}]})",
         "A: a; B; c"},
        {"application/json", R"({"details":"incorrect username or password"})",
         "incorrect username or password"},
        {"application/json", R"({"detail":"Rate limit exceeded","error":false})", "Rate limit exceeded"},
        {"application/json", R"({"message":"no"})", "no"},
        {"application/json", R"({"error":"invalid_grant"})", "invalid_grant"},
        {"application/json", R"({"error":"invalid_grant","error_description":"too old"})",
         "invalid_grant: too old"},
        {"application/json", R"({"errors":[]})", ""},
        {"application/json", R"({"errors":[7,null,"x"]})", ""},
        {"application/json", R"({"errors":[{"code":"A","code":"B"}]})", ""},
        {"application/json", "{", ""},
        {"text/plain; charset=utf-8", "404 page not found\n", "404 page not found"},
        {"text/html", "<html><head><title>429 Too\nMany</title>", "a web page titled \"429 Too Many\""},
        {"", "<!DOCTYPE html><p>", "a web page"},
        {"text/plain",
         "a\x1b[31mred\x07\r\n\tb\x7f\xc2\x9b"
         "c",
         "a [31mred b c"},
        {"text/plain", "cut \xff\xfe here \xc3\xa9", "cut here \xc3\xa9"},
        {"application/octet-stream", "bytes", ""},
        {"application/json", "", ""},
    };
    for (const auto& row : rows)
        EXPECT_EQ(complaint_of(answer(400, {{"Content-Type", row.type}}, row.body)), row.said) << row.body;
}

TEST(Complaints, AreBoundedAndHoldNoSecret) {
    auto text = complaint_of(answer(400, {{"Content-Type", "text/plain"}}, std::string(100'000, 'x')));
    EXPECT_EQ(text.size(), 4096u);
    Secret password("correct-horse-battery");
    EXPECT_EQ(complaint_of(answer(400, {}, "wrong password correct-horse-battery")),
              "wrong password [redacted]");
}

TEST(Complaints, DoNotCutACharacterInHalf) {
    EXPECT_EQ(plain_line("ab\xc3\xa9", 3), "ab");
    EXPECT_EQ(plain_line("ab\xc3\xa9", 4), "ab\xc3\xa9");
    EXPECT_EQ(plain_line("a      b", 2), "a");
}

TEST(Waits, AreReadInEveryForm) {
    struct Row {
        net::Headers headers;
        std::string body;
        std::optional<std::int64_t> milliseconds;
    };
    const Row rows[] = {
        {{{"Retry-After", "120"}}, "", 120'000},
        {{{"Retry-After", "Mon, 23 Nov 2026 12:01:00 GMT"}}, "", 60'000},
        {{{"Retry-After", "0"}}, "", std::nullopt},
        {{{"Retry-After", "-5"}}, "", std::nullopt},
        {{{"Retry-After", "999999999"}}, "", 86'400'000},
        {{{"Retry-After", "soon"}}, "", std::nullopt},
        {{},
         R"({"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1.16676ms, allowed: 44000/minute"}]})",
         2},
        {{}, "retry-after: 44.1\xc2\xb5s, allowed: 1/minute", 1},
        {{}, "Retry-After: 1m30s", 90'000},
        {{}, "retry-after: 2.5s", 2'500},
        {{}, "retry-after: never", std::nullopt},
        {{}, "retry-after: 1e300h", 86'400'000},
        {{}, "retry-after:", std::nullopt},
        {{{"RateLimit-Reset", "30"}}, "", 30'000},
        {{{"X-RateLimit-Reset", std::to_string(to_unix_ms(now) / 1000 + 45)}}, "", 45'000},
        {{{"X-RateLimit-Reset", std::to_string(to_unix_ms(now) + 45'000)}}, "", 45'000},
        {{{"X-RateLimit-Reset", "1500000000"}}, "", std::nullopt},
        {{{"RateLimit-Reset", "nan"}}, "", std::nullopt},
        {{{"Retry-After", "7"}, {"RateLimit-Reset", "30"}}, "retry-after: 5s", 7'000},
        {{}, "", std::nullopt},
    };
    for (const auto& row : rows) {
        auto wait = asked_wait(answer(429, row.headers, row.body), now);
        std::optional<std::int64_t> got;
        if (wait) got = wait->count();
        EXPECT_EQ(got, row.milliseconds)
            << row.body << (row.headers.empty() ? "" : row.headers.begin()->second);
    }
}

TEST(Statuses, BecomeKinds) {
    struct Row {
        int status;
        ErrorKind kind;
    };
    const Row rows[] = {
        {100, ErrorKind::bad_answer},   {204, ErrorKind::bad_answer},   {206, ErrorKind::bad_answer},
        {300, ErrorKind::bad_answer},   {304, ErrorKind::bad_answer},   {400, ErrorKind::bad_answer},
        {401, ErrorKind::unauthorized}, {403, ErrorKind::unauthorized}, {404, ErrorKind::not_found},
        {405, ErrorKind::bad_answer},   {406, ErrorKind::bad_answer},   {408, ErrorKind::server_error},
        {413, ErrorKind::bad_answer},   {414, ErrorKind::bad_answer},   {415, ErrorKind::bad_answer},
        {416, ErrorKind::bad_answer},   {418, ErrorKind::bad_answer},   {425, ErrorKind::server_error},
        {429, ErrorKind::rate_limited}, {500, ErrorKind::server_error}, {502, ErrorKind::server_error},
        {503, ErrorKind::server_error}, {504, ErrorKind::server_error}, {599, ErrorKind::server_error},
        {600, ErrorKind::bad_answer},
    };
    for (const auto& row : rows) {
        auto error = error_of(answer(row.status), "r.example.com", "", now);
        EXPECT_EQ(error.kind(), row.kind) << row.status;
        EXPECT_EQ(error.status(), row.status);
        EXPECT_NE(error.message().find("r.example.com said " + std::to_string(row.status)),
                  std::string::npos);
    }
}

TEST(Statuses, ThatMeanARateLimitAreOne) {
    auto body = [](int status, const std::string& text) { return answer(status, {}, text); };
    EXPECT_TRUE(means_rate_limit(body(429, "")));
    EXPECT_TRUE(means_rate_limit(body(403, "You have exceeded a secondary rate limit.")));
    EXPECT_TRUE(means_rate_limit(body(400, R"({"errors":[{"code":"TOOMANYREQUESTS"}]})")));
    EXPECT_TRUE(means_rate_limit(answer(403, {{"Retry-After", "5"}})));
    EXPECT_FALSE(means_rate_limit(body(403, "denied")));
    EXPECT_FALSE(means_rate_limit(body(200, "rate limit")));
    EXPECT_FALSE(means_rate_limit(answer(503, {{"Retry-After", "5"}})));
    EXPECT_EQ(error_of(answer(503, {{"Retry-After", "5"}}), "r", "", now).retry_after(), Milliseconds(5000));
    EXPECT_EQ(error_of(body(403, "secondary rate limit"), "r", "", now).kind(), ErrorKind::rate_limited);
}

}  // namespace
}  // namespace basewatch::registry
