#pragma once
// Intervals that cannot be kept: a registry may only be asked so often, and its bases have to share that.
// Told before anything is asked, by what is known then: the rate of each registry (its own, or the default)
// and the number of its bases. What it says of itself later is counted by the daemon (`basewatch status`). A
// HEAD is no pull, so that Docker Hub's pulls set no limit here; and what patterns come to stand for is not
// known.

#include "foundation/yaml.hpp"
#include "settings/settings.hpp"
#include "watch/watcher.hpp"

#include <vector>

namespace basewatch::app {

// At the base with the shortest interval of each such registry; `bases` are watched_bases(settings).
void warn_of_intervals(const settings::Settings& settings, const std::vector<watch::Watched>& bases,
                       Problems& problems);

}  // namespace basewatch::app
