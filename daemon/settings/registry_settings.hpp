#pragma once
// `registries:` of the configuration: how to reach a registry where the default does not fit.

#include "foundation/clock.hpp"
#include "foundation/secret.hpp"
#include "foundation/yaml.hpp"
#include "settings/header_values.hpp"
#include "settings/tls_files.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace basewatch::settings {

struct Rate {
    double per_second = 0;
};

// The clouds whose logins are built in.
enum class Provider { none, ecr, google, azure };
std::string_view to_string(Provider provider);

// How a cloud's registry is logged in to. Of the members only those of the provider are set.
struct CloudLogin {
    Provider provider = Provider::none;
    Mark where;
    // ecr: empty keys are those of the environment, the container or the instance; empty region and endpoint
    // are what the registry's name says.
    std::string access_key_id;
    Secret secret_access_key, session_token;
    std::string region, endpoint;
    std::string key_file;  // google: of a service account; without it and a token, the machine's own
    Secret access_token;   // google; azure: of Entra ID
    std::string tenant;    // azure

    bool operator==(const CloudLogin& other) const {
        auto all = [](const CloudLogin& login) {
            return std::tie(login.provider, login.access_key_id, login.secret_access_key, login.session_token,
                            login.region, login.endpoint, login.key_file, login.access_token, login.tenant);
        };
        return all(*this) == all(other);
    }
};

enum class Family { any, ipv4, ipv6 };

// Whether one list of a registry's own API stands for many HEADs.
enum class Bulk { automatic, always, never };

// Another registry that has the same images: a plain copy, or a cache that fetches what it is asked for.
struct MirrorSettings {
    std::string host;      // normalised host[:port]; an entry of by_host, its own or an implied one
    std::string prefix{};  // of its repositories, without a slash at either end; may be empty
    bool plain_http = false;
    Mark where{};
};

struct RegistrySettings : TlsFiles {
    std::string username;
    Secret password;
    std::string auth_file;  // path of a docker config.json or podman auth.json for this registry
    CloudLogin login;
    std::map<std::string, HeaderValue> headers;  // to this registry's own address and nowhere else
    bool plain_http = false;
    Family family = Family::any;
    Secret proxy;  // an address, perhaps with a user and password; empty: the environment's
    Mark proxy_at;
    bool direct = false;                     // no proxy, whatever the environment says
    std::optional<Milliseconds> timeout;     // default 30 s
    std::optional<std::size_t> connections;  // default 4
    std::optional<Rate> rate;                // default 10/s for public registries, 100/s for others
    std::vector<MirrorSettings> mirrors;     // asked in this order
    std::optional<Bulk> bulk;                // default: automatic; Docker Hub's is never
    bool mirror_only = false;                // the registry itself cannot be reached from here
};

struct RegistriesSettings {
    std::map<std::string, RegistrySettings> by_host;  // normalised host[:port]
    // Docker's and podman's own auth files that this process can read, in the order they are asked; filled at
    // load from the environment (DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, HOME).
    std::vector<std::string> auth_files;
};

}  // namespace basewatch::settings
