#pragma once
// A docker config.json or podman auth.json, parsed (docker's cli/config/configfile, containers-auth.json(5)):
// keys may be namespaced and the most specific one counts; Docker Hub is known under its old names; keys with
// a scheme are docker's old spelling of a host. The older .dockercfg (the entries alone) is read as well, so
// that both kinds of Kubernetes pull secret can be mounted. Strict and bounded; no error ever holds a secret.
// A `*` in a key is no pattern, as for docker: only the kubelet reads it as one. Pure.

#include "foundation/error.hpp"
#include "foundation/secret.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::registry {

struct Credential {
    enum class Kind {
        none,            // ask without
        password,        // Basic, to the registry or to its token server
        identity_token,  // an OAuth2 refresh token, exchanged at the token server
        registry_token,  // a bearer token as it is
        helper,          // a credential helper has it: its name, and as the username the key to ask it with
        cloud,           // a cloud lends it
    };
    Kind kind = Kind::none;
    std::string username;
    Secret secret;
    std::string helper;
    std::string
        source;  // who lent it, where it can be asked again; empty: it stands in a file or the settings

    bool operator==(const Credential&) const = default;
};

class AuthFile {
public:
    // ErrorKind::bad_answer or too_large (over 1 MiB). A broken entry is no error before it is asked for.
    static Result<AuthFile> parse(std::string_view text);

    // What the file knows for this repository, in the order to try: the helper of this registry, or else the
    // store of all registries; then the entry itself. Nothing where it knows none. invalid when the entry
    // cannot be read.
    Result<std::vector<Credential>> find(const std::string& registry, const std::string& repository) const;

    // Docker's HttpHeaders, for the registries that the file has an entry or a helper of. Those that nobody
    // may set are left out.
    const std::map<std::string, std::string>& headers() const { return headers_; }
    bool knows(const std::string& registry, const std::string& repository) const {
        return helpers_.contains(registry) || entry_of(registry, repository) != nullptr;
    }

private:
    struct Entry {
        std::string auth;
        std::string username, password;
        std::string identity_token, registry_token;
        std::string key;     // as it is written
        bool wrong = false;  // a member has another type than it must
        bool empty() const {
            return auth.empty() && username.empty() && password.empty() && identity_token.empty() &&
                   registry_token.empty();
        }
    };
    bool read_headers(const nlohmann::json& headers);
    const Entry* entry_of(const std::string& registry, const std::string& repository) const;
    static Result<Credential> read(const Entry& entry, const std::string& registry);

    struct Helper {
        std::string name, key;
    };
    std::map<std::string, Entry> entries_;   // by key, schemes and old paths cut away
    std::map<std::string, Helper> helpers_;  // by host
    std::string store_;
    std::map<std::string, std::string> headers_;
};

}  // namespace basewatch::registry
