#include "settings/way_settings.hpp"

#include "settings/secret_reader.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <charconv>

namespace basewatch::settings {

namespace {

constexpr std::size_t most_arguments = 100;
constexpr std::size_t longest_argument = 4096;
constexpr std::size_t most_recipients = 50;
constexpr std::size_t most_brokers = 16;

// `--base={BASE_REF}`: a place with something around it.
bool holds_place(std::string_view argument) {
    for (auto at = argument.find('{'); at != std::string_view::npos; at = argument.find('{', at + 1)) {
        auto end = argument.find('}', at);
        if (end != std::string_view::npos && is_name(argument.substr(at + 1, end - at - 1))) return true;
    }
    return false;
}

std::optional<std::string> fault_of(std::string_view argument, bool first) {
    if (argument.size() > longest_argument || argument.find('\0') != std::string_view::npos)
        return "must be texts of at most " + std::to_string(longest_argument) + " bytes";
    if (first && !argument.starts_with('/'))
        return "must begin with the absolute path of the program, such as /usr/local/bin/rebuild";
    // The arguments of a process can be read by everybody on its machine.
    if (argument.find("${") != std::string_view::npos)
        return "cannot hold secrets: let the program read them itself";
    if (holds_place(argument) && (first || !place_in(argument)))
        return "has a place inside an argument: a place is an argument of its own, such as [--base, "
               "\"{BASE_REF}\"]";
    return std::nullopt;
}

// What RFC 5321 §4.1.2 calls a Mailbox, less quoted and international ones.
bool is_mail_address(std::string_view text) {
    auto at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
    auto local = text.substr(0, at), domain = text.substr(at + 1);
    auto plain = [](std::string_view part, std::string_view more) {
        return !part.empty() && part.front() != '.' && part.back() != '.' &&
               part.find("..") == std::string_view::npos && std::ranges::all_of(part, [&](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          more.find(c) != std::string_view::npos;
               });
    };
    return plain(local, "!#$%&'*+-/=?^_`{|}~.") && plain(domain, ".-");
}

std::optional<std::string> read_mail_address(const YamlValue& value, std::string_view name,
                                             Problems& problems) {
    auto text = yaml_string(value, name, problems);
    if (text && is_mail_address(*text)) return text;
    if (text)
        problems.error(value.mark(), "`" + std::string(name) +
                                         "` must be an address such as platform@example.com, without a name "
                                         "before it");
    return std::nullopt;
}

std::optional<std::string> read_broker(const YamlValue& value, Problems& problems) {
    auto text = yaml_string(value, "brokers", problems);
    if (!text) return std::nullopt;
    auto place = parse_host_and_port(*text);
    if (place && place->port != 0) return text;
    problems.error(value.mark(), "`brokers` must be host:port each, such as kafka-1.example.com:9093");
    return std::nullopt;
}

// Topic names as brokers check them (org.apache.kafka.common.internals.Topic).
bool is_topic(std::string_view text) {
    return !text.empty() && text.size() <= 249 && text != "." && text != ".." &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

Sasl read_sasl(const YamlValue& value, Problems& problems) {
    if (value.kind() == YamlValue::Kind::scalar &&
        (value.scalar() == "GSSAPI" || value.scalar() == "OAUTHBEARER")) {
        problems.error(value.mark(), "`sasl` cannot be " + std::string(value.scalar()) +
                                         ": there are PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, and without "
                                         "any `client_cert` and `client_key`");
        return Sasl::none;
    }
    auto word = read_word(value, "sasl", {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}, problems);
    return word ? static_cast<Sasl>(*word + 1) : Sasl::none;
}

}  // namespace

std::optional<std::string_view> place_in(std::string_view argument) {
    if (argument.size() < 3 || !argument.starts_with('{') || !argument.ends_with('}')) return std::nullopt;
    auto name = argument.substr(1, argument.size() - 2);
    return is_name(name) ? std::optional(name) : std::nullopt;
}

std::vector<std::string> read_command(YamlMap& map, Problems& problems) {
    auto value = map.take("command");
    if (!value) return {};
    auto items = value->kind() == YamlValue::Kind::list ? yaml_one_or_many(*value) : std::vector<YamlValue>();
    if (items.empty() || items.size() > most_arguments) {
        problems.error(value->mark(), "`command` of " + map.what() + " must be a list of 1 to " +
                                          std::to_string(most_arguments) +
                                          " arguments, such as [/usr/local/bin/rebuild, \"{DEPENDENT}\"]: no "
                                          "shell reads it");
        return {};
    }
    std::vector<std::string> command;
    for (const auto& item : items) {
        auto argument = yaml_string(item, "command", problems);
        if (!argument) continue;
        if (auto fault = fault_of(*argument, command.empty()))
            problems.error(item.mark(), "`command` of " + map.what() + " " + *fault);
        command.push_back(std::move(*argument));
    }
    return command;
}

ServerFields read_server_fields(YamlMap& map, SecretReader& secrets, Problems& problems) {
    ServerFields server;
    if (auto password = map.take("password"))
        server.password = secrets.one_line_secret(*password, "password").value_or(Secret());
    if (auto tls = map.take("tls"))
        if (auto word = read_word(*tls, "tls", {"required", "none"}, problems)) server.plain = *word == 1;
    return server;
}

MailFields read_mail_fields(YamlMap& map, Problems& problems) {
    MailFields mail;
    if (auto from = map.take("from")) mail.from = read_mail_address(*from, "from", problems).value_or("");
    if (auto to = map.take("to")) {
        auto items = yaml_one_or_many(*to);
        if (items.empty() || items.size() > most_recipients)
            problems.error(to->mark(), "`to` of " + map.what() + " must be 1 to " +
                                           std::to_string(most_recipients) + " addresses");
        for (const auto& item : items)
            if (auto address = read_mail_address(item, "to", problems)) mail.to.push_back(*address);
    }
    return mail;
}

KafkaFields read_kafka_fields(YamlMap& map, Problems& problems) {
    KafkaFields kafka;
    if (auto brokers = map.take("brokers")) {
        auto items = yaml_one_or_many(*brokers);
        if (items.empty() || items.size() > most_brokers)
            problems.error(brokers->mark(), "`brokers` of " + map.what() + " must be 1 to " +
                                                std::to_string(most_brokers) +
                                                " of them: they name the others");
        for (const auto& item : items)
            if (auto broker = read_broker(item, problems)) kafka.brokers.push_back(*broker);
    }
    if (auto topic = map.take("topic"))
        if (auto text = yaml_string(*topic, "topic", problems)) {
            if (!is_topic(*text))
                problems.error(topic->mark(),
                               "`topic` must be 1 to 249 letters, digits and . _ -, and neither . nor ..");
            kafka.topic = std::move(*text);
        }
    if (auto key = map.take("key"))
        if (auto word = read_word(*key, "key", {"subject", "base", "none"}, problems))
            kafka.key = static_cast<KafkaKey>(*word);
    if (auto sasl = map.take("sasl")) kafka.sasl = read_sasl(*sasl, problems);
    return kafka;
}

bool is_mail_server(std::string_view address) {
    return address.starts_with("smtp://") || address.starts_with("smtps://");
}

Result<HostAndPort> parse_host_and_port(std::string_view text) {
    auto wrong = [](std::string_view why) { return Error(ErrorKind::invalid, std::string(why)); };
    HostAndPort place;
    bool bracketed = text.starts_with('[');
    auto colon = text.rfind(':');
    if (bracketed) {
        auto end = text.find(']');
        if (end == std::string_view::npos) return wrong("has a `[` without a `]`");
        place.host = text.substr(1, end - 1);
        colon = end + 1 < text.size() ? end + 1 : std::string_view::npos;
        if (colon != std::string_view::npos && text[colon] != ':') return wrong("has something behind `]`");
    } else {
        place.host = text.substr(0, colon);
    }
    bool plain =
        !place.host.empty() && place.host.size() <= 253 && std::ranges::all_of(place.host, [&](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                   c == '-' || c == '_' || (c == ':' && bracketed);
        });
    if (!plain) return wrong("must be a host, and a port perhaps: nothing stands behind them");
    if (colon == std::string_view::npos) return place;
    auto digits = text.substr(colon + 1);
    int port = 0;
    auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (fault != std::errc() || end != digits.data() + digits.size() || port < 1 || port > 65535)
        return wrong("must have a port from 1 to 65535 behind the host, and nothing more");
    place.port = static_cast<std::uint16_t>(port);
    return place;
}

Result<MailServer> parse_mail_server(std::string_view address) {
    auto wrong = [](std::string_view why) { return Error(ErrorKind::invalid, std::string(why)); };
    if (!is_mail_server(address))
        return wrong("must begin with smtp:// or smtps://, such as smtp://mail.example.com:587");
    bool implicit_tls = address.starts_with("smtps://");
    address.remove_prefix(address.find("//") + 2);
    if (address.find('@') != std::string_view::npos)
        return wrong("holds a user: that goes into `username` and `password`");
    auto place = parse_host_and_port(address);
    if (!place) return place.error();
    std::uint16_t usual = implicit_tls ? 465 : 587;
    return MailServer{std::move(place->host), place->port == 0 ? usual : place->port, implicit_tls};
}

}  // namespace basewatch::settings
