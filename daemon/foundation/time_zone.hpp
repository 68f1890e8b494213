#pragma once
// A zone of the tz database (`Europe/Berlin`) as the system has it: a TZif file (RFC 9636), read once, and a
// pure function of the moment from then on. The C library's own zone is global to the process, and
// std::chrono's are not in libstdc++ 12.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch {

class TimeZone {
public:
    using Local = std::chrono::local_seconds;

    // The bytes of a TZif file, of version 1 to 4. Leap seconds are not counted (the system's clock does not
    // either). bad_answer for anything else.
    static Result<TimeZone> parse(std::string_view bytes);
    // From /usr/share/zoneinfo, or $TZDIR. invalid when the name is none or there is no such zone.
    static Result<std::shared_ptr<const TimeZone>> named(const std::string& name);

    // How far local time is ahead of UTC.
    std::chrono::seconds offset(Time at) const;
    Local local(Time at) const;
    // When clocks there show this. What comes twice (clocks go back) is its first time, what is left out
    // (clocks go forward) is as far behind the gap as it is into it.
    Time moment(Local shown) const;

private:
    // What goes on for ever behind the last transition of the file: the POSIX TZ text at its end.
    struct Turn {
        enum class Kind { month_week_day, julian, zero_based } kind = Kind::zero_based;
        int month = 0, week = 0, day = 0;
        std::chrono::seconds at{7200};
        std::chrono::local_days in(int year) const;
    };
    struct Rule {
        std::chrono::seconds standard{}, summer{};
        bool has_summer = false;
        Turn begins, ends;
        std::chrono::seconds offset(std::chrono::sys_seconds at) const;
    };
    class RuleReader;
    struct Transition {
        std::int64_t at = 0;  // unix seconds
        std::chrono::seconds offset{};
    };

    std::chrono::seconds before_all_{};
    std::vector<Transition> transitions_;
    std::optional<Rule> rule_;
};

}  // namespace basewatch
