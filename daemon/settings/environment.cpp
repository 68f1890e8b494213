#include "settings/environment.hpp"

#include "settings/file.hpp"

#include <algorithm>
#include <unistd.h>

namespace basewatch::settings {

namespace {

bool readable(const std::string& path) {
    auto found = read_small_file(path, 0);
    return found || found.error().kind() == ErrorKind::too_large;
}

}  // namespace

Environment Environment::of_process() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view text(*entry);
        auto equals = text.find('=');
        if (equals != std::string_view::npos)
            environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

std::optional<std::string> Environment::find(const std::string& name) const {
    auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string> readable_auth_files(const Environment& environment) {
    auto value = [&](const char* name) { return environment.find(name).value_or(""); };
    std::string home = value("HOME");
    std::vector<std::string> candidates;
    if (auto file = value("REGISTRY_AUTH_FILE"); !file.empty()) candidates.push_back(file);
    std::string runtime = value("XDG_RUNTIME_DIR");
    candidates.push_back(runtime.empty() ? "/run/containers/" + std::to_string(::getuid()) + "/auth.json"
                                         : runtime + "/containers/auth.json");
    std::string config = value("XDG_CONFIG_HOME");
    if (config.empty() && !home.empty()) config = home + "/.config";
    if (!config.empty()) candidates.push_back(config + "/containers/auth.json");
    if (auto docker = value("DOCKER_CONFIG"); !docker.empty()) {
        candidates.push_back(docker + "/config.json");
    } else if (!home.empty()) {
        candidates.push_back(home + "/.docker/config.json");
    }
    if (!home.empty()) candidates.push_back(home + "/.dockercfg");
    std::vector<std::string> out;
    for (const auto& path : candidates)
        if (readable(path) && std::ranges::find(out, path) == out.end()) out.push_back(path);
    return out;
}

std::string default_state(const Environment& environment) {
    std::string folder = environment.find("STATE_DIRECTORY").value_or("");
    return folder.empty() ? "basewatch.db" : folder.substr(0, folder.find(':')) + "/basewatch.db";
}

std::string default_listen(const Environment& environment) {
    std::string folder = environment.find("RUNTIME_DIRECTORY").value_or("");
    if (folder.empty()) folder = "/run/basewatch";
    return "unix:" + folder.substr(0, folder.find(':')) + "/api.sock";
}

}  // namespace basewatch::settings
