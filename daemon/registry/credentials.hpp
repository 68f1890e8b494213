#pragma once
// Who we are at a registry: username and password of the settings, the cloud that they name, or else the
// registry's own auth_file, else docker's and podman's files in the order of the settings, where a credential
// helper may have it: that of the registry (credHelpers), or else the store of all registries (credsStore),
// and after it the entry of the file. A file is read again when it changes. Where somebody should know a
// credential and it cannot be had (a helper that fails, a broken entry), that is an Error for that registry:
// asking anonymously instead would fail in a way that nobody understands. Loop thread only.

#include "foundation/error.hpp"
#include "registry/auth_file.hpp"
#include "registry/cloud_credentials.hpp"
#include "registry/credential_program.hpp"
#include "settings/registry_settings.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace basewatch::registry {

class Credentials {
public:
    // `environment` (NAME=value) is what credential helpers, and AWS's keys, are found by.
    Credentials(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts,
                std::shared_ptr<const settings::RegistriesSettings> settings,
                std::vector<std::string> environment);
    // Forgets every file that was read.
    void replace(std::shared_ptr<const settings::RegistriesSettings> settings);

    // Asks whoever may have one, one after the other; Kind::none where nobody has.
    Async<Result<Credential>> obtain(std::string registry, std::string repository);
    // The first that would be tried, without asking anybody: Kind::helper or Kind::cloud where one is to be
    // asked.
    Result<Credential> find(const std::string& registry, const std::string& repository);
    // The registry said no to it. Whether whoever lent it is asked for another now.
    bool refused(const Credential& credential);
    // Docker's HttpHeaders, of the files that know this registry, as they were when it was last asked for.
    std::map<std::string, std::string> headers(const std::string& registry, const std::string& repository);

    // The same credential has the same name as long as this process lives; it says nothing about the secret.
    std::string identity(const Credential& credential) const;

private:
    struct ReadFile {
        std::string version;  // device, file, size and time of change; empty: not there
        Result<AuthFile> content = Error();
    };
    const ReadFile& read(const std::string& path);
    Result<std::vector<Credential>> in_file(const std::string& path, const std::string& registry,
                                            const std::string& repository);
    struct Known {
        std::vector<Credential> credentials;  // in the order to try
        std::optional<Error> otherwise;       // why there is none, where anonymous would be wrong
    };
    Known known(const std::string& registry, const std::string& repository);
    void warn_once(const std::string& text);

    std::shared_ptr<const settings::RegistriesSettings> settings_;
    CloudCredentials clouds_;
    CredentialHelpers helpers_;
    std::map<std::string, ReadFile> files_;
    std::set<std::string> warned_;
    std::string key_;  // random
};

}  // namespace basewatch::registry
