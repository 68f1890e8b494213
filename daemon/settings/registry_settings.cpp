#include "settings/reading.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <initializer_list>

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

// Keys of one provider, and what they need.
struct LoginKey {
    std::string_view name;
    std::initializer_list<Provider> of;
    std::string_view provider;
};

void refuse_keys_of_others(YamlMap& map, Problems& problems, Provider provider) {
    static const LoginKey keys[] = {
        {"access_key_id", {Provider::ecr}, "ecr"},
        {"secret_access_key", {Provider::ecr}, "ecr"},
        {"session_token", {Provider::ecr}, "ecr"},
        {"region", {Provider::ecr}, "ecr"},
        {"endpoint", {Provider::ecr}, "ecr"},
        {"key_file", {Provider::google}, "google"},
        {"tenant", {Provider::azure}, "azure"},
        {"access_token", {Provider::google, Provider::azure}, "google` or `provider: azure"},
    };
    for (const auto& key : keys) {
        if (std::ranges::find(key.of, provider) != key.of.end() || !map.take(key.name)) continue;
        problems.error(map.where(key.name),
                       map.what() + " has the key `" + std::string(key.name) +
                           "`, which belongs to `provider: " + std::string(key.provider) + "`");
    }
}

void read_amazon(YamlMap& map, Reading& reading, CloudLogin& login) {
    auto id = map.take("access_key_id");
    auto secret = map.take("secret_access_key");
    auto session = map.take("session_token");
    if (id)
        if (auto text = reading.secrets.text(*id, "access_key_id")) login.access_key_id = text->text;
    if (secret)
        login.secret_access_key =
            reading.secrets.one_line_secret(*secret, "secret_access_key").value_or(Secret());
    if (session)
        login.session_token = reading.secrets.one_line_secret(*session, "session_token").value_or(Secret());
    auto needs = [&](const char* there, const char* missing) {
        reading.problems.error(map.where(there),
                               map.what() + " has the key `" + there + "` and no `" + missing + "`");
    };
    if (id && !secret) needs("access_key_id", "secret_access_key");
    if (secret && !id) needs("secret_access_key", "access_key_id");
    if (session && !id) needs("session_token", "access_key_id");
    bool plain = login.access_key_id.size() <= 128 && std::ranges::all_of(login.access_key_id, [](char c) {
                     return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
                 });
    if (id && !plain)
        reading.problems.error(map.where("access_key_id"),
                               "`access_key_id` must be letters and digits, such as AKIAIOSFODNN7EXAMPLE");
    if (auto region = map.take("region"))
        login.region = read_line(*region, "region", 64, reading.problems).value_or("");
    if (auto endpoint = map.take("endpoint"))
        login.endpoint = read_line(*endpoint, "endpoint", 512, reading.problems).value_or("");
}

void read_tokens(YamlMap& map, Reading& reading, CloudLogin& login) {
    auto token = map.take("access_token");
    if (token)
        login.access_token = reading.secrets.one_line_secret(*token, "access_token").value_or(Secret());
    if (login.provider == Provider::azure) {
        if (!token)
            reading.problems.error(
                map.where("provider"),
                map.what() +
                    " needs an `access_token` of Entra ID; a service principal, a token or "
                    "the admin user of the registry go as `username` and `password`");
        if (auto tenant = map.take("tenant"))
            login.tenant = read_line(*tenant, "tenant", 256, reading.problems).value_or("");
        return;
    }
    auto file = map.take("key_file");
    if (file) login.key_file = reading.secrets.path(*file, "key_file").value_or("");
    if (file && token)
        reading.problems.error(map.where("access_token"), map.what() +
                                                              " has a `key_file` and an `access_token`: "
                                                              "keep one of them");
}

void read_login(YamlMap& map, Reading& reading, RegistrySettings& registry) {
    auto& login = registry.login;
    if (auto word = map.take("provider")) {
        login.where = map.where("provider");
        auto which = read_word(*word, "provider", {"ecr", "google", "azure"}, reading.problems);
        if (which) login.provider = static_cast<Provider>(*which + 1);
        if (!registry.username.empty() || !registry.auth_file.empty())
            reading.problems.error(login.where, map.what() +
                                                    " has a `provider` and a `username` or an `auth_file`: "
                                                    "keep one of them");
        // Whose keys the others are is not known.
        if (!which) {
            for (auto name : {"access_key_id", "secret_access_key", "session_token", "region", "endpoint",
                              "key_file", "access_token", "tenant"})
                map.take(name);
            return;
        }
    }
    if (login.provider == Provider::ecr) read_amazon(map, reading, login);
    if (login.provider == Provider::google || login.provider == Provider::azure)
        read_tokens(map, reading, login);
    refuse_keys_of_others(map, reading.problems, login.provider);
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
    RegistrySettings registry;
    read_credentials(map, reading, registry);
    read_login(map, reading, registry);
    if (auto headers = map.take("headers"))
        registry.headers = read_headers(*headers, "`headers` of " + map.what(), registry_headers_of_ours(),
                                        reading.secrets, reading.problems);
    if (auto plain = map.take("plain_http"))
        registry.plain_http = yaml_boolean(*plain, "plain_http", reading.problems).value_or(false);
    static_cast<TlsFiles&>(registry) = read_tls_files(map, reading.secrets, reading.problems,
                                                      registry.plain_http ? "`plain_http: true`" : "");
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
    if (auto bulk = map.take("bulk"))
        if (auto word = read_word(*bulk, "bulk", {"auto", "always", "never"}, reading.problems))
            registry.bulk = static_cast<Bulk>(*word);
    map.finish();
    reading.registries.by_host.emplace(host, std::move(registry));
}

}  // namespace

std::string_view to_string(Provider provider) {
    static constexpr std::string_view names[] = {"", "Amazon", "Google", "Azure"};
    return names[static_cast<std::size_t>(provider)];
}

void read_registries(const YamlValue& value, Reading& reading) {
    for (const auto& entry : section_entries(value, "registries", reading.problems)) {
        auto host = registry_host(entry, reading.problems);
        if (host && reading.first("registry `" + *host + "`", entry.where))
            read_registry(*host, entry.value, reading);
    }
}

}  // namespace basewatch::settings
