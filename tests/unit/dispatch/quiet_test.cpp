// Quiet hours as a table, with the nights on which clocks jump.

#include "dispatch/quiet.hpp"

#include "foundation/time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::dispatch {
namespace {

using namespace std::chrono_literals;

settings::QuietHours hours(std::chrono::minutes from, std::chrono::minutes to, const std::string& zone) {
    return {from, to, *TimeZone::named(zone)};
}

std::string end(const std::vector<settings::QuietHours>& quiet, const char* now) {
    auto until = quiet_until(quiet, *parse_rfc3339(now));
    return until ? rfc3339(*until) : "no";
}

TEST(QuietHours, EndWhereClocksShowTheTime) {
    auto night = hours(22h, 7h, "Europe/Berlin"), noon = hours(12h, 13h, "UTC");
    const struct {
        std::vector<settings::QuietHours> quiet;
        const char* now;
        const char* until;
    } rows[] = {
        {{}, "2026-01-15T12:00:00Z", "no"},
        {{night}, "2026-01-15T12:00:00Z", "no"},
        {{night}, "2026-01-15T20:59:59Z", "no"},
        {{night}, "2026-01-15T21:00:00Z", "2026-01-16T06:00:00Z"},
        {{night}, "2026-01-16T03:00:00Z", "2026-01-16T06:00:00Z"},
        {{night}, "2026-01-16T05:59:59.999Z", "2026-01-16T06:00:00Z"},
        {{night}, "2026-01-16T06:00:00Z", "no"},
        // Summer begins in this night, and ends in that one.
        {{night}, "2026-03-28T21:30:00Z", "2026-03-29T05:00:00Z"},
        {{night}, "2026-10-24T20:30:00Z", "2026-10-25T06:00:00Z"},
        {{noon}, "2026-01-15T12:30:00Z", "2026-01-15T13:00:00Z"},
        {{noon}, "2026-01-15T13:30:00Z", "no"},
        // Hours that do not exist on this day are none.
        {{hours(2h + 10min, 2h + 50min, "Europe/Berlin")}, "2026-03-29T00:30:00Z", "no"},
        // One follows the other: no message between them.
        {{night, hours(7h, 9h, "Europe/Berlin")}, "2026-01-15T22:00:00Z", "2026-01-16T08:00:00Z"},
        {{noon, hours(12h + 30min, 14h, "UTC")}, "2026-01-15T12:00:00Z", "2026-01-15T14:00:00Z"},
        // All day, every day: a week ahead and no further.
        {{hours(0h, 12h, "UTC"), hours(12h, 0h, "UTC")}, "2026-01-15T06:00:00Z", "2026-01-22T00:00:00Z"},
    };
    for (const auto& row : rows) EXPECT_EQ(end(row.quiet, row.now), row.until) << row.now;
}

}  // namespace
}  // namespace basewatch::dispatch
