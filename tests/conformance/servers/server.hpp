#pragma once
// Registries that Debian does not have, built from their published modules (build.sh) and started on a free
// loopback port with a folder of their own. Stopped by their process id.

#include "settings/registry_settings.hpp"
#include "support/image_pusher.hpp"

#include <memory>
#include <string>

namespace basewatch::test {

class Server {
public:
    Server() = default;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    virtual ~Server() = default;

    // As references and settings name it: `127.0.0.1:41234`.
    virtual std::string address() const = 0;
    virtual ImagePusher images() const = 0;
    // What a client needs to read everything in it.
    virtual settings::RegistrySettings settings() const = 0;
    // Where images of its owner go.
    virtual std::string repository() const { return "lib/base"; }
    // It takes Docker's media types as they are.
    virtual bool takes_docker() const { return true; }
    // A tag is deleted by its own name, and not with its manifest.
    virtual bool deletes_tags() const { return true; }
};

// Whose images they are, where a server has users.
inline constexpr const char* owner = "poller";
inline constexpr const char* owners_password = "s3cret-of-poller";
// How the owner, or anybody, reads and writes by HTTP.
settings::RegistrySettings settings_for(bool as_owner);
ImagePusher pusher_to(const std::string& address, bool as_owner);

using ServerMaker = std::unique_ptr<Server> (*)();
std::unique_ptr<Server> open_distribution_3();
std::unique_ptr<Server> distribution_3_with_password();
std::unique_ptr<Server> distribution_3_with_token();
std::unique_ptr<Server> gitea();
std::unique_ptr<Server> open_zot();
std::unique_ptr<Server> zot_with_password();

// A file of what build.sh made; an exception when it is not there.
std::string built(const std::string& name);

}  // namespace basewatch::test
