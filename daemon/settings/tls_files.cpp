#include "settings/tls_files.hpp"

#include "settings/secret_reader.hpp"

namespace basewatch::settings {

TlsFiles read_tls_files(YamlMap& map, SecretReader& secrets, Problems& problems, std::string_view plain) {
    TlsFiles files;
    auto without_tls = [&](const char* key, const std::string& article) {
        if (!plain.empty())
            problems.error(map.where(key), map.what() + " has " + std::string(plain) + " and " + article +
                                               " `" + key + "`: without TLS there is no certificate");
    };
    if (auto file = map.take("ca_file")) {
        files.ca_file = secrets.path(*file, "ca_file").value_or("");
        without_tls("ca_file", "a");
    }
    auto certificate = map.take("client_cert");
    auto key = map.take("client_key");
    if (certificate) files.client_certificate_file = secrets.path(*certificate, "client_cert").value_or("");
    if (key) files.client_key_file = secrets.path(*key, "client_key").value_or("");
    if (certificate && !key)
        problems.error(map.where("client_cert"), map.what() + " has a `client_cert` and no `client_key`");
    if (key && !certificate)
        problems.error(map.where("client_key"), map.what() + " has a `client_key` and no `client_cert`");
    if (certificate) without_tls("client_cert", "a");
    return files;
}

}  // namespace basewatch::settings
