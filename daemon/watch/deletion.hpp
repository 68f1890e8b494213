#pragma once
// When a tag that the registry says it does not have was deleted (README, "Tags that come and go"). A 404 may
// also be a registry that hides what a lost login no longer sees, a cache that never saw the tag, or a
// replica behind the others. Pure.

#include "foundation/clock.hpp"

namespace basewatch::watch {

struct MissingTag {
    int answers = 0;  // 404, in a row and from the registry
    Time since{};     // the first of them
    Milliseconds interval{};
    Time listed_at{};  // when the repository's tags were last listed to their end; 0: not yet
};

enum class Deletion {
    not_yet,
    needs_list,  // the repository has to be one that we can list
    confirm      // by a GET, and then it is told
};

// At least three 404s over at least two intervals, and a list that was read since the first of them.
Deletion deletion(const MissingTag& tag, Time now);
// When it can be told at the earliest.
Time told_at_earliest(const MissingTag& tag);

}  // namespace basewatch::watch
