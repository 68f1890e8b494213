#include "rules/tag_filter.hpp"

#include "rules/match.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace basewatch::rules {

namespace {

constexpr std::size_t longest_pattern = 500;
constexpr std::int64_t most_regex_memory = 1 << 20;

Result<std::shared_ptr<const re2::RE2>> compile_regex(const std::string& pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(most_regex_memory);
    auto regex = std::make_shared<const re2::RE2>(pattern, options);
    if (!regex->ok()) return Error(ErrorKind::invalid, "no regular expression of RE2: " + regex->error());
    return regex;
}

struct Ranked {
    std::string tag;
    std::optional<model::TagVersion> version;

    // Lower comes first.
    int rank() const {
        if (!version) return 3;
        if (!version->prerelease.empty()) return 2;
        return version->dated() ? 1 : 0;
    }
};

// Whether all numbers that both have are equal and the first has fewer: it floats over the second.
bool floats_over(const model::TagVersion& a, const model::TagVersion& b) {
    return a.numbers.size() < b.numbers.size() &&
           std::equal(a.numbers.begin(), a.numbers.end(), b.numbers.begin());
}

bool newer(const Ranked& a, const Ranked& b) {
    if (a.rank() != b.rank()) return a.rank() < b.rank();
    if (!a.version) return a.tag > b.tag;
    if (floats_over(*a.version, *b.version)) return true;
    if (floats_over(*b.version, *a.version)) return false;
    auto order = *a.version <=> *b.version;
    return order != 0 ? order > 0 : a.tag < b.tag;
}

}  // namespace

Result<TagFilter> TagFilter::compile(const model::TagChoice& choice) {
    TagFilter filter;
    filter.choice_ = choice;
    bool long_one = choice.glob.size() > longest_pattern || choice.regex.size() > longest_pattern;
    for (const auto& glob : choice.exclude) long_one |= glob.size() > longest_pattern;
    if (long_one)
        return Error(ErrorKind::invalid,
                     "a pattern is longer than " + std::to_string(longest_pattern) + " bytes");
    if (!choice.regex.empty()) {
        auto regex = compile_regex(choice.regex);
        if (!regex) return regex.error();
        filter.regex_ = std::move(*regex);
    }
    if (!choice.semver.empty()) {
        auto range = model::VersionRange::parse(choice.semver);
        if (!range) return range.error();
        filter.range_ = std::move(*range);
    }
    return filter;
}

bool TagFilter::fits(std::string_view tag) const {
    if (!choice_.glob.empty() && !glob_matches(choice_.glob, tag)) return false;
    if (regex_ && !re2::RE2::FullMatch(re2::StringPiece(tag.data(), tag.size()), *regex_)) return false;
    if (range_) {
        auto version = model::TagVersion::parse(tag);
        if (!version || !range_->contains(*version)) return false;
    }
    return std::none_of(choice_.exclude.begin(), choice_.exclude.end(),
                        [&](const std::string& glob) { return glob_matches(glob, tag); });
}

std::vector<std::string> TagFilter::choose(const std::vector<std::string>& tags) const {
    std::vector<std::string> chosen;
    std::copy_if(tags.begin(), tags.end(), std::back_inserter(chosen),
                 [this](const std::string& tag) { return fits(tag); });
    if (choice_.newest && chosen.size() > *choice_.newest) {
        std::vector<Ranked> ranked;
        ranked.reserve(chosen.size());
        for (auto& tag : chosen) {
            auto version = model::TagVersion::parse(tag);
            ranked.push_back({std::move(tag), std::move(version)});
        }
        std::sort(ranked.begin(), ranked.end(), newer);
        ranked.resize(*choice_.newest);
        chosen.clear();
        for (auto& one : ranked) chosen.push_back(std::move(one.tag));
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

std::string in_words(const model::TagChoice& tags) {
    std::string text;
    auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) text += (text.empty() ? "" : ", ") + std::string(name) + " " + value;
    };
    add("glob", tags.glob);
    add("regex", tags.regex);
    add("semver", tags.semver);
    for (const auto& glob : tags.exclude) add("exclude", glob);
    if (tags.newest) add("newest", std::to_string(*tags.newest));
    return text;
}

}  // namespace basewatch::rules
