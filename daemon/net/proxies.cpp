#include "net/proxies.hpp"

#include "foundation/bytes.hpp"
#include "foundation/secret.hpp"
#include "net/url.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <cstdlib>

namespace basewatch::net {

namespace {

namespace ip = boost::asio::ip;

std::string trimmed_lower(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    auto begin = text.find_first_not_of(space);
    if (begin == text.npos) return {};
    std::string out(text.substr(begin, text.find_last_not_of(space) + 1 - begin));
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

// An IPv4 address written as an IPv6 one is that IPv4 address.
std::optional<ip::address> literal(std::string_view text) {
    boost::system::error_code fault;
    auto address = ip::make_address(std::string(text), fault);
    if (fault) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::address(ip::make_address_v4(ip::v4_mapped, address.to_v6()));
    return address;
}

bool in_network(std::string_view text, const ip::address& address) {
    boost::system::error_code fault;
    if (address.is_v4()) {
        auto network = ip::make_network_v4(std::string(text), fault);
        return !fault &&
               ip::network_v4(address.to_v4(), network.prefix_length()).canonical() == network.canonical();
    }
    auto network = ip::make_network_v6(std::string(text), fault);
    return !fault &&
           ip::network_v6(address.to_v6(), network.prefix_length()).canonical() == network.canonical();
}

struct Entry {
    std::string host, port;  // port empty: any
};

Entry split(const std::string& item) {
    auto colon = item.rfind(':');
    bool bracketed = item.starts_with('[');
    bool has_port = colon != item.npos && (bracketed ? item[colon - 1] == ']' : item.find(':') == colon);
    Entry entry{item.substr(0, has_port ? colon : item.npos), has_port ? item.substr(colon + 1) : ""};
    if (bracketed && entry.host.ends_with(']')) entry.host = entry.host.substr(1, entry.host.size() - 2);
    return entry;
}

// `example.com` is itself and what is below it; `.example.com` and `*.example.com` are what is below alone.
bool names(std::string pattern, const std::string& host) {
    if (pattern.starts_with("*.")) pattern.erase(0, 1);
    if (pattern.starts_with('.')) return host.ends_with(pattern);
    return host == pattern || host.ends_with("." + pattern);
}

bool excepts(const std::string& item, const std::string& host, const std::optional<ip::address>& address,
             const std::string& port) {
    if (item.empty()) return false;
    if (item == "*") return true;
    if (item.find('/') != item.npos) return address && in_network(item, *address);
    auto entry = split(item);
    if (entry.host.empty() || (!entry.port.empty() && entry.port != port)) return false;
    if (auto wanted = literal(entry.host)) return address == wanted;
    return names(entry.host, host);
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view text) {
    auto scheme = text.find("://");
    auto kind = scheme == text.npos ? "http" : trimmed_lower(text.substr(0, scheme));
    if (kind != "http" && kind != "https")
        return Error(ErrorKind::unsupported,
                     "proxies other than http:// and https:// ones are not in this version: write "
                     "http://host:port");
    auto url = Url::parse(scheme == text.npos ? "http://" + std::string(text) : std::string(text));
    if (!url) return Error(ErrorKind::invalid, "a proxy must be an address such as http://host:port");
    Proxy proxy{url->host, url->port, {}, kind == "https"};
    if (url->user_information.empty()) return proxy;
    auto colon = url->user_information.find(':');
    if (colon == std::string::npos) {
        url->user_information += ':';
    } else if (colon + 1 < url->user_information.size()) {
        register_secret(std::string_view(url->user_information).substr(colon + 1));
    }
    proxy.authorization = "Basic " + base64(url->user_information);
    register_secret(std::string_view(proxy.authorization).substr(6));
    return proxy;
}

bool proxied(std::string_view exceptions, std::string_view host, std::uint16_t port) {
    std::string name = trimmed_lower(host);
    auto address = literal(name);
    if (name == "localhost" || (address && address->is_loopback())) return false;
    std::string port_text = std::to_string(port);
    while (!exceptions.empty()) {
        auto comma = exceptions.find(',');
        if (excepts(trimmed_lower(exceptions.substr(0, comma)), name, address, port_text)) return false;
        exceptions.remove_prefix(comma == exceptions.npos ? exceptions.size() : comma + 1);
    }
    return true;
}

EnvironmentProxies::EnvironmentProxies(const Variable& variable) {
    auto value = [&](const char* upper, const char* lower) {
        auto found = variable(upper);
        if (!found || found->empty()) found = variable(lower);
        return found.value_or("");
    };
    auto choice = [](const std::string& name, const std::string& text) -> Choice {
        if (text.empty()) return std::shared_ptr<const Proxy>();
        auto parsed = parse_proxy(text);
        if (!parsed) return parsed.error().while_doing(name + " of the environment");
        return std::make_shared<const Proxy>(std::move(*parsed));
    };
    plain_ = choice("HTTP_PROXY", value("HTTP_PROXY", "http_proxy"));
    secure_ = choice("HTTPS_PROXY", value("HTTPS_PROXY", "https_proxy"));
    if (plain_ && *plain_ && !variable("REQUEST_METHOD").value_or("").empty())
        plain_ = Error(ErrorKind::invalid, "HTTP_PROXY is not used where REQUEST_METHOD is set");
    exceptions_ = value("NO_PROXY", "no_proxy");
}

EnvironmentProxies EnvironmentProxies::of_process() {
    return EnvironmentProxies([](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        if (value == nullptr) return std::nullopt;
        return std::string(value);
    });
}

Result<std::shared_ptr<const Proxy>> EnvironmentProxies::choose(bool tls, const std::string& host,
                                                                std::uint16_t port) const {
    const auto& choice = tls ? secure_ : plain_;
    if (choice && !*choice) return choice;
    if (!proxied(exceptions_, host, port)) return std::shared_ptr<const Proxy>();
    return choice;
}

}  // namespace basewatch::net
