#include "settings/reading.hpp"
#include "settings/values.hpp"

#include <algorithm>

namespace basewatch::settings {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds shortest_interval = 100ms;
constexpr Milliseconds longest_settle = std::chrono::hours(24 * 7);
constexpr Milliseconds longest_interval = std::chrono::hours(24 * 30);

std::optional<PlatformChoice> read_platforms(const YamlValue& value, Problems& problems) {
    PlatformChoice choice;
    choice.named.clear();
    auto items = yaml_one_or_many(value);
    if (items.empty()) {
        problems.error(value.mark(),
                       "`platforms` is an empty list: write `all` or some, such as [linux/amd64]");
        return std::nullopt;
    }
    bool good = true;
    for (const auto& item : items) {
        auto text = yaml_string(item, "platforms", problems);
        if (text && *text == "all") {
            choice.all = true;
            continue;
        }
        auto platform = text ? model::Platform::parse(*text) : Result<model::Platform>(Error());
        good = good && platform;
        if (platform) {
            choice.named.push_back(*platform);
        } else if (text) {
            problems.error(item.mark(), "`platforms`: " + platform.error().message());
        }
    }
    if (!good) return std::nullopt;
    if (choice.all && !choice.named.empty()) {
        problems.error(value.mark(), "`platforms` names `all` and others beside it: keep one of them");
        return std::nullopt;
    }
    return choice;
}

// What stands where tags are chosen by `tags`.
std::optional<model::Reference> read_repository(const YamlValue& value, std::string_view name,
                                                Problems& problems) {
    auto reference = read_tag_reference(value, name, problems);
    if (!reference || !names_a_tag(value.scalar())) return reference;
    problems.error(value.mark(), "`" + std::string(name) +
                                     "` of an entry with `tags` names no tag itself: write " +
                                     reference->name());
    return std::nullopt;
}

void read_aliases(const YamlValue& value, Problems& problems, bool of_pattern, WatchSettings& watch) {
    for (const auto& item : yaml_one_or_many(value)) {
        auto alias = of_pattern ? read_repository(item, "aliases", problems)
                                : read_tag_reference(item, "aliases", problems);
        if (!alias) continue;
        // The same tag under another name, unless a tag stands there.
        watch.aliases.push_back(names_a_tag(item.scalar()) ? *alias : alias->with_tag(watch.base.tag()));
        watch.alias_marks.push_back(item.mark());
    }
}

void read_ignore_labels(const YamlValue& value, Problems& problems, WatchSettings& watch) {
    for (const auto& item : yaml_one_or_many(value)) {
        auto label = read_line(item, "ignore_labels", 256, problems);
        if (!label) continue;
        if (label->find('*') < label->size() - 1) {
            problems.error(item.mark(), "`ignore_labels` knows `*` only at the end, as in com.example.*");
        } else {
            watch.ignore_labels.push_back(*label);
        }
    }
}

void read_watch_entry(const YamlValue& value, Reading& reading) {
    WatchSettings watch;
    watch.where = value.mark();
    if (value.kind() == YamlValue::Kind::scalar) {
        if (auto base = read_base_reference(value, "watch", reading.problems)) {
            watch.base = std::move(base->base);
            watch.pin = std::move(base->pin);
            reading.settings.watch.push_back(std::move(watch));
        }
        return;
    }
    YamlMap map(value, "an entry of `watch`", reading.problems);
    if (value.kind() != YamlValue::Kind::map) return;
    std::optional<PatternSettings> pattern;
    std::size_t earlier = reading.problems.errors();
    if (auto tags = map.take("tags")) read_tags(*tags, reading.problems, pattern.emplace());
    auto image = map.require("image");
    if (image && pattern)
        watch.base = read_repository(*image, "image", reading.problems).value_or(model::Reference());
    if (image && !pattern)
        if (auto base = read_base_reference(*image, "image", reading.problems)) {
            watch.base = std::move(base->base);
            watch.pin = std::move(base->pin);
        }
    if (auto interval = map.take("interval"))
        watch.interval =
            read_duration(*interval, "interval", shortest_interval, longest_interval, reading.problems);
    if (auto platforms = map.take("platforms"))
        watch.platforms = read_platforms(*platforms, reading.problems);
    if (auto settle = map.take("settle"))
        watch.settle = read_duration(*settle, "settle", 0ms, longest_settle, reading.problems);
    if (auto labels = map.take("ignore_labels")) read_ignore_labels(*labels, reading.problems, watch);
    if (auto aliases = map.take("aliases"))
        read_aliases(*aliases, reading.problems, pattern.has_value(), watch);
    map.finish();
    if (watch.base.empty()) return;
    if (!pattern) {
        reading.settings.watch.push_back(std::move(watch));
    } else if (reading.problems.errors() == earlier) {
        pattern->watch = std::move(watch);
        reading.settings.patterns.push_back(std::move(*pattern));
    }
}

void read_dependent(const YamlValue& value, Reading& reading) {
    YamlMap map(value, "an entry of `dependents`", reading.problems);
    if (value.kind() != YamlValue::Kind::map) return;
    map.refuse({"base", "platforms"});
    DependentSettings settings;
    std::size_t earlier = reading.problems.errors();
    settings.where = value.mark();
    auto& dependent = settings.dependent;
    if (auto image = map.require("image")) {
        dependent.reference =
            read_tag_reference(*image, "image", reading.problems).value_or(model::Reference());
        settings.where = image->mark();
    }
    if (auto owner = map.take("owner"))
        dependent.owner = read_line(*owner, "owner", 200, reading.problems).value_or("");
    if (auto deadline = map.take("deadline"))
        dependent.deadline =
            read_duration(*deadline, "deadline", 1s, std::chrono::hours(24 * 366), reading.problems);
    if (auto value = map.take("priority"))
        if (auto word = read_word(*value, "priority", {"security", "routine", "bulk"}, reading.problems))
            dependent.priority = static_cast<model::Priority>(*word);
    if (auto with = map.take("with")) dependent.parameters = read_texts(*with, "`with`", reading.problems);
    map.finish();
    settings.whole = reading.problems.errors() == earlier;
    if (dependent.reference.empty()) return;
    if (reading.first("dependent " + dependent.reference.text(), settings.where))
        reading.settings.dependents.push_back(std::move(settings));
}

}  // namespace

void read_defaults(const YamlValue& value, Reading& reading) {
    YamlMap map(value, "`defaults`", reading.problems);
    auto& defaults = reading.settings.defaults;
    if (auto interval = map.take("interval");
        interval && reading.first("`interval` in `defaults`", map.where("interval")))
        defaults.interval =
            read_duration(*interval, "interval", shortest_interval, longest_interval, reading.problems)
                .value_or(defaults.interval);
    if (auto platforms = map.take("platforms");
        platforms && reading.first("`platforms` in `defaults`", map.where("platforms")))
        defaults.platforms = read_platforms(*platforms, reading.problems).value_or(defaults.platforms);
    if (auto settle = map.take("settle");
        settle && reading.first("`settle` in `defaults`", map.where("settle")))
        defaults.settle =
            read_duration(*settle, "settle", 0ms, longest_settle, reading.problems).value_or(defaults.settle);
    if (auto count = map.take("unreachable_after");
        count && reading.first("`unreachable_after` in `defaults`", map.where("unreachable_after")))
        defaults.unreachable_after =
            static_cast<int>(yaml_integer(*count, "unreachable_after", 1, 1000, reading.problems)
                                 .value_or(defaults.unreachable_after));
    map.finish();
}

void read_watch(const YamlValue& value, Reading& reading) {
    auto items = section_items(value, "watch", reading.problems);
    auto& watch = reading.settings.watch;
    // The entries are large: grown by doubling, half of the room would be for nothing.
    if (auto wanted = watch.size() + items.size(); wanted > watch.capacity())
        watch.reserve(std::max(wanted, watch.capacity() + watch.capacity() / 4));
    for (const auto& item : items) read_watch_entry(item, reading);
}

void read_dependents(const YamlValue& value, Reading& reading) {
    for (const auto& item : section_items(value, "dependents", reading.problems))
        read_dependent(item, reading);
}

}  // namespace basewatch::settings
