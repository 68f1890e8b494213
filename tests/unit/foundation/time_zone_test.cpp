// Zones of the tz database: what clocks show, and the nights on which they jump.

#include "foundation/time_zone.hpp"

#include "foundation/time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch {
namespace {

using namespace std::chrono;

std::shared_ptr<const TimeZone> zone(const std::string& name) {
    auto known = TimeZone::named(name);
    if (!known) throw std::runtime_error(known.error().message());
    return *known;
}

TimeZone::Local local(int y, unsigned m, unsigned d, int hour, int minute = 0) {
    return local_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}

TEST(TimeZone, KnowsHowFarLocalTimeIsAhead) {
    const struct {
        const char* zone;
        const char* at;
        int minutes;
    } rows[] = {
        {"UTC", "2026-07-01T00:00:00Z", 0},
        {"Europe/Berlin", "2026-01-15T12:00:00Z", 60},
        {"Europe/Berlin", "2026-07-15T12:00:00Z", 120},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", 60},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 120},
        {"Europe/Berlin", "2026-10-25T00:59:59Z", 120},
        {"Europe/Berlin", "2026-10-25T01:00:00Z", 60},
        {"Europe/Berlin", "2099-07-15T12:00:00Z", 120},
        {"Europe/Berlin", "2099-12-15T12:00:00Z", 60},
        {"America/New_York", "2026-03-08T06:59:59Z", -300},
        {"America/New_York", "2026-03-08T07:00:00Z", -240},
        {"America/New_York", "2080-11-15T12:00:00Z", -300},
        {"Australia/Sydney", "2026-01-15T12:00:00Z", 660},
        {"Australia/Sydney", "2081-01-15T12:00:00Z", 660},
        {"Australia/Sydney", "2081-07-15T12:00:00Z", 600},
        {"Australia/Lord_Howe", "2026-07-15T12:00:00Z", 630},
        {"Asia/Kolkata", "2026-07-15T12:00:00Z", 330},
        {"Europe/Dublin", "2090-01-15T12:00:00Z", 0},
        {"Europe/Dublin", "2090-07-15T12:00:00Z", 60},
    };
    for (const auto& row : rows)
        EXPECT_EQ(zone(row.zone)->offset(*parse_rfc3339(row.at)), minutes(row.minutes))
            << row.zone << " " << row.at;
}

TEST(TimeZone, FindsTheMomentAtWhichClocksShowATime) {
    const struct {
        const char* zone;
        TimeZone::Local shown;
        const char* at;
    } rows[] = {
        {"Europe/Berlin", local(2026, 1, 15, 7), "2026-01-15T06:00:00Z"},
        {"Europe/Berlin", local(2026, 7, 15, 7), "2026-07-15T05:00:00Z"},
        // Left out: 02:30 is half an hour behind the gap.
        {"Europe/Berlin", local(2026, 3, 29, 2, 30), "2026-03-29T01:30:00Z"},
        {"Europe/Berlin", local(2026, 3, 29, 3), "2026-03-29T01:00:00Z"},
        // Twice: the first time.
        {"Europe/Berlin", local(2026, 10, 25, 2, 30), "2026-10-25T00:30:00Z"},
        {"Europe/Berlin", local(2026, 10, 25, 3), "2026-10-25T02:00:00Z"},
        {"America/New_York", local(2026, 11, 1, 1, 30), "2026-11-01T05:30:00Z"},
        {"Pacific/Auckland", local(2026, 9, 27, 7), "2026-09-26T18:00:00Z"},
    };
    for (const auto& row : rows) EXPECT_EQ(rfc3339(zone(row.zone)->moment(row.shown)), row.at) << row.zone;
}

TEST(TimeZone, RefusesWhatIsNoZone) {
    for (const char* name : {"", "Europe/Berlni", "../../etc/passwd", "/etc/localtime", "Europe", "tzdata.zi",
                             "Europe/Berlin\n", "zone.tab"})
        EXPECT_FALSE(TimeZone::named(name).has_value()) << name;
}

// A file as zic makes it today: no transitions, all in the rule at its end.
std::string slim(const std::string& rule, char version = '2') {
    std::string header = std::string("TZif") + version + std::string(15, '\0');
    auto count = [](int n) { return std::string{'\0', '\0', '\0', static_cast<char>(n)}; };
    header += count(0) + count(0) + count(0) + count(0) + count(1) + count(4);
    std::string data = std::string("\0\0\x0e\x10\0\0", 6) + std::string("CET\0", 4);
    return header + data + header + data + "\n" + rule + "\n";
}

TEST(TimeZone, ReadsTheRuleAtTheEndOfTheFile) {
    auto summer = *parse_rfc3339("2030-07-01T00:00:00Z"), winter = *parse_rfc3339("2030-01-01T00:00:00Z");
    const struct {
        const char* rule;
        int winter, summer;
    } rows[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", 60, 120},
        {"CET-1", 60, 60},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 660, 630},
        {"XXX3YYY,J60,J300/-2", -180, -120},
        {"XXX3YYY2:30,59/167,299", -180, -150},
        {"", 60, 60},
    };
    for (const auto& row : rows) {
        auto zone = TimeZone::parse(slim(row.rule));
        ASSERT_TRUE(zone.has_value()) << row.rule;
        EXPECT_EQ(zone->offset(winter), minutes(row.winter)) << row.rule;
        EXPECT_EQ(zone->offset(summer), minutes(row.summer)) << row.rule;
    }
    for (const char* wrong : {"CET", "CET-1CEST", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0", "C-1",
                              "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-999"})
        EXPECT_FALSE(TimeZone::parse(slim(wrong)).has_value()) << wrong;
}

TEST(TimeZone, OfHalfAFileIsAnErrorAndNoMore) {
    auto whole = slim("CET-1CEST,M3.5.0,M10.5.0/3");
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(TimeZone::parse(whole.substr(0, size)).has_value()) << size;
    // Counts that promise more than there is.
    for (std::size_t at = 20; at < 44; ++at) {
        auto lying = whole;
        lying[at] = '\x7f';
        (void)TimeZone::parse(lying);
        lying[at] = '\xff';
        EXPECT_FALSE(TimeZone::parse(lying).has_value()) << at;
    }
}

}  // namespace
}  // namespace basewatch
