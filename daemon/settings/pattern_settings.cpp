// The `tags:` of an entry of `watch`: which tags of a repository somebody means.

#include "model/version_range.hpp"
#include "settings/reading.hpp"
#include "settings/values.hpp"

#include <algorithm>

namespace basewatch::settings {

namespace {

constexpr std::int64_t most_newest = 1000;
constexpr std::size_t longest_pattern = 500;

// What tags are made of (the distribution specification's grammar), `*` and `?`.
bool may_stand_in_glob(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-*?").find(c) != std::string_view::npos;
}

std::optional<std::string> read_tag_glob(const YamlValue& value, std::string_view name, Problems& problems) {
    auto glob = read_line(value, name, longest_pattern, problems);
    if (!glob) return glob;
    auto strange = std::ranges::find_if_not(*glob, may_stand_in_glob);
    if (strange == glob->end()) return glob;
    std::string what = "`" + std::string(name);
    if (std::string_view(":/@ ").find(*strange) != std::string_view::npos)
        what += "` is over tags alone, such as 3.*-alpine, without the name of the repository; not ";
    else
        what +=
            "` holds what no tag does: beside letters, digits, `.`, `-` and `_` it may have * (any run) "
            "and ? (one character), and for more there is `regex`; not ";
    problems.error(value.mark(), what + value.described());
    return std::nullopt;
}

void read_semver(const YamlValue& value, Problems& problems, PatternSettings& pattern) {
    auto text = read_line(value, "semver", longest_pattern, problems);
    if (!text) return;
    auto range = model::VersionRange::parse(*text);
    if (!range) problems.error(value.mark(), "`semver`: " + range.error().message());
    if (range) pattern.tags.semver = *text;
    pattern.semver_at = value.mark();
}

}  // namespace

void read_tags(const YamlValue& value, Problems& problems, PatternSettings& pattern) {
    YamlMap map(value, "`tags`", problems);
    if (value.kind() != YamlValue::Kind::map) return;
    std::size_t earlier = problems.errors();
    if (auto glob = map.take("glob")) {
        pattern.tags.glob = read_tag_glob(*glob, "glob", problems).value_or("");
        pattern.glob_at = glob->mark();
    }
    if (auto regex = map.take("regex")) {
        pattern.tags.regex = read_line(*regex, "regex", longest_pattern, problems).value_or("");
        pattern.regex_at = regex->mark();
    }
    if (auto semver = map.take("semver")) read_semver(*semver, problems, pattern);
    if (auto exclude = map.take("exclude"))
        for (const auto& item : yaml_one_or_many(*exclude))
            if (auto glob = read_tag_glob(item, "exclude", problems)) {
                pattern.tags.exclude.push_back(*glob);
                pattern.exclude_marks.push_back(item.mark());
            }
    if (auto newest = map.take("newest"))
        if (auto count = yaml_integer(*newest, "newest", 1, most_newest, problems))
            pattern.tags.newest = static_cast<std::size_t>(*count);
    map.finish();
    const auto& tags = pattern.tags;
    bool chooses = !tags.glob.empty() || !tags.regex.empty() || !tags.semver.empty() || tags.newest;
    if (!chooses && problems.errors() == earlier)
        problems.error(value.mark(),
                       "`tags` chooses none: give it a glob (\"3.*-alpine\"), a regex, a semver range "
                       "(\">=3.2 <4\") or newest (5)");
}

}  // namespace basewatch::settings
