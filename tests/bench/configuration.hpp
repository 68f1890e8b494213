#pragma once
// What the program is configured with when it is measured: registries on this machine, asked as fast as they
// answer, and the references watched there.

#include "support/temporary_folder.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace basewatch::bench {

struct Watching {
    std::vector<std::string> hosts;  // HOST:PORT
    std::string reached_by;          // a registry's setting: `plain_http: true` or `ca_file: FILE`
    std::size_t connections = 8;     // for each host
    std::vector<std::string> references;
    int interval_seconds = 900;
};

// Written into the folder, with the state and the socket beside it; the file's path.
std::string write_configuration(const Watching& watching, const test::TemporaryFolder& folder);
std::string socket_in(const test::TemporaryFolder& folder);

}  // namespace basewatch::bench
