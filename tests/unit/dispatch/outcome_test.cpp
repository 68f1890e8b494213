// What an answer means: each class of status, each kind of failure, the schedule, and when it ends.

#include "dispatch/outcome.hpp"

#include "foundation/time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::dispatch {
namespace {

using model::DeliveryState;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const Time created = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
const Time now = created + 1min;

presets::Target webhook() {
    presets::Target target;
    target.name = "anything";
    return target;
}

net::HttpResponse answer(int status, std::string body = "", net::Headers headers = {}) {
    net::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.headers = std::move(headers);
    return response;
}

Verdict first_try(const presets::Target& target, const Result<net::HttpResponse>& answer) {
    return judge(target, answer, 1, created, now, 0.5);
}

TEST(Outcome, EachStatusHasItsClass) {
    struct Row {
        int status;
        DeliveryState next;
        const char* reason;
    };
    constexpr auto delivered = DeliveryState::delivered, dead = DeliveryState::dead,
                   waiting = DeliveryState::waiting;
    for (const Row& row : {
             Row{200, delivered, "delivered"},
             Row{201, delivered, "delivered"},
             Row{202, delivered, "delivered"},
             Row{204, delivered, "delivered"},
             Row{299, delivered, "delivered"},
             Row{300, dead, "3xx"},
             Row{301, dead, "3xx"},
             Row{302, dead, "3xx"},
             Row{303, dead, "3xx"},
             Row{304, dead, "3xx"},
             Row{307, dead, "3xx"},
             Row{308, dead, "3xx"},
             Row{400, dead, "4xx"},
             Row{401, dead, "4xx"},
             Row{402, waiting, "4xx"},
             Row{403, dead, "4xx"},
             Row{404, dead, "4xx"},
             Row{405, dead, "4xx"},
             Row{406, waiting, "4xx"},
             Row{408, waiting, "4xx"},
             Row{409, waiting, "4xx"},
             Row{410, dead, "4xx"},
             Row{412, waiting, "4xx"},
             Row{413, dead, "4xx"},
             Row{415, dead, "4xx"},
             Row{422, dead, "4xx"},
             Row{423, waiting, "4xx"},
             Row{425, waiting, "4xx"},
             Row{429, waiting, "4xx"},
             Row{499, waiting, "4xx"},
             Row{500, waiting, "5xx"},
             Row{501, waiting, "5xx"},
             Row{502, waiting, "5xx"},
             Row{503, waiting, "5xx"},
             Row{504, waiting, "5xx"},
             Row{599, waiting, "5xx"},
             Row{999, waiting, "wrong answer"},
         }) {
        auto verdict = first_try(webhook(), answer(row.status));
        EXPECT_EQ(verdict.next, row.next) << row.status;
        EXPECT_EQ(verdict.reason, row.reason) << row.status;
        EXPECT_THAT(verdict.detail, HasSubstr(std::to_string(row.status)));
        EXPECT_EQ(verdict.wait.has_value(), row.next == waiting) << row.status;
    }
}

TEST(Outcome, SuccessIsWhatTheTargetCallsIt) {
    auto slack = webhook();
    slack.fields.success = {{200, 200}};
    slack.fields.success_body = "ok";
    EXPECT_EQ(first_try(slack, answer(200, "ok")).next, DeliveryState::delivered);
    auto no = first_try(slack, answer(200, "invalid_token"));
    EXPECT_EQ(no.next, DeliveryState::waiting);
    EXPECT_EQ(no.reason, "wrong answer");
    EXPECT_EQ(first_try(slack, answer(410, "channel_is_archived")).next, DeliveryState::dead);

    auto clair = webhook();
    clair.fields.success = {{201, 201}};
    clair.fields.already = {{412, 412}};
    EXPECT_EQ(first_try(clair, answer(201)).next, DeliveryState::delivered);
    EXPECT_EQ(first_try(clair, answer(412)).next, DeliveryState::delivered) << "indexed already";
    auto half = first_try(clair, answer(200));
    EXPECT_EQ(half.reason, "wrong answer");
    EXPECT_THAT(half.detail, HasSubstr("does not mean success")) << "`200 OK` alone is no explanation";

    auto jenkins = webhook();
    jenkins.fields.success = {{201, 201}};
    EXPECT_EQ(first_try(jenkins, answer(201)).next, DeliveryState::delivered);
    auto login = first_try(jenkins, answer(302, "", {{"Location", "/login?from=secret"}}));
    EXPECT_EQ(login.next, DeliveryState::dead) << "a redirect is a login page";
    EXPECT_THAT(login.detail, Not(HasSubstr("/login")));

    auto api = webhook();
    api.fields.success_content_type = "application/json";
    EXPECT_EQ(first_try(api, answer(200, "{}", {{"Content-Type", "application/json; charset=utf-8"}})).next,
              DeliveryState::delivered);
    EXPECT_EQ(first_try(api, answer(200, "<html>", {{"Content-Type", "text/html"}})).reason, "wrong answer");
}

TEST(Outcome, AForbiddenThatSaysWhenToComeAgainIsARateLimit) {
    auto github = webhook();
    github.terminal = {{403, "the token may not do this"}};
    auto in_ten_minutes = std::to_string(to_unix_ms(now) / 1000 + 600);
    auto limited = [&](net::Headers headers) {
        return first_try(github, answer(403, "", std::move(headers)));
    };
    auto asked = limited({{"Retry-After", "60"}});
    EXPECT_EQ(asked.next, DeliveryState::waiting);
    EXPECT_EQ(asked.wait, 60s);
    EXPECT_THAT(asked.detail, Not(HasSubstr("may not")));
    EXPECT_EQ(limited({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", in_ten_minutes}}).wait, 600s);
    EXPECT_EQ(limited({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1"}}).next,
              DeliveryState::waiting);
    EXPECT_LE(limited({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "9223372036854775807"}}).wait,
              24h);
    EXPECT_EQ(limited({}).next, DeliveryState::dead);
    EXPECT_EQ(limited({{"X-RateLimit-Remaining", "9"}, {"X-RateLimit-Reset", in_ten_minutes}}).next,
              DeliveryState::dead)
        << "there is room, so it is the token";
    EXPECT_EQ(limited({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "soon"}}).next,
              DeliveryState::dead);
}

TEST(Outcome, APresetEndsWhatItKnowsToBeUseless) {
    auto target = webhook();
    target.terminal = {{409, "the pipeline is disabled"}, {500, "rollup_error"}};
    for (int status : {409, 500}) {
        auto verdict = first_try(target, answer(status));
        EXPECT_EQ(verdict.next, DeliveryState::dead);
        EXPECT_THAT(verdict.detail, HasSubstr(target.terminal[status]));
    }
}

TEST(Outcome, AFailureToGetAnAnswerIsTriedAgain) {
    struct Row {
        ErrorKind kind;
        const char* reason;
    };
    for (const Row& row : {
             Row{ErrorKind::name_lookup, "dns"},
             Row{ErrorKind::unreachable, "refused"},
             Row{ErrorKind::tls, "tls"},
             Row{ErrorKind::timed_out, "timeout"},
             Row{ErrorKind::bad_answer, "wrong answer"},
             Row{ErrorKind::too_large, "wrong answer"},
         }) {
        auto verdict = first_try(webhook(), Error(row.kind, "https://ci.example.com: no"));
        EXPECT_EQ(verdict.next, DeliveryState::waiting) << row.reason;
        EXPECT_EQ(verdict.reason, row.reason);
        EXPECT_EQ(verdict.detail, "https://ci.example.com: no");
        EXPECT_EQ(verdict.wait, 5s);
    }
    auto blocked = first_try(webhook(), Error(ErrorKind::blocked, "169.254.169.254 may not be asked"));
    EXPECT_EQ(blocked.next, DeliveryState::dead) << "the guard says the same the next time";
    EXPECT_EQ(blocked.reason, "blocked address");
}

TEST(Outcome, EveryClassIsOneOfThoseThatTablesAndMetricsKnow) {
    for (int kind = 0; kind <= static_cast<int>(ErrorKind::cancelled); ++kind) {
        auto verdict = first_try(webhook(), Error(static_cast<ErrorKind>(kind), "no"));
        EXPECT_TRUE(model::is_delivery_reason(verdict.reason)) << verdict.reason;
    }
    for (int status = 300; status <= 999; ++status)
        EXPECT_TRUE(model::is_delivery_reason(first_try(webhook(), answer(status)).reason)) << status;
}

TEST(Outcome, WaitsAsTheScheduleSaysGiveOrTakeAFifth) {
    auto target = webhook();
    const Milliseconds plan[] = {5s, 30s, 2min, 10min, 30min, 1h, 3h, 6h, 12h};
    int number = 0;
    for (auto planned : plan) {
        ++number;
        auto at = [&](double random01) {
            return *judge(target, answer(503), number, now, now, random01).wait;
        };
        EXPECT_EQ(at(0.5), planned);
        EXPECT_EQ(at(0.0), planned * 8 / 10);
        EXPECT_GT(at(0.9999), planned * 119 / 100);
        EXPECT_LE(at(0.9999), planned * 12 / 10);
    }
    auto last = judge(target, answer(503), number + 1, now, now, 0.5);
    EXPECT_EQ(last.next, DeliveryState::dead);
    EXPECT_EQ(last.reason, "5xx");
    EXPECT_THAT(last.detail, HasSubstr("last attempt"));
}

TEST(Outcome, ATargetsOwnScheduleCounts) {
    auto target = webhook();
    target.fields.retries = {1s};
    EXPECT_EQ(judge(target, answer(500), 1, created, now, 0.5).wait, 1s);
    EXPECT_EQ(judge(target, answer(500), 2, created, now, 0.5).next, DeliveryState::dead);
}

TEST(Outcome, NeverBeforeRetryAfter) {
    struct Row {
        const char* header;
        Milliseconds wait;
    };
    for (const Row& row : {
             Row{"60", 60s},
             Row{"1", 5s},                                // the schedule's wait is longer
             Row{"Mon, 23 Nov 2026 00:03:00 GMT", 2min},  // now is 00:01:00
             Row{"Mon, 23 Nov 2026 00:00:00 GMT", 5s},    // over already
             Row{"999999999", 24h},                       // a day is as long as we listen
             Row{"soon", 5s},
             Row{"-5", 5s},
         }) {
        for (int status : {429, 503, 500, 408}) {
            auto verdict = first_try(webhook(), answer(status, "", {{"Retry-After", row.header}}));
            EXPECT_EQ(verdict.next, DeliveryState::waiting);
            EXPECT_EQ(verdict.wait, row.wait) << status << " " << row.header;
        }
    }
    EXPECT_EQ(first_try(webhook(), answer(404, "", {{"Retry-After", "60"}})).next, DeliveryState::dead);
    // What failed before sending may have been told to wait, too: by the registry.
    auto told = Error(ErrorKind::rate_limited, "429").with_retry_after(Milliseconds(90s));
    EXPECT_EQ(judge_unsent(webhook(), told, "layers", 1, created, now, 0.5).wait, 90s);
}

TEST(Outcome, EndsWhereTheNextAttemptWouldComeTooLate) {
    auto target = webhook();
    target.fields.expire = Milliseconds(1h);
    target.fields.retries = {10min, 10min};
    EXPECT_EQ(judge(target, answer(503), 1, created, created + 50min, 0.5).next, DeliveryState::waiting);
    auto late = judge(target, answer(503), 1, created, created + 50min + 1ms, 0.5);
    EXPECT_EQ(late.next, DeliveryState::dead);
    EXPECT_EQ(late.reason, "5xx") << "the class says what failed, the words that it came too late";
    EXPECT_THAT(late.detail, AllOf(HasSubstr("503 Service Unavailable"), HasSubstr("expired")));
    // Retry-After counts as well.
    EXPECT_THAT(judge(target, answer(429, "", {{"Retry-After", "7200"}}), 1, created, now, 0.5).detail,
                HasSubstr("expired"));
    // The default is three days.
    EXPECT_EQ(judge(webhook(), answer(503), 1, created, created + 71h, 0.5).next, DeliveryState::waiting);
    EXPECT_EQ(judge(webhook(), answer(503), 1, created, created + 73h, 0.5).next, DeliveryState::dead);
}

TEST(Outcome, ASecretNeverReachesTheDetail) {
    Secret secret("T0000-a-very-private-word");
    auto verdict = first_try(webhook(), Error(ErrorKind::unreachable, "no way to " + secret.reveal()));
    EXPECT_EQ(verdict.detail, "no way to [redacted]");
}

}  // namespace
}  // namespace basewatch::dispatch
