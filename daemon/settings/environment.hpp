#pragma once
// What the surroundings of the process say where the configuration says nothing.

#include "settings/settings.hpp"

#include <string>
#include <vector>

namespace basewatch::settings {

// Podman's and docker's auth files that exist and can be read, in the order they are asked: podman's search
// (containers-auth.json(5)), which ends with docker's config.json.
std::vector<std::string> readable_auth_files(const Environment& environment);

// $STATE_DIRECTORY/basewatch.db, else ./basewatch.db (systemd.exec(5): the variable may name several folders,
// divided by colons; the first is ours).
std::string default_state(const Environment& environment);
// $RUNTIME_DIRECTORY/api.sock, else /run/basewatch/api.sock.
std::string default_listen(const Environment& environment);

}  // namespace basewatch::settings
