#include "settings/message_times.hpp"

#include "foundation/time.hpp"
#include "settings/target_settings.hpp"
#include "settings/values.hpp"

namespace basewatch::settings {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds shortest_group = 1s;
constexpr Milliseconds longest_group = 24h;

std::optional<std::chrono::minutes> read_time_of_day(const YamlValue& value, std::string_view name,
                                                     Problems& problems) {
    auto text = value.scalar();
    auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 100; };
    if (value.kind() == YamlValue::Kind::scalar && text.size() == 5 && text[2] == ':') {
        int hours = digit(0) * 10 + digit(1), minutes = digit(3) * 10 + digit(4);
        if (hours < 24 && minutes < 60) return std::chrono::hours(hours) + std::chrono::minutes(minutes);
    }
    problems.error(value.mark(), "`" + std::string(name) +
                                     "` of `quiet` must be a time of day such as \"22:00\", not " +
                                     value.described());
    return std::nullopt;
}

std::shared_ptr<const TimeZone> read_zone(const YamlValue& value, Problems& problems) {
    auto name = read_line(value, "zone", 100, problems);
    if (!name) return nullptr;
    auto known = TimeZone::named(*name);
    if (known) return *known;
    problems.error(value.mark(), "`zone`: " + known.error().message());
    return nullptr;
}

void read_quiet(const YamlValue& value, Problems& problems, TargetSettings& target) {
    constexpr std::size_t most = 20;
    auto items = yaml_one_or_many(value);
    if (items.empty() || items.size() > most)
        problems.error(value.mark(),
                       "`quiet` must hold 1 to 20 times, such as "
                       "[{from: \"22:00\", to: \"07:00\", zone: Europe/Berlin}]");
    for (const auto& item : items) {
        YamlMap map(item, "an entry of `quiet`", problems);
        if (item.kind() != YamlValue::Kind::map) continue;
        auto from = map.require("from"), to = map.require("to"), zone = map.require("zone");
        map.finish();
        auto begins = from ? read_time_of_day(*from, "from", problems) : std::nullopt;
        auto ends = to ? read_time_of_day(*to, "to", problems) : std::nullopt;
        auto known = zone ? read_zone(*zone, problems) : nullptr;
        if (begins && ends && *begins == *ends)
            problems.error(to->mark(),
                           "`quiet` from and to the same time would be all day: for that there is "
                           "`basewatch mute --until`");
        else if (begins && ends && known)
            target.quiet.push_back({*begins, *ends, std::move(known)});
    }
}

}  // namespace

std::optional<model::Grouping> read_grouping(const YamlValue& value, const std::string& whose,
                                             Problems& problems) {
    auto duration = [&](const YamlValue& item, std::string_view name) {
        return read_duration(item, name, shortest_group, longest_group, problems);
    };
    if (value.kind() != YamlValue::Kind::map) {
        auto wait = duration(value, "group");
        return wait ? std::optional(model::Grouping{*wait, *wait}) : std::nullopt;
    }
    YamlMap map(value, "`group` of " + whose, problems);
    auto wait = map.require("wait"), most = map.require("most");
    map.finish();
    auto least = wait ? duration(*wait, "wait") : std::nullopt;
    auto longest = most ? duration(*most, "most") : std::nullopt;
    if (!least || !longest) return std::nullopt;
    if (*longest < *least) {
        problems.error(most->mark(),
                       "`most` of `group` is shorter than `wait`: it is how long the first one "
                       "of a message waits at most");
        return std::nullopt;
    }
    return model::Grouping{*least, *longest};
}

std::optional<model::RuleGroup> read_rule_group(const YamlValue& value, const std::string& whose,
                                                Problems& problems) {
    bool word = value.kind() == YamlValue::Kind::scalar;
    if (word && value.scalar() == "none") return model::RuleGroup();
    if (value.kind() != YamlValue::Kind::map && !(word && parse_duration(value.scalar()))) {
        problems.error(value.mark(),
                       "`group` of " + whose +
                           " must be a duration such as 2m, {wait: 30s, most: 5m}, or none, not " +
                           value.described());
        return std::nullopt;
    }
    auto together = read_grouping(value, whose, problems);
    return together ? std::optional(model::RuleGroup{std::move(together)}) : std::nullopt;
}

void read_message_times(YamlMap& map, Problems& problems, TargetSettings& target) {
    if (auto value = map.take("group")) {
        target.group_at = value->mark();
        target.group = read_grouping(*value, "target `" + target.name + "`", problems);
    }
    if (auto value = map.take("quiet")) read_quiet(*value, problems, target);
}

}  // namespace basewatch::settings
