#pragma once
// When an answer that is cheaper is not enough, and the whole question is asked again: `every` so often for
// each name, at a time of its own. Needs no memory but the time of the last look, so that restarts and
// one-shot checks neither ask all at once nor never. Pure.

#include "foundation/clock.hpp"

#include <string_view>

namespace basewatch::registry {

// Of what a mirror or a list says instead of the registry's manifests.
inline constexpr Milliseconds second_opinion_every{std::chrono::hours(4)};

// Also where the clock went back.
bool look_due(std::string_view name, Milliseconds every, Time last, Time now);

}  // namespace basewatch::registry
