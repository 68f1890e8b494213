#pragma once
// Which of a repository's tags somebody means, as it was written.

#include <optional>
#include <string>
#include <vector>

namespace basewatch::model {

struct TagChoice {
    // Each empty where it was not given; a tag must fit every one that was.
    std::string glob{};
    std::string regex{};                 // RE2, matched against the whole tag
    std::string semver{};                // model::VersionRange
    std::vector<std::string> exclude{};  // globs
    std::optional<std::size_t> newest{};
};

}  // namespace basewatch::model
