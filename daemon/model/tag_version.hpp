#pragma once
// What a tag says about a version. Tags are not semver: `3.3-alpine3.19` is
// 3.3 in the flavour `alpine3.19`, where semver's grammar would see a pre-release; `24.04` has a leading
// zero; `20240101` is a date and not newer than `3.19`. So a tag is read as container tags are written:
//
//   [v] NUMBERS [PRE-RELEASE] [-FLAVOUR]     NUMBERS: up to six numbers of any length with dots between
//
// A pre-release is alpha, beta, a, b, c, rc, pre, preview, dev, snapshot, canary, nightly, milestone, m or
// ea, with or without numbers, set off by `-`, or written right after at least two numbers
// (`3.13.0rc1-slim`). A
// `+` cannot stand in a tag, so `_` and what follows (`1.2.3_4`) is build metadata and counts for nothing.
// Pure.

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::model {

struct TagVersion {
    std::vector<std::string> numbers;     // decimal digits without leading zeros
    std::vector<std::string> prerelease;  // `rc`, `1`; empty for a release
    std::string flavour;                  // `alpine3.19`, without its dash

    // Nothing for a tag that says no version: `latest`, `bookworm`, a commit's hash.
    static std::optional<TagVersion> parse(std::string_view tag);

    // Semver's precedence (§11); missing numbers count as zero; the flavour does not count.
    std::weak_ordering operator<=>(const TagVersion& other) const;
    bool operator==(const TagVersion& other) const { return (*this <=> other) == 0; }

    // Whether the first number is a year or a date; such versions compare only with their like.
    bool dated() const;
};

// Whether `candidate` is what somebody on `current` would move to: the same flavour, as many numbers, both
// dated or neither, no pre-release unless `current` is one, and newer.
bool newer_version(const TagVersion& current, const TagVersion& candidate);

}  // namespace basewatch::model
