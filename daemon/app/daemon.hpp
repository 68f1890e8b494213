#pragma once
// `basewatch run`: starts the parts, serves until SIGTERM or SIGINT, reloads at SIGHUP, then stops in order:
// no new checks, attempts under way finish or are put back, the state is closed.

#include "settings/settings.hpp"

#include <string>

namespace basewatch::app {

struct DaemonOptions {
    std::string file;
    settings::Environment environment;
};

// The exit code: 0 after a signal, 1 when it could not start or go on, 2 for a configuration that is wrong.
int run_daemon(const DaemonOptions& options);

}  // namespace basewatch::app
