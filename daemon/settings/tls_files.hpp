#pragma once
// The files behind a TLS connection, as registries and targets name them: `ca_file`, `client_cert`,
// `client_key`. They are read when connecting, and again when they change.

#include "foundation/yaml.hpp"

#include <string>
#include <string_view>

namespace basewatch::settings {

class SecretReader;

struct TlsFiles {
    std::string ca_file;                                   // PEM, instead of the system's store
    std::string client_certificate_file, client_key_file;  // PEM, both or neither
    bool operator==(const TlsFiles&) const = default;
};

// Takes the three keys. `plain` is what of the mapping says that there is no TLS, in words (`plain_http:
// true`); empty where there may be.
TlsFiles read_tls_files(YamlMap& map, SecretReader& secrets, Problems& problems, std::string_view plain);

}  // namespace basewatch::settings
