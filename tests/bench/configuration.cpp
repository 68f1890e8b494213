#include "bench/configuration.hpp"

#include <algorithm>
#include <sstream>

namespace basewatch::bench {

namespace {

constexpr std::size_t references_in_a_file = 20'000;

}  // namespace

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
    // Files are bounded; a large table stands in several.
    for (std::size_t at = 0; at < watching.references.size(); at += references_in_a_file) {
        auto end = std::min(at + references_in_a_file, watching.references.size());
        std::string part = "watch:\n";
        for (std::size_t i = at; i < end; ++i) part += "  - " + watching.references[i] + "\n";
        folder.write("conf.d/" + std::to_string(at) + ".yaml", part);
    }
    return folder.write("basewatch.yaml", text.str());
}

}  // namespace basewatch::bench
