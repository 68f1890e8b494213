#include "foundation/ordered_names.hpp"
#include "settings/base_pattern.hpp"
#include "settings/message_times.hpp"
#include "settings/reading.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <array>

namespace basewatch::settings {

namespace {

// The items of a key that takes one or many and must hold at least one.
std::vector<YamlValue> some(YamlMap& map, std::string_view key, Problems& problems) {
    auto value = map.require(key);
    if (!value) return {};
    auto items = yaml_one_or_many(*value);
    if (items.empty())
        problems.error(value->mark(), "`" + std::string(key) + "` of " + map.what() + " is an empty list");
    return items;
}

// Adds a text and its place, once; a second one is told.
void add(const std::string& text, const Mark& where, std::string_view name, OrderedNames& texts,
         std::vector<Mark>& marks, Problems& problems) {
    if (texts.add(text))
        marks.push_back(where);
    else
        problems.error(where, "`" + std::string(name) + "` names " + text + " twice: keep one of them");
}

void read_bases(YamlMap& map, Reading& reading, RuleSettings& settings) {
    OrderedNames bases;
    for (const auto& item : some(map, "base", reading.problems)) {
        std::optional<std::string> base;
        model::Digest pin;
        if (item.kind() == YamlValue::Kind::scalar && has_glob(item.scalar())) {
            auto pattern = normalised_pattern(item.scalar());
            if (pattern) base = *pattern;
            if (!pattern) reading.problems.error(item.mark(), "`base`: " + pattern.error().message());
        } else if (auto reference = read_base_reference(item, "base", reading.problems)) {
            base = reference->base.text();
            pin = reference->pin;
        }
        if (base) add(*base, item.mark(), "base", bases, settings.base_marks, reading.problems);
        if (settings.pins.size() < bases.names().size()) settings.pins.push_back(std::move(pin));
    }
    settings.rule.bases = std::move(bases).take();
}

void read_kinds(YamlMap& map, Reading& reading, RuleSettings& settings) {
    auto value = map.take("on");
    if (!value) return;
    settings.rule.on.clear();
    auto items = yaml_one_or_many(*value);
    if (items.empty())
        reading.problems.error(value->mark(), "`on` is an empty list: leave it out for [content, reverted]");
    for (const auto& item : items) {
        if (item.scalar() == "unreachable" || item.scalar() == "recovered") {
            reading.problems.error(item.mark(), "`on` cannot be " + item.described() + ": write base." +
                                                    std::string(item.scalar()) + " under `notify`");
            continue;
        }
        if (!read_word(item, "on",
                       {"content", "reverted", "metadata", "platform_added", "platform_removed",
                        "tag_created", "tag_deleted", "newer_version"},
                       reading.problems))
            continue;
        auto kind = model::change_kind(item.scalar());
        if (!kind || std::ranges::find(settings.rule.on, *kind) != settings.rule.on.end()) continue;
        settings.rule.on.push_back(*kind);
        settings.on_marks.push_back(item.mark());
    }
}

void read_rule_dependents(YamlMap& map, Reading& reading, RuleSettings& settings) {
    auto value = map.take("dependents");
    if (!value) return;
    OrderedNames dependents;
    for (const auto& item : yaml_one_or_many(*value)) {
        auto image = std::optional(item);
        if (item.kind() == YamlValue::Kind::map) {
            YamlMap dependent(item, "an entry of `dependents`", reading.problems);
            dependent.refuse({"newest"});
            image = dependent.require("image");
            dependent.finish();
        }
        if (!image) continue;
        if (auto reference = read_tag_reference(*image, "dependents", reading.problems))
            add(reference->text(), image->mark(), "dependents", dependents, settings.dependent_marks,
                reading.problems);
    }
    settings.rule.dependents = std::move(dependents).take();
}

void read_fire(YamlMap& map, Reading& reading, std::vector<std::string>& fire, std::vector<Mark>& marks) {
    OrderedNames targets;
    for (const auto& item : some(map, "fire", reading.problems))
        if (auto name = read_name(item, "fire", reading.problems))
            add(*name, item.mark(), "fire", targets, marks, reading.problems);
    fire = std::move(targets).take();
}

void read_rule(const YamlValue& value, Reading& reading) {
    YamlMap map(value, "an entry of `rules`", reading.problems);
    if (value.kind() != YamlValue::Kind::map) return;
    map.refuse({"approve", "canary", "freeze"});
    RuleSettings settings;
    settings.where = value.mark();
    if (auto name = map.require("name")) {
        settings.where = name->mark();
        settings.rule.name = read_line(*name, "name", 128, reading.problems).value_or("");
    }
    read_bases(map, reading, settings);
    read_kinds(map, reading, settings);
    if (auto when = read_program(map, "when", "'.data.base.tag | test(\"^3\")'", reading.problems)) {
        settings.rule.when = std::move(when->text);
        settings.when_at = when->at;
    }
    read_rule_dependents(map, reading, settings);
    read_fire(map, reading, settings.rule.fire, settings.fire_marks);
    if (auto group = map.take("group")) {
        settings.group_at = group->mark();
        settings.rule.group = read_rule_group(*group, map.what(), reading.problems);
        if (settings.rule.group && settings.rule.group->together)
            settings.rule.group->together->rule = settings.rule.name;
    }
    map.finish();
    if (settings.rule.name.empty()) return;
    if (reading.first("rule `" + settings.rule.name + "`", settings.where))
        reading.settings.rules.push_back(std::move(settings));
}

void read_event(const YamlValue& item, Reading& reading, OrderedNames& events, std::vector<Mark>& marks) {
    if (item.scalar() == "base.changed" || item.scalar() == "rebuild.requested") {
        reading.problems.error(item.mark(), "`events` cannot be " + item.described() +
                                                ": it comes by `rules`, to the targets that they fire");
        return;
    }
    if (read_word(
            item, "events", {"base.unreachable", "base.recovered", "target.disabled"}, reading.problems,
            {"rebuild.verified", "rebuild.unverified", "rebuild.stale", "rebuild.failed", "rebuild.overdue"}))
        add(std::string(item.scalar()), item.mark(), "events", events, marks, reading.problems);
}

void read_notify_entry(const YamlValue& value, Reading& reading) {
    YamlMap map(value, "an entry of `notify`", reading.problems);
    if (value.kind() != YamlValue::Kind::map) return;
    NotifySettings notify;
    OrderedNames events;
    for (const auto& item : some(map, "events", reading.problems))
        read_event(item, reading, events, notify.event_marks);
    notify.events = std::move(events).take();
    read_fire(map, reading, notify.fire, notify.fire_marks);
    map.finish();
    reading.settings.notify.push_back(std::move(notify));
}

}  // namespace

void read_rules(const YamlValue& value, Reading& reading) {
    for (const auto& item : section_items(value, "rules", reading.problems)) read_rule(item, reading);
}

void read_notify(const YamlValue& value, Reading& reading) {
    for (const auto& item : section_items(value, "notify", reading.problems))
        read_notify_entry(item, reading);
}

}  // namespace basewatch::settings
