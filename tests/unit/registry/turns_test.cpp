// Being gentle: rate, places and pauses, by the clock.

#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using std::chrono::seconds;
using test::image;
using testing::HasSubstr;

class TurnsTest : public ClientTest {
protected:
    using Pending = std::shared_ptr<std::optional<Result<Pointer>>>;
    TurnsTest() { registry.push("team/app", "1.0", image()); }
    std::vector<Pending> begin_many(int count) {
        std::vector<Pending> values;
        for (int i = 0; i < count; ++i)
            values.push_back(begin(client().look_up(reference("registry.example.com/team/app:1.0"))));
        return values;
    }
};

TEST_F(TurnsTest, TenASecondForAPublicRegistry) {
    auto values = begin_many(35);
    EXPECT_EQ(transport.sent().size(), 10u);
    EXPECT_EQ(client().next_turn("registry.example.com"), clock.monotonic() + Milliseconds(2600));
    clock.advance(Milliseconds(1000));
    EXPECT_EQ(transport.sent().size(), 20u);
    clock.advance(Milliseconds(1500));
    EXPECT_EQ(transport.sent().size(), 35u);
    for (auto& value : values) EXPECT_TRUE(*value && (*value)->has_value());
    clock.advance(Milliseconds(10'000));
    EXPECT_EQ(client().next_turn("registry.example.com"), clock.monotonic());
    EXPECT_EQ(client().next_turn("never.example.com"), clock.monotonic());
}

TEST_F(TurnsTest, TheSettingsRateCounts) {
    settings->by_host["registry.example.com"].rate = settings::Rate{2};
    begin_many(6);
    EXPECT_EQ(transport.sent().size(), 2u);
    clock.advance(seconds(1));
    EXPECT_EQ(transport.sent().size(), 4u);
}

TEST_F(TurnsTest, NoMoreAtOnceThanThereArePlaces) {
    settings->by_host["registry.example.com"].connections = 3;
    client();
    transport.hold();
    auto values = begin_many(8);
    EXPECT_EQ(transport.held(), 3u);
    // The registry's time begins with its place: waiting for it costs nothing of the timeout.
    EXPECT_EQ(transport.sent()[0].timeout, Milliseconds(30'000));
    clock.advance(seconds(100));
    EXPECT_EQ(transport.sent().size(), 3u);
    transport.release(2);
    clock.settle();
    EXPECT_EQ(transport.sent().size(), 5u);
    EXPECT_EQ(transport.held(), 3u);
    EXPECT_EQ(transport.sent()[4].timeout, Milliseconds(30'000));
    transport.release_all();
    clock.settle();
    for (auto& value : values) EXPECT_TRUE(*value && (*value)->has_value());
    EXPECT_EQ(transport.sent().size(), 8u);
    EXPECT_EQ(transport.sent()[0].policy->connections, 3u);
}

TEST_F(TurnsTest, WhoIsToldToStopGivesItsPlaceAway) {
    settings->by_host["registry.example.com"].connections = 1;
    client();
    transport.hold();
    TaskGroup stopped(loop.get_executor());
    auto value = std::make_shared<std::optional<Result<Pointer>>>();
    auto first = begin_many(1);
    stopped.start("stopped", store(client().look_up(reference("registry.example.com/team/app:1.0")), value));
    clock.settle();
    auto last = begin_many(1);
    stopped.cancel();
    clock.settle();
    ASSERT_TRUE(*value);
    EXPECT_EQ((*value)->error().kind(), ErrorKind::cancelled);
    transport.release_all();
    clock.settle();
    EXPECT_TRUE(*first[0] && (*first[0])->has_value());
    EXPECT_TRUE(*last[0] && (*last[0])->has_value());
    EXPECT_EQ(transport.sent().size(), 2u);
}

TEST_F(TurnsTest, ARegistryThatIsItsOwnTokenServerDoesNotMakeTheFirstWaitForTheLast) {
    registry.ask_for_token({.realm = "/token"});
    auto values = begin_many(30);
    EXPECT_TRUE(*values[0] && (*values[0])->has_value()) << "its token did not queue behind everybody";
    EXPECT_EQ(transport.count("GET", "/token"), 1u);
    EXPECT_FALSE(*values[29]);
    clock.advance(seconds(10));
    EXPECT_TRUE(*values[29] && (*values[29])->has_value());
}

TEST_F(TurnsTest, AWarningOfTheRegistryIsLoggedOnce) {
    registry.fail({.headers = {{"Warning", "299 - \"this registry moves\" "}}});
    testing::internal::CaptureStderr();
    for (int i = 0; i < 3; ++i) look_up();
    auto log = testing::internal::GetCapturedStderr();
    auto first = log.find("this registry moves");
    EXPECT_NE(first, std::string::npos) << log;
    EXPECT_EQ(log.find("this registry moves", first + 1), std::string::npos) << log;
}

struct PauseRow {
    const char* name;
    net::Headers headers;
    std::string body;
    Milliseconds pause;
};

class PauseAfter : public TurnsTest, public testing::WithParamInterface<PauseRow> {};

TEST_P(PauseAfter, A429IsForTheWholeHost) {
    const auto& row = GetParam();
    registry.push("team/web", "1.0", image());
    // By GET, so that the body is read as well.
    registry.fail({.method = "HEAD", .times = 1, .status = 405});
    ASSERT_TRUE(look_up());
    transport.forget();
    registry.fail({.times = 1, .status = 429, .headers = row.headers, .body = row.body});
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(pointer.error().retry_after(), row.pause);
    EXPECT_EQ(client().paused_until("registry.example.com"), clock.monotonic() + row.pause);
    EXPECT_EQ(client().next_turn("registry.example.com"), clock.monotonic() + row.pause);
    auto other = look_up("registry.example.com/team/web:1.0");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(other.error().retry_after(), row.pause);
    EXPECT_EQ(transport.sent().size(), 1u) << "nothing is sent meanwhile";
    clock.advance(row.pause);
    EXPECT_FALSE(client().paused_until("registry.example.com"));
    EXPECT_TRUE(look_up("registry.example.com/team/web:1.0"));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, PauseAfter,
    testing::Values(
        PauseRow{"Seconds", {{"Retry-After", "120"}}, "", Milliseconds(120'000)},
        PauseRow{"Date", {{"Retry-After", "Mon, 23 Nov 2026 12:10:00 GMT"}}, "", Milliseconds(600'000)},
        PauseRow{
            "Message",
            {{"Content-Type", "application/json"}},
            R"({"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1.5s, allowed: 1/minute"}]})",
            Milliseconds(1500)},
        PauseRow{"Reset", {{"RateLimit-Reset", "30"}}, "", Milliseconds(30'000)},
        PauseRow{"Draft", {{"RateLimit", "\"default\";r=0;t=45"}}, "", Milliseconds(45'000)},
        PauseRow{"Absurd", {{"Retry-After", "999999999"}}, "", Milliseconds(86'400'000)},
        PauseRow{"Silent", {}, "", Milliseconds(2'000)},
        PauseRow{"Nonsense", {{"Retry-After", "-3"}}, "", Milliseconds(2'000)}),
    [](const auto& row) { return row.param.name; });

TEST_F(TurnsTest, SilentRefusalsPauseLongerAndLonger) {
    registry.fail({.status = 429});
    for (std::int64_t expected : {2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}) {
        EXPECT_EQ(look_up().error().retry_after(), seconds(expected));
        clock.advance(seconds(expected));
    }
    registry.recover();
    EXPECT_TRUE(look_up());
    registry.fail({.status = 429});
    EXPECT_EQ(look_up().error().retry_after(), seconds(2));
}

TEST_F(TurnsTest, WhoWaitsForItsTurnWhenThePauseBeginsIsNotSent) {
    registry.fail({.status = 429, .headers = {{"Retry-After", "60"}}});
    client();
    auto values = begin_many(30);
    clock.advance(seconds(5));
    EXPECT_LE(transport.sent().size(), 10u);
    for (auto& value : values) {
        ASSERT_TRUE(*value);
        EXPECT_EQ((*value)->error().kind(), ErrorKind::rate_limited);
    }
}

TEST_F(TurnsTest, ARefusalThatMeansTooManyPausesAsWell) {
    registry.fail({.method = "HEAD", .status = 403});
    registry.fail({.method = "GET", .status = 403, .body = "You have exceeded a secondary rate limit"});
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::rate_limited);
    EXPECT_TRUE(client().paused_until("registry.example.com"));
}

TEST_F(TurnsTest, ANewConfigurationKeepsThePause) {
    registry.fail({.times = 1, .status = 429, .headers = {{"Retry-After", "60"}}});
    look_up();
    client().replace_settings(std::make_shared<settings::RegistriesSettings>());
    EXPECT_TRUE(client().paused_until("registry.example.com"));
}

}  // namespace
}  // namespace basewatch::registry
