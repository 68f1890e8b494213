#pragma once
// Quiet hours of a target: when they end. Pure; tested as a table with the days on which clocks change.

#include "foundation/clock.hpp"
#include "settings/target_settings.hpp"

#include <optional>
#include <vector>

namespace basewatch::dispatch {

// The end of the quiet hours that `now` lies in, with what follows without a gap, at most a week ahead;
// nothing when it is not quiet.
std::optional<Time> quiet_until(const std::vector<settings::QuietHours>& quiet, Time now);

}  // namespace basewatch::dispatch
