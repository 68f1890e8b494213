#pragma once
// A configuration, read, checked as a whole and turned into the tables that the parts run on. Made anew at a
// reload and swapped whole, or not at all.

#include "api/service.hpp"
#include "dispatch/dispatcher.hpp"
#include "foundation/yaml.hpp"
#include "settings/settings.hpp"
#include "watch/watcher.hpp"

#include <memory>
#include <optional>
#include <string>

namespace basewatch::app {

struct Configuration {
    settings::Settings settings;                     // without `watch`, which is all in the table
    std::shared_ptr<const watch::WatchTable> watch;  // null once the parts use it
    std::shared_ptr<const dispatch::DispatchTable> dispatch;
    std::shared_ptr<const api::ApiTable> api;
};

// Nothing when there is an error among the problems.
std::optional<Configuration> load(const std::string& file, const settings::Environment& environment,
                                  Problems& problems);

// For who runs nothing with it: told as well of the intervals that cannot be kept, of which a daemon speaks
// when it knows what its registries allow.
std::optional<Configuration> load_to_judge(const std::string& file, const settings::Environment& environment,
                                           Problems& problems);

// Compiles the jq programs that the configuration holds; faults go to `problems` with the place of the
// program.
Async<void> check_programs(const settings::Settings& settings, jq::Worker& jq, Problems& problems);

// Each problem on a line of its own, as compilers write them, so that editors jump there.
std::string report(const Problems& problems);

}  // namespace basewatch::app
