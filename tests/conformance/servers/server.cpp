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

settings::RegistrySettings settings_for(bool as_owner) {
    settings::RegistrySettings made;
    made.plain_http = true;
    if (as_owner) {
        made.username = owner;
        made.password = Secret(owners_password);
    }
    return made;
}

ImagePusher pusher_to(const std::string& address, bool as_owner) {
    ImagePusher::Registry to{.address = address, .url = "http://" + address};
    if (as_owner) {
        to.username = owner;
        to.password = owners_password;
    }
    return ImagePusher(std::move(to));
}

}  // namespace basewatch::test
