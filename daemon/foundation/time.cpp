#include "foundation/time.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace basewatch {

namespace {

using namespace std::chrono;

constexpr Milliseconds a_day = hours(24);

Error not_a_time(std::string_view text) {
    return Error(ErrorKind::invalid,
                 "not an RFC 3339 time such as 2026-11-23T17:40:00Z: " + std::string(text.substr(0, 40)));
}

// Reads exactly `width` digits at the front.
std::optional<int> digits(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
// Longest name first where one begins another.
constexpr std::array units{Unit{"ms", 1}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                           Unit{"s", 1000}};

}  // namespace

std::int64_t to_unix_ms(Time time) {
    return time.time_since_epoch().count();
}

Time from_unix_ms(std::int64_t ms) {
    return Time(Milliseconds(ms));
}

std::string rfc3339(Time time) {
    auto day = floor<days>(time);
    year_month_day date(day);
    hh_mm_ss clock(time - day);
    std::array<char, 40> out{};
    auto fraction = static_cast<int>(clock.subseconds().count());
    int length =
        std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()));
    std::string text(out.data(), static_cast<std::size_t>(length));
    if (fraction != 0) {
        std::snprintf(out.data(), out.size(), ".%03d", fraction);
        text += out.data();
    }
    return text + "Z";
}

Result<Time> parse_rfc3339(std::string_view text) {
    std::string_view rest = text;
    auto year_ = digits(rest, 4);
    if (!year_ || !take(rest, '-')) return not_a_time(text);
    auto month_ = digits(rest, 2);
    if (!month_ || !take(rest, '-')) return not_a_time(text);
    auto day_ = digits(rest, 2);
    if (!day_ || rest.empty() || (rest.front() != 'T' && rest.front() != 't' && rest.front() != ' '))
        return not_a_time(text);
    rest.remove_prefix(1);
    auto hour_ = digits(rest, 2);
    if (!hour_ || !take(rest, ':')) return not_a_time(text);
    auto minute_ = digits(rest, 2);
    if (!minute_ || !take(rest, ':')) return not_a_time(text);
    auto second_ = digits(rest, 2);
    if (!second_) return not_a_time(text);
    int fraction = 0;
    if (take(rest, '.')) {
        int scale = 100;
        std::size_t count = 0;
        while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
            fraction += (rest.front() - '0') * scale;
            scale /= 10;
            rest.remove_prefix(1);
            ++count;
        }
        if (count == 0 || count > 9) return not_a_time(text);
    }
    minutes offset{0};
    if (!take(rest, 'Z') && !take(rest, 'z')) {
        if (rest.empty() || (rest.front() != '+' && rest.front() != '-')) return not_a_time(text);
        int sign = rest.front() == '-' ? -1 : 1;
        rest.remove_prefix(1);
        auto hours_ = digits(rest, 2);
        if (!hours_ || !take(rest, ':')) return not_a_time(text);
        auto minutes_ = digits(rest, 2);
        if (!minutes_ || *hours_ > 23 || *minutes_ > 59) return not_a_time(text);
        offset = minutes(sign * (*hours_ * 60 + *minutes_));
    }
    year_month_day date{year(*year_), month(static_cast<unsigned>(*month_)),
                        day(static_cast<unsigned>(*day_))};
    // 60 is a leap second; it is read as the second after.
    if (!rest.empty() || !date.ok() || *hour_ > 23 || *minute_ > 59 || *second_ > 60) return not_a_time(text);
    return Time(sys_days(date) + hours(*hour_) + minutes(*minute_) + seconds(*second_) +
                Milliseconds(fraction) - offset);
}

Result<Time> parse_http_date(std::string_view text) {
    // Only IMF-fixdate, "Mon, 23 Nov 2026 17:40:00 GMT": the obsolete forms have not been seen from a
    // registry.
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    Error wrong(ErrorKind::invalid, "not an HTTP date: " + std::string(text.substr(0, 40)));
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return wrong;
    std::string_view rest = text.substr(5, 20);
    auto day_ = digits(rest, 2);
    if (!day_ || !take(rest, ' ')) return wrong;
    unsigned month_ = 0;
    for (unsigned i = 0; i < months.size(); ++i)
        if (rest.starts_with(months[i])) month_ = i + 1;
    if (month_ == 0) return wrong;
    rest.remove_prefix(3);
    if (!take(rest, ' ')) return wrong;
    auto year_ = digits(rest, 4);
    if (!year_ || !take(rest, ' ')) return wrong;
    auto hour_ = digits(rest, 2);
    if (!hour_ || !take(rest, ':')) return wrong;
    auto minute_ = digits(rest, 2);
    if (!minute_ || !take(rest, ':')) return wrong;
    auto second_ = digits(rest, 2);
    year_month_day date{year(*year_), month(month_), day(static_cast<unsigned>(*day_))};
    if (!second_ || !date.ok() || *hour_ > 23 || *minute_ > 59 || *second_ > 60) return wrong;
    return Time(sys_days(date) + hours(*hour_) + minutes(*minute_) + seconds(*second_));
}

Result<Milliseconds> parse_duration(std::string_view text) {
    Error wrong(ErrorKind::invalid, "not a duration such as 100ms, 90s, 15m, 6h or 7d: \"" +
                                        std::string(text.substr(0, 40)) + "\"");
    std::int64_t number = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || number < 0) return wrong;
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const auto& known : units) {
        if (unit != known.name) continue;
        if (number > 36'500LL * 86'400'000 / known.ms) return wrong;
        return Milliseconds(number * known.ms);
    }
    return wrong;
}

std::string format_duration(Milliseconds duration) {
    static constexpr std::array largest_first{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                              Unit{"s", 1000}};
    for (const auto& unit : largest_first)
        if (duration.count() != 0 && duration.count() % unit.ms == 0)
            return std::to_string(duration.count() / unit.ms) + std::string(unit.name);
    return duration.count() == 0 ? "0s" : std::to_string(duration.count()) + "ms";
}

std::optional<Milliseconds> parse_retry_after(std::string_view value, Time now) {
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
    double number = 0;
    auto [end, fault] =
        std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
    Milliseconds wait{0};
    bool counted =
        !value.empty() && value.front() >= '0' && value.front() <= '9';  // from_chars reads "inf" too
    if (counted && fault == std::errc() && end == value.data() + value.size()) {
        // Seconds; fractions are not in the RFC, and are seen.
        wait = number >= 86'400 ? a_day : Milliseconds(static_cast<std::int64_t>(number * 1000));
    } else {
        auto date = parse_http_date(value);
        if (!date) return std::nullopt;
        wait = *date - now;
    }
    if (wait <= Milliseconds(0)) return std::nullopt;
    return std::min(wait, a_day);
}

}  // namespace basewatch
