#pragma once
// What a new list of a repository's tags means beside the one that is remembered (README, "Tags that come and
// go"). A list never deletes a tag that is watched: registries forget tags in lists that they still serve,
// and a cache with a dead origin was seen to list 2 of 1,504. Pure.

#include "model/tag_version.hpp"
#include "rules/tag_filter.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::watch {

struct TagNewsInput {
    std::optional<std::vector<std::string>> known;  // nothing: never listed. In ASCII order
    std::vector<std::string> listed;                // in ASCII order
    bool complete = true;
    std::vector<const rules::TagFilter*> patterns;
    std::vector<std::string> named;  // the tags for which newer ones are wanted
    // Lists have been too short for so long that it is how things are now.
    bool believe_short = false;
};

struct TagNews {
    // The tags that are known from now on, in ASCII order.
    std::vector<std::string> known;
    // Those that were not known, and that a pattern chooses.
    std::vector<std::string> created;
    // By named tag: what was not known and is newer, the newest first.
    std::map<std::string, std::vector<std::string>> newer;
    // More than a fifth of what was known is not in the list, or the list is not whole.
    bool suspicious = false;
};

// The first list is a baseline: nothing was created.
TagNews tag_news(const TagNewsInput& input);

// What the patterns choose of these, in ASCII order.
std::vector<std::string> chosen_tags(const std::vector<const rules::TagFilter*>& patterns,
                                     const std::vector<std::string>& tags);

}  // namespace basewatch::watch
