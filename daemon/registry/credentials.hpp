#pragma once
// Who we are at a registry: username and password of the settings, else the registry's own auth_file, else
// docker's and podman's files in the order of the settings, where a credential helper may have it. A file is
// read again when it changes. Where a file says that there is a credential and it cannot be had (a helper
// that fails, a broken entry), that is an Error for that registry: asking anonymously instead would fail in a
// way that nobody understands. Loop thread only.

#include "foundation/error.hpp"
#include "registry/auth_file.hpp"
#include "registry/credential_program.hpp"
#include "settings/registry_settings.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>

namespace basewatch::registry {

class Credentials {
public:
    // `environment` (NAME=value) is what credential helpers find their own credentials by.
    Credentials(asio::any_io_executor executor, Clock& clock,
                std::shared_ptr<const settings::RegistriesSettings> settings,
                std::vector<std::string> environment);
    // Forgets every file that was read.
    void replace(std::shared_ptr<const settings::RegistriesSettings> settings);

    // As find(), and asks the helper that has it.
    Async<Result<Credential>> obtain(std::string registry, std::string repository);
    // Kind::none where nobody knows one, Kind::helper where a helper does.
    Result<Credential> find(const std::string& registry, const std::string& repository);

    // The same credential has the same name as long as this process lives; it says nothing about the secret.
    std::string identity(const Credential& credential) const;

private:
    struct ReadFile {
        std::string version;  // device, file, size and time of change; empty: not there
        Result<AuthFile> content = Error();
    };
    const ReadFile& read(const std::string& path);
    Result<std::optional<Credential>> in_file(const std::string& path, const std::string& registry,
                                              const std::string& repository);
    void warn_once(const std::string& text);

    std::shared_ptr<const settings::RegistriesSettings> settings_;
    CredentialHelpers helpers_;
    std::map<std::string, ReadFile> files_;
    std::set<std::string> warned_;
    std::string key_;  // random
};

}  // namespace basewatch::registry
