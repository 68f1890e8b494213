#pragma once
// Chooses tags by glob, regular expression and version range. In time linear in the tags whatever the
// pattern: the patterns are the user's, the tags are anybody's. Pure.

#include "foundation/error.hpp"
#include "model/tag_choice.hpp"
#include "model/version_range.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace basewatch::rules {

class TagFilter {
public:
    // ErrorKind::invalid, saying which part is wrong: a pattern over 500 bytes, a regular expression that is
    // none or too large, a range that is none.
    static Result<TagFilter> compile(const model::TagChoice& choice);

    bool fits(std::string_view tag) const;

    // Those that fit, in ASCII order; of them the `newest` where that was asked for: releases before dated
    // tags (20240101) before pre-releases before what is no version, each from the highest down. 3.4 counts
    // as newer than 3.4.1, because it moves on to whatever comes after.
    std::vector<std::string> choose(const std::vector<std::string>& tags) const;

private:
    model::TagChoice choice_;
    std::shared_ptr<const re2::RE2> regex_;
    std::optional<model::VersionRange> range_;
};

// `glob 3.*-alpine, newest 5`.
std::string in_words(const model::TagChoice& tags);

}  // namespace basewatch::rules
