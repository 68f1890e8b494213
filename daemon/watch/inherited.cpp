#include "watch/inherited.hpp"

#include "foundation/json.hpp"
#include "watch/classify.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace basewatch::watch {

namespace {

using Json = nlohmann::json;

// Written anew at every build of the same content.
constexpr std::array<std::string_view, 6> build_labels{
    "org.opencontainers.image.*", "org.label-schema.*", "build-date", "vcs-ref", "release",
    "io.buildah.version"};

bool label_matches(std::string_view pattern, std::string_view label) {
    if (pattern.ends_with('*')) return label.starts_with(pattern.substr(0, pattern.size() - 1));
    return label == pattern;
}

bool says_nothing(const Json* value) {
    if (value == nullptr || value->is_null()) return true;
    if (value->is_string()) return value->get_ref<const std::string&>().empty();
    return (value->is_array() || value->is_object()) && value->empty();
}

bool same(const Json* before, const Json* after) {
    if (says_nothing(before) || says_nothing(after)) return says_nothing(before) && says_nothing(after);
    return *before == *after;
}

void add_config_differences(std::vector<std::string>& found, const std::string& before,
                            const std::string& after) {
    if (before == after) return;
    auto was = parse_json(before.empty() ? "{}" : before), is = parse_json(after.empty() ? "{}" : after);
    if (!was || !is || !was->is_object() || !is->is_object()) {
        found.emplace_back("config");
        return;
    }
    std::set<std::string> names;
    for (const auto& [name, value] : was->items()) names.insert(name);
    for (const auto& [name, value] : is->items()) names.insert(name);
    for (const auto& name : names)
        if (!same(member(*was, name), member(*is, name))) found.push_back("config." + name);
}

void add_label_differences(std::vector<std::string>& found, const std::map<std::string, std::string>& before,
                           const std::map<std::string, std::string>& after,
                           const std::vector<std::string>& ignored) {
    if (before == after) return;
    std::set<std::string> names;
    for (const auto& [name, value] : before) names.insert(name);
    for (const auto& [name, value] : after) names.insert(name);
    for (const auto& name : names) {
        auto was = before.find(name), is = after.find(name);
        bool equal = was != before.end() && is != after.end() && was->second == is->second;
        if (!equal && label_says_something(name, ignored)) found.push_back("label " + name);
    }
}

}  // namespace

bool label_says_something(std::string_view label, const std::vector<std::string>& ignored) {
    auto is_meant = [&](std::string_view pattern) { return label_matches(pattern, label); };
    return std::none_of(build_labels.begin(), build_labels.end(), is_meant) &&
           std::none_of(ignored.begin(), ignored.end(), is_meant);
}

std::vector<std::string> inherited_differences(const model::ImageContent& before,
                                               const model::ImageContent& after,
                                               const std::vector<std::string>& ignored_labels) {
    std::vector<std::string> found;
    if (before.diff_ids != after.diff_ids) found.emplace_back("layers");
    add_config_differences(found, before.inherited_config, after.inherited_config);
    add_label_differences(found, before.labels, after.labels, ignored_labels);
    return found;
}

}  // namespace basewatch::watch
