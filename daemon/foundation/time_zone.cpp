#include "foundation/time_zone.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace basewatch {

namespace {

using std::chrono::seconds;

constexpr std::size_t largest_file = 256u << 10;
constexpr std::size_t header_size = 44;

Error no_zone() {
    return Error(ErrorKind::bad_answer, "not the file of a time zone (TZif)");
}

std::int64_t big_endian(std::string_view bytes) {
    std::uint64_t value = (static_cast<unsigned char>(bytes.front()) & 0x80) != 0 ? ~0ULL : 0;
    for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

// RFC 9636 §3.1: how much there is of what.
struct Header {
    int version = 1;
    std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, letters = 0;
    std::size_t size(std::size_t time_size) const {
        return times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard_flags +
               utc_flags;
    }
};

std::optional<Header> read_header(std::string_view bytes) {
    if (bytes.size() < header_size || !bytes.starts_with("TZif")) return std::nullopt;
    Header header;
    header.version = bytes[4] == '\0' ? 1 : bytes[4] - '0';
    std::array<std::size_t*, 6> counts{&header.utc_flags, &header.standard_flags, &header.leaps,
                                       &header.times,     &header.types,          &header.letters};
    for (std::size_t i = 0; i < counts.size(); ++i) {
        auto count = big_endian(bytes.substr(20 + 4 * i, 4));
        if (count < 0 || count > static_cast<std::int64_t>(largest_file)) return std::nullopt;
        *counts[i] = static_cast<std::size_t>(count);
    }
    if (header.types == 0 || header.types > 256) return std::nullopt;
    return header;
}

bool is_zone_name(std::string_view name) {
    if (name.empty() || name.size() > 100 || name.front() == '/' || name.find("..") != std::string_view::npos)
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
               c == '_' || c == '-' || c == '+';
    });
}

}  // namespace

// The POSIX TZ text, with the hours beyond a day that RFC 9636 §3.3.1 adds: `CET-1CEST,M3.5.0,M10.5.0/3`.
class TimeZone::RuleReader {
public:
    explicit RuleReader(std::string_view text) : text_(text) {}

    std::optional<Rule> read() {
        Rule rule;
        if (!name() || !offset(rule.standard)) return std::nullopt;
        if (text_.empty()) return rule;
        if (!name()) return std::nullopt;
        rule.has_summer = true;
        rule.summer = rule.standard + std::chrono::hours(1);
        if (!text_.empty() && text_.front() != ',' && !offset(rule.summer)) return std::nullopt;
        if (!turn(rule.begins) || !turn(rule.ends) || !text_.empty()) return std::nullopt;
        return rule;
    }

private:
    bool take(char c) {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    bool number(int& value, int most) {
        std::size_t digits = 0;
        value = 0;
        while (digits < text_.size() && digits < 4 && text_[digits] >= '0' && text_[digits] <= '9')
            value = value * 10 + (text_[digits++] - '0');
        text_.remove_prefix(digits);
        return digits > 0 && value <= most;
    }
    bool name() {
        bool quoted = take('<');
        std::size_t length = 0;
        while (length < text_.size() && (quoted ? text_[length] != '>'
                                                : (text_[length] >= 'a' && text_[length] <= 'z') ||
                                                      (text_[length] >= 'A' && text_[length] <= 'Z')))
            ++length;
        text_.remove_prefix(length);
        return length >= 3 && (!quoted || take('>'));
    }
    // hh[:mm[:ss]]
    bool clock(seconds& value) {
        bool negative = take('-');
        if (!negative) take('+');
        int hours = 0, minutes = 0, rest = 0;
        if (!number(hours, 167)) return false;
        if (take(':') && !number(minutes, 59)) return false;
        if (take(':') && !number(rest, 59)) return false;
        value = std::chrono::hours(hours) + std::chrono::minutes(minutes) + seconds(rest);
        if (negative) value = -value;
        return true;
    }
    // Written as what is added to local time.
    bool offset(seconds& value) {
        if (!clock(value)) return false;
        value = -value;
        return true;
    }
    bool turn(Turn& turn) {
        if (!take(',')) return false;
        if (take('M')) {
            turn.kind = Turn::Kind::month_week_day;
            if (!number(turn.month, 12) || !take('.') || !number(turn.week, 5) || !take('.') ||
                !number(turn.day, 6) || turn.month == 0 || turn.week == 0)
                return false;
        } else {
            turn.kind = take('J') ? Turn::Kind::julian : Turn::Kind::zero_based;
            if (!number(turn.day, 365)) return false;
        }
        return !take('/') || clock(turn.at);
    }

    std::string_view text_;
};

std::chrono::local_days TimeZone::Turn::in(int year) const {
    using namespace std::chrono;
    auto first = local_days(std::chrono::year(year) / January / 1);
    if (kind == Kind::zero_based) return first + days(day);
    // The 29th of February is never counted.
    if (kind == Kind::julian)
        return first + days(day - 1 + (std::chrono::year(year).is_leap() && day >= 60 ? 1 : 0));
    auto which = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month));
    weekday wanted(static_cast<unsigned>(day));
    if (week == 5) return local_days(which / weekday_last(wanted));
    return local_days(which / wanted[static_cast<unsigned>(week)]);
}

seconds TimeZone::Rule::offset(std::chrono::sys_seconds at) const {
    using namespace std::chrono;
    if (!has_summer) return standard;
    auto year = static_cast<int>(year_month_day(floor<days>(at + standard)).year());
    auto moment = [&](const Turn& turn, seconds ahead) {
        return sys_seconds((local_seconds(turn.in(year)) + turn.at).time_since_epoch() - ahead);
    };
    auto start = moment(begins, standard), end = moment(ends, summer);
    bool is_summer = start < end ? at >= start && at < end : at >= start || at < end;
    return is_summer ? summer : standard;
}

Result<TimeZone> TimeZone::parse(std::string_view bytes) {
    std::size_t time_size = 4;
    auto header = read_header(bytes);
    if (!header) return no_zone();
    if (header->version >= 2) {
        // The first block is for readers that know no 64 bits.
        auto behind = header_size + header->size(4);
        if (behind > bytes.size()) return no_zone();
        bytes.remove_prefix(behind);
        header = read_header(bytes);
        if (!header) return no_zone();
        time_size = 8;
    }
    bytes.remove_prefix(header_size);
    if (header->size(time_size) > bytes.size()) return no_zone();

    TimeZone zone;
    auto kinds = bytes.substr(header->times * time_size, header->times);
    auto types = bytes.substr(header->times * (time_size + 1), header->types * 6);
    auto offset_of = [&](std::size_t type) { return seconds(big_endian(types.substr(type * 6, 4))); };
    zone.before_all_ = offset_of(0);
    for (std::size_t i = 0; i < header->times; ++i) {
        std::size_t type = static_cast<unsigned char>(kinds[i]);
        auto at = big_endian(bytes.substr(i * time_size, time_size));
        if (type >= header->types || (i > 0 && at < zone.transitions_.back().at)) return no_zone();
        zone.transitions_.push_back({at, offset_of(type)});
    }
    bytes.remove_prefix(header->size(time_size));
    if (time_size == 4) return zone;
    auto end = bytes.starts_with('\n') ? bytes.find('\n', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return no_zone();
    auto text = bytes.substr(1, end - 1);
    if (text.empty()) return zone;
    zone.rule_ = RuleReader(text).read();
    if (!zone.rule_) return no_zone();
    return zone;
}

Result<std::shared_ptr<const TimeZone>> TimeZone::named(const std::string& name) {
    auto unknown = Error(ErrorKind::invalid, "there is no time zone `" + name +
                                                 "`: write one as Europe/Berlin, America/New_York "
                                                 "or UTC (the package tzdata has them)");
    if (!is_zone_name(name)) return unknown;
    const char* folder = std::getenv("TZDIR");
    std::ifstream file(std::string(folder != nullptr ? folder : "/usr/share/zoneinfo") + "/" + name,
                       std::ios::binary);
    if (!file) return unknown;
    std::string bytes(largest_file, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    auto zone = parse(bytes);
    if (!zone) return unknown;
    return std::make_shared<const TimeZone>(std::move(*zone));
}

seconds TimeZone::offset(Time at) const {
    auto second = std::chrono::floor<seconds>(at);
    auto number = second.time_since_epoch().count();
    auto next = std::upper_bound(transitions_.begin(), transitions_.end(), number,
                                 [](std::int64_t when, const Transition& one) { return when < one.at; });
    if (next == transitions_.end() && rule_) return rule_->offset(second);
    return next == transitions_.begin() ? before_all_ : std::prev(next)->offset;
}

TimeZone::Local TimeZone::local(Time at) const {
    auto second = std::chrono::floor<seconds>(at);
    return Local(second.time_since_epoch() + offset(at));
}

Time TimeZone::moment(Local shown) const {
    constexpr std::chrono::hours a_day{24};
    Time as_utc{shown.time_since_epoch()};
    auto before = offset(as_utc - a_day), after = offset(as_utc + a_day);
    if (offset(as_utc - before) != before && offset(as_utc - after) == after) return as_utc - after;
    return as_utc - before;
}

}  // namespace basewatch
