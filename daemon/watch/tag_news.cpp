#include "watch/tag_news.hpp"

#include <algorithm>
#include <iterator>

namespace basewatch::watch {

namespace {

using Tags = std::vector<std::string>;

Tags without(const Tags& tags, const Tags& others) {
    Tags left;
    std::set_difference(tags.begin(), tags.end(), others.begin(), others.end(), std::back_inserter(left));
    return left;
}

Tags both(const Tags& a, const Tags& b) {
    Tags found;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(found));
    return found;
}

Tags either(const Tags& a, const Tags& b) {
    Tags found;
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(found));
    return found;
}

// The newest first.
Tags newer_than(const std::string& named, const Tags& appeared) {
    auto current = model::TagVersion::parse(named);
    if (!current) return {};
    std::vector<std::pair<model::TagVersion, std::string>> found;
    for (const auto& tag : appeared) {
        auto version = model::TagVersion::parse(tag);
        if (version && model::newer_version(*current, *version)) found.emplace_back(*version, tag);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        auto order = a.first <=> b.first;
        return order != 0 ? order > 0 : a.second < b.second;
    });
    Tags tags;
    for (auto& [version, tag] : found) tags.push_back(std::move(tag));
    return tags;
}

}  // namespace

std::vector<std::string> chosen_tags(const std::vector<const rules::TagFilter*>& patterns, const Tags& tags) {
    Tags chosen;
    for (const auto* pattern : patterns) chosen = either(chosen, pattern->choose(tags));
    return chosen;
}

TagNews tag_news(const TagNewsInput& input) {
    TagNews news;
    if (!input.known) {
        news.known = input.listed;
        news.suspicious = !input.complete;
        return news;
    }
    auto gone = without(*input.known, input.listed);
    auto appeared = without(input.listed, *input.known);
    news.suspicious = !input.complete || gone.size() * 5 > input.known->size();
    bool believed = !news.suspicious || (input.complete && input.believe_short);
    auto kept = believed ? both(gone, chosen_tags(input.patterns, *input.known)) : gone;
    news.known = either(input.listed, kept);
    news.created = both(appeared, chosen_tags(input.patterns, news.known));
    for (const auto& named : input.named) {
        auto newer = newer_than(named, appeared);
        if (!newer.empty()) news.newer.emplace(named, std::move(newer));
    }
    return news;
}

}  // namespace basewatch::watch
