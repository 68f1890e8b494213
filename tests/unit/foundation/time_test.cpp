#include "foundation/time.hpp"

namespace basewatch {
namespace {

TEST(Rfc3339, ReadsEveryOffsetAndFraction) {
    EXPECT_EQ(rfc3339(*parse_rfc3339("2026-11-23T17:40:00Z")), "2026-11-23T17:40:00Z");
    EXPECT_EQ(rfc3339(*parse_rfc3339("2026-11-23T18:40:00.123456789+01:00")), "2026-11-23T17:40:00.123Z");
    EXPECT_EQ(rfc3339(*parse_rfc3339("2026-11-23t17:10:00.5-00:30")), "2026-11-23T17:40:00.500Z");
}

TEST(Rfc3339, RefusesWhatIsNone) {
    for (const char* text :
         {"", "2026-11-23", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z",
          "2026-11-23T17:40:00", "2026-11-23T17:40:00.Z", "2026-11-23T17:40:00Z "})
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
}

TEST(Duration, ReadsWhatTheConfigurationSays) {
    EXPECT_EQ(*parse_duration("100ms"), Milliseconds(100));
    EXPECT_EQ(*parse_duration("90s"), Milliseconds(90'000));
    EXPECT_EQ(*parse_duration("15m"), Milliseconds(900'000));
    EXPECT_EQ(*parse_duration("6h"), Milliseconds(21'600'000));
    EXPECT_EQ(*parse_duration("7d"), Milliseconds(604'800'000));
    for (const char* text : {"", "15", "m", "-5m", "1.5h", "5 m", "5w", "99999999999999d"})
        EXPECT_FALSE(parse_duration(text).has_value()) << text;
}

TEST(Duration, IsWrittenAsItIsRead) {
    EXPECT_EQ(format_duration(Milliseconds(900'000)), "15m");
    EXPECT_EQ(format_duration(Milliseconds(1'500)), "1500ms");
    EXPECT_EQ(format_duration(Milliseconds(0)), "0s");
}

TEST(RetryAfter, BothFormsAreAWaitOfAtMostADay) {
    Time now = *parse_rfc3339("2026-11-23T17:40:00Z");
    EXPECT_EQ(parse_retry_after("120", now), Milliseconds(120'000));
    EXPECT_EQ(parse_retry_after(" 1.5 ", now), Milliseconds(1'500));
    EXPECT_EQ(parse_retry_after("Mon, 23 Nov 2026 17:41:00 GMT", now), Milliseconds(60'000));
    EXPECT_EQ(parse_retry_after("99999999", now), Milliseconds(86'400'000));
    for (const char* text : {"", "0", "-1", "soon", "Mon, 23 Nov 2026 17:39:00 GMT", "1e99x", "nan", "inf"})
        EXPECT_EQ(parse_retry_after(text, now), std::nullopt) << text;
}

}  // namespace
}  // namespace basewatch
