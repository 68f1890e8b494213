#include "bench/configuration.hpp"

#include <sstream>

namespace basewatch::bench {

std::string socket_in(const test::TemporaryFolder& folder) {
    return folder / "api.sock";
}

std::string write_configuration(const Watching& watching, const test::TemporaryFolder& folder) {
    std::ostringstream text;
    text << "daemon: {state: " << folder / "state.db" << ", listen: [\"unix:" << socket_in(folder) << "\"]}\n"
         << "defaults: {interval: " << watching.interval_seconds << "s}\nregistries:\n";
    for (const auto& host : watching.hosts)
        text << "  \"" << host << "\": {" << watching.reached_by << ", connections: " << watching.connections
             << ", rate: 100000/s}\n";
    text << "watch:\n";
    for (const auto& reference : watching.references) text << "  - " << reference << "\n";
    return folder.write("basewatch.yaml", text.str());
}

}  // namespace basewatch::bench
