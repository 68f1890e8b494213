#include "app/daemon.hpp"
#include "cli/offline.hpp"
#include "cli/verbs.hpp"
#include "foundation/log.hpp"

namespace basewatch::cli {

int run(const Common& common, const std::string& log_format, bool verbose) {
    auto format = log_format == "json"      ? log::Format::json
                  : log_format == "text"    ? log::Format::text
                  : log_format == "journal" ? log::Format::journal
                                            : log::Format::automatic;
    log::open(format, verbose ? log::Level::debug : log::Level::info);
    return app::run_daemon({common.config, settings::Environment::of_process()});
}

}  // namespace basewatch::cli
