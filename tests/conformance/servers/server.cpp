#include "conformance/servers/server.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace basewatch::test {

std::string built(const std::string& name) {
    const char* folder = std::getenv("BASEWATCH_SERVERS");
    if (folder == nullptr) throw std::runtime_error("BASEWATCH_SERVERS does not say where the servers are");
    auto path = std::string(folder) + "/" + name;
    if (!std::filesystem::exists(path)) throw std::runtime_error(path + " was not built");
    return path;
}

}  // namespace basewatch::test
