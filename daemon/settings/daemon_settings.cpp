#include "settings/reading.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <charconv>

namespace basewatch::settings {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_socket_path = 107;  // unix(7): sun_path holds 108 bytes with its end
constexpr std::size_t shortest_good_token = 16;

// `unix:/path` or `host:port`; what is wrong with it, if anything.
std::optional<std::string> fault_of_listen(std::string_view text) {
    if (text.starts_with("unix:")) {
        auto path = text.substr(5);
        if (!path.starts_with('/'))
            return "the path of a socket begins with /, as in unix:/run/basewatch/api.sock";
        if (path.size() > longest_socket_path) return "the path of a socket has at most 107 characters";
        return std::nullopt;
    }
    if (text.starts_with('/')) return "write unix: in front of the path of a socket";
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos || text.find("//") != std::string_view::npos)
        return "write unix:/path or host:port, such as 127.0.0.1:8463";
    auto host = text.substr(0, colon);
    auto port_text = text.substr(colon + 1);
    if (host.empty())
        return "write the address in front of the port: 127.0.0.1 for this machine, 0.0.0.0 for all";
    if (host.find(':') != std::string_view::npos && (host.front() != '[' || host.back() != ']'))
        return "an IPv6 address stands in brackets, as in [::1]:8463";
    unsigned port = 0;
    auto [end, fault] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (fault != std::errc() || end != port_text.data() + port_text.size() || port > 65535)
        return "a port is a number up to 65535";
    return std::nullopt;
}

// What an address to listen at is called where places are kept.
std::string listen_place(const std::string& address) {
    return "`listen` address " + address;
}

void read_listen(YamlMap& map, Reading& reading) {
    auto value = map.take("listen");
    if (!value) return;
    for (const auto& item : yaml_one_or_many(*value)) {
        auto text = read_line(item, "listen", 256, reading.problems);
        if (!text) continue;
        if (auto fault = fault_of_listen(*text)) {
            reading.problems.error(item.mark(), "`listen` cannot be " + item.described() + ": " + *fault);
        } else if (reading.first(listen_place(*text), item.mark())) {
            reading.settings.daemon.listen.push_back(*text);
        }
    }
}

void read_public_url(YamlMap& map, Reading& reading) {
    auto value = map.take("public_url");
    if (!value || !reading.first("`public_url` in `daemon`", map.where("public_url"))) return;
    auto text = yaml_string(*value, "public_url", reading.problems);
    if (!text) return;
    auto fault = fault_of_address(*text, false);
    if (!fault && text->find_first_of("?#@{}\"<>") != std::string::npos)
        fault = "must be an address without user, query or fragment";
    if (fault) {
        reading.problems.error(
            value->mark(),
            "`public_url` " + *fault + "; right is https://basewatch.example.com, not " + value->described());
        return;
    }
    while (text->ends_with('/')) text->pop_back();
    reading.settings.daemon.public_url = *text;
}

void read_scopes(YamlMap& map, Reading& reading, ApiToken& token) {
    auto value = map.require("scopes");
    if (!value) return;
    auto items = yaml_one_or_many(*value);
    if (items.empty())
        reading.problems.error(value->mark(), "`scopes` is an empty list: write [read] or [read, operate]");
    for (const auto& item : items)
        if (read_word(item, "scopes", {"read", "operate"}, reading.problems) &&
            std::ranges::find(token.scopes, item.scalar()) == token.scopes.end())
            token.scopes.emplace_back(item.scalar());
}

void read_api_token(const YamlValue& value, Reading& reading) {
    YamlMap map(value, "an entry of `api_tokens`", reading.problems);
    if (value.kind() != YamlValue::Kind::map) return;
    map.refuse({"owner"});
    ApiToken token;
    if (auto name = map.require("name")) {
        token.name = read_name(*name, "name", reading.problems).value_or("");
        if (!token.name.empty()) reading.first("API token `" + token.name + "`", name->mark());
    }
    if (auto secret = map.require("token")) {
        token.token = reading.secrets.one_line_secret(*secret, "token").value_or(Secret());
        if (!token.token.empty() && token.token.reveal().size() < shortest_good_token)
            reading.problems.warning(secret->mark(),
                                     "this API token is shorter than 16 characters and can be guessed");
    }
    read_scopes(map, reading, token);
    map.finish();
    reading.settings.daemon.api_tokens.push_back(std::move(token));
}

}  // namespace

void read_daemon(const YamlValue& value, Reading& reading) {
    YamlMap map(value, "`daemon`", reading.problems);
    auto& daemon = reading.settings.daemon;
    if (auto state = map.take("state"); state && reading.first("`state` in `daemon`", map.where("state")))
        daemon.state = read_line(*state, "state", 4096, reading.problems).value_or("");
    read_listen(map, reading);
    read_public_url(map, reading);
    if (auto tokens = map.take("api_tokens"))
        for (const auto& item : section_items(*tokens, "api_tokens", reading.problems))
            read_api_token(item, reading);
    if (auto kept = map.take("retention");
        kept && reading.first("`retention` in `daemon`", map.where("retention")))
        daemon.retention =
            read_duration(*kept, "retention", 1min, std::chrono::hours(24 * 36'500), reading.problems)
                .value_or(daemon.retention);
    map.finish();
}

void warn_of_listening_without_tokens(Reading& reading) {
    const auto& daemon = reading.settings.daemon;
    if (!daemon.api_tokens.empty()) return;
    for (const auto& address : daemon.listen)
        if (!address.starts_with("unix:"))
            reading.problems.warning(reading.places.at(listen_place(address)),
                                     "only /livez and /readyz answer at " + address +
                                         ": every other request over TCP needs one of `api_tokens`, and "
                                         "there are none");
}

}  // namespace basewatch::settings
