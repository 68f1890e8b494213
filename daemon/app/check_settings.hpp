#pragma once
// What settings mean together: names that nothing defines, targets that lack what their preset needs, places
// in addresses that no parameter fills, bases under two names, cycles. Each fault at its place, with what
// would be right. Settings that were read with errors may be given too (settings::read_what_is_readable), so
// that one run tells everything; what is only a consequence of those errors is left out then.
//
// Whether jq programs compile is asked of the jq worker, elsewhere.

#include "foundation/yaml.hpp"
#include "presets/way.hpp"
#include "settings/settings.hpp"

namespace basewatch::app {

// `usable` says whether the client library of a way out is installed. A missing one is a warning: the daemon
// does everything else, and what is for that target waits for its next attempt.
void check_settings(const settings::Settings& settings, Problems& problems,
                    Result<void> (*usable)(presets::Way) = presets::usable);

}  // namespace basewatch::app
