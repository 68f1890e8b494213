#include "settings/nats_settings.hpp"

#include "settings/secret_reader.hpp"
#include "settings/values.hpp"

#include <algorithm>

namespace basewatch::settings {

namespace {

constexpr std::size_t most_servers = 10;
constexpr std::size_t longest_subject = 255;
constexpr std::uint16_t usual_port = 4222;

struct Server {
    HostAndPort place;
    bool tls = false;
};

// In words that do not repeat the address: it may hold a password.
Result<Server> parse_server(std::string_view address) {
    auto wrong = [](std::string_view why) { return Error(ErrorKind::invalid, std::string(why)); };
    bool tls = address.starts_with("tls://");
    if (!tls && !address.starts_with("nats://"))
        return wrong("must begin with tls:// or nats://, such as tls://nats.example.com:4222");
    address.remove_prefix(address.find("//") + 2);
    if (address.find('@') != std::string_view::npos)
        return wrong("holds a user or a token: that goes into `username` and `password`, or into `token`");
    auto place = parse_host_and_port(address);
    if (!place) return place.error();
    if (place->port == 0) place->port = usual_port;
    return Server{std::move(*place), tls};
}

void read_servers(YamlMap& map, Problems& problems, NatsFields& nats) {
    auto value = map.take("servers");
    if (!value) return;
    auto items = yaml_one_or_many(*value);
    if (items.empty() || items.size() > most_servers)
        problems.error(value->mark(), "`servers` of " + map.what() + " must be 1 to " +
                                          std::to_string(most_servers) +
                                          " addresses, such as tls://nats.example.com:4222");
    for (const auto& item : items) {
        auto text = yaml_string(item, "servers", problems);
        if (!text) continue;
        auto server = parse_server(*text);
        if (!server) {
            problems.error(item.mark(), "`servers` of " + map.what() + " " + server.error().message());
            continue;
        }
        if (!nats.servers.empty() && server->tls != nats.tls)
            problems.error(item.mark(),
                           "`servers` of " + map.what() + " must all begin with tls://, or all with nats://");
        nats.tls = server->tls;
        nats.servers.push_back(std::move(server->place));
    }
}

// A base32 text that begins with U, 35 bytes long (nats-io/nkeys, "Encoding").
bool is_user_key(std::string_view text) {
    return text.size() == 56 && text.front() == 'U' &&
           std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7'); });
}

void read_keys(YamlMap& map, SecretReader& secrets, Problems& problems, NatsFields& nats) {
    auto key = map.take("nkey"), file = map.take("nkey_file");
    if (key) {
        nats.nkey = yaml_string(*key, "nkey", problems).value_or("");
        if (!nats.nkey.empty() && !is_user_key(nats.nkey)) {
            problems.error(key->mark(), "`nkey` of " + map.what() +
                                            " must be the public key of a user, which begins with U: its "
                                            "seed goes into a file, `nkey_file`");
            nats.nkey.clear();
        }
    }
    if (file) nats.nkey_file = secrets.path(*file, "nkey_file").value_or("");
    if (key && !file) problems.error(key->mark(), map.what() + " has an `nkey` and no `nkey_file`");
    if (file && !key) problems.error(file->mark(), map.what() + " has an `nkey_file` and no `nkey`");
    if (auto credentials = map.take("credentials_file"))
        nats.credentials_file = secrets.path(*credentials, "credentials_file").value_or("");
}

}  // namespace

std::string fault_of_subject(std::string_view subject) {
    if (subject.empty() || subject.size() > longest_subject)
        return "must be a text of 1 to " + std::to_string(longest_subject) + " bytes";
    if (subject.starts_with('$')) return "begins with `$`: such subjects are the servers' own";
    bool empty_token = true;
    for (std::size_t at = 0; at < subject.size(); ++at) {
        char c = subject[at];
        if (c == '*' || c == '>') return "holds a wildcard: one subject is published to";
        if (c <= ' ' || c > '~') return "may hold visible ASCII and no spaces";
        if (c == '}') return "has a `}` without a `{`";
        if (c == '{') {
            auto end = subject.find('}', at);
            auto name = end == std::string_view::npos ? "" : subject.substr(at + 1, end - at - 1);
            if (!is_name(name) || name == "token") return "has a `{` that begins no place, such as {project}";
            at = end;
        }
        if (c == '.' && empty_token) break;
        empty_token = c == '.';
    }
    return empty_token ? "has an empty part: write it as basewatch.events" : "";
}

NatsFields read_nats_fields(YamlMap& map, SecretReader& secrets, Problems& problems) {
    NatsFields nats;
    read_servers(map, problems, nats);
    if (auto subject = map.take("subject")) {
        nats.subject = yaml_string(*subject, "subject", problems).value_or("");
        if (auto fault = fault_of_subject(nats.subject); !fault.empty())
            problems.error(subject->mark(), "`subject` of " + map.what() + " " + fault);
    }
    if (auto jetstream = map.take("jetstream"))
        nats.jetstream = yaml_boolean(*jetstream, "jetstream", problems).value_or(true);
    read_keys(map, secrets, problems, nats);
    return nats;
}

}  // namespace basewatch::settings
