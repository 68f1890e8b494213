#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace basewatch::cli {

int run(int count, char** arguments) {
    CLI::App app("Watches base images, fires webhooks, proves the rebuild");
    app.set_version_flag("--version", "basewatch " BASEWATCH_VERSION);
    CLI11_PARSE(app, count, arguments);
    std::fputs(app.help().c_str(), stdout);
    return 2;
}

}  // namespace basewatch::cli
