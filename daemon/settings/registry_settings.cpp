#include "settings/reading.hpp"
#include "settings/values.hpp"

namespace basewatch::settings {

namespace {

using namespace std::chrono_literals;

// The normalised name of a registry; a name that no reference can begin with is told.
std::optional<std::string> registry_host(const YamlValue::Entry& entry, Problems& problems) {
    std::string what = "not a registry: `" + entry.key.substr(0, 120) + "`; ";
    if (entry.key.find('/') != std::string::npos) {
        problems.error(entry.where, what + "write the host alone, such as ghcr.io or localhost:5000");
        return std::nullopt;
    }
    std::string host = model::normalised_registry(entry.key);
    auto reference = model::Reference::parse(host + "/repository");
    if (reference && reference->registry() == host) return host;
    problems.error(entry.where, what +
                                    "it is a host with a dot or a port, such as registry.example.com or "
                                    "localhost:5000");
    return std::nullopt;
}

void read_credentials(YamlMap& map, Reading& reading, RegistrySettings& registry) {
    auto username = map.take("username");
    auto password = map.take("password");
    auto auth_file = map.take("auth_file");
    if (username) registry.username = read_line(*username, "username", 256, reading.problems).value_or("");
    if (password) registry.password = reading.secrets.secret(*password, "password").value_or(Secret());
    if (auth_file) registry.auth_file = reading.secrets.path(*auth_file, "auth_file").value_or("");
    if (username && !password)
        reading.problems.error(map.where("username"), map.what() + " has a `username` and no `password`");
    if (password && !username)
        reading.problems.error(map.where("password"), map.what() + " has a `password` and no `username`");
    if (username && auth_file)
        reading.problems.error(map.where("auth_file"), map.what() +
                                                           " has a `username` and an `auth_file`: "
                                                           "keep one of them");
}

void read_client_certificate(YamlMap& map, Reading& reading, RegistrySettings& registry) {
    auto certificate = map.take("client_cert");
    auto key = map.take("client_key");
    if (certificate)
        registry.client_certificate_file = reading.secrets.path(*certificate, "client_cert").value_or("");
    if (key) registry.client_key_file = reading.secrets.path(*key, "client_key").value_or("");
    if (certificate && !key)
        reading.problems.error(map.where("client_cert"),
                               map.what() + " has a `client_cert` and no `client_key`");
    if (key && !certificate)
        reading.problems.error(map.where("client_key"),
                               map.what() + " has a `client_key` and no `client_cert`");
    if (certificate && registry.plain_http)
        reading.problems.error(map.where("client_cert"), map.what() +
                                                             " has `plain_http: true` and a `client_cert`: "
                                                             "without TLS there is no certificate");
}

void read_proxy(YamlMap& map, Reading& reading, RegistrySettings& registry) {
    auto proxy = map.take("proxy");
    if (!proxy) return;
    registry.proxy_at = map.where("proxy");
    auto address = reading.secrets.text(*proxy, "proxy");
    if (!address) return;
    if (address->text.empty())
        reading.problems.error(registry.proxy_at,
                               "`proxy` must be an address such as http://host:port, or `direct`");
    if (!address->has_secret && address->text.find('@') != std::string::npos)
        reading.problems.warning(registry.proxy_at,
                                 "the password of `proxy` is a secret and stands in the file: better is "
                                 "${credential:NAME}, ${file:/path} or ${env:NAME}");
    registry.direct = address->text == "direct";
    if (!registry.direct) registry.proxy = Secret(std::move(address->text));
}

void read_registry(const std::string& host, const YamlValue& value, Reading& reading) {
    YamlMap map(value, "registry `" + host + "`", reading.problems);
    map.refuse({"bulk"});
    RegistrySettings registry;
    read_credentials(map, reading, registry);
    if (auto plain = map.take("plain_http"))
        registry.plain_http = yaml_boolean(*plain, "plain_http", reading.problems).value_or(false);
    if (auto file = map.take("ca_file")) {
        registry.ca_file = reading.secrets.path(*file, "ca_file").value_or("");
        if (registry.plain_http)
            reading.problems.error(map.where("ca_file"), map.what() +
                                                             " has `plain_http: true` and a `ca_file`: "
                                                             "without TLS there is no certificate");
    }
    read_client_certificate(map, reading, registry);
    if (auto family = map.take("family"))
        if (auto word = read_word(*family, "family", {"auto", "ipv4", "ipv6"}, reading.problems))
            registry.family = static_cast<Family>(*word);
    read_proxy(map, reading, registry);
    if (auto timeout = map.take("timeout"))
        registry.timeout = read_duration(*timeout, "timeout", 10ms, 10min, reading.problems);
    if (auto count = map.take("connections"))
        if (auto number = yaml_integer(*count, "connections", 1, 64, reading.problems))
            registry.connections = static_cast<std::size_t>(*number);
    if (auto rate = map.take("rate")) registry.rate = read_rate(*rate, "rate", reading.problems);
    read_mirrors(host, map, reading, registry);
    map.finish();
    reading.registries.by_host.emplace(host, std::move(registry));
}

}  // namespace

void read_registries(const YamlValue& value, Reading& reading) {
    for (const auto& entry : section_entries(value, "registries", reading.problems)) {
        auto host = registry_host(entry, reading.problems);
        if (host && reading.first("registry `" + *host + "`", entry.where))
            read_registry(*host, entry.value, reading);
    }
}

}  // namespace basewatch::settings
