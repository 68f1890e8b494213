#pragma once
// What settings mean together: names that nothing defines, targets that lack what their preset needs, places
// in addresses that no parameter fills, bases under two names, cycles. Each fault at its place, with what
// would be right. Settings that were read with errors may be given too (settings::read_what_is_readable), so
// that one run tells everything; what is only a consequence of those errors is left out then.
//
// Whether jq programs compile is asked of the jq worker, elsewhere.

#include "foundation/yaml.hpp"
#include "settings/settings.hpp"

namespace basewatch::app {

void check_settings(const settings::Settings& settings, Problems& problems);

}  // namespace basewatch::app
