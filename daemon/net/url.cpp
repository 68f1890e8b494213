#include "net/url.hpp"

#include "foundation/bytes.hpp"
#include "net/headers.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace basewatch::net {

namespace {

constexpr std::size_t most_characters = 8192;
constexpr std::size_t most_host_characters = 253;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_one_of(char c, std::string_view characters) {
    return c != '\0' && characters.find(c) != std::string_view::npos;
}
bool is_unreserved(char c) {
    return is_letter(c) || is_digit(c) || is_one_of(c, "-._~");
}
constexpr std::string_view sub_delimiters = "!$&'()*+,;=";

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

Error wrong(const char* what) {
    return Error(ErrorKind::invalid, what);
}

// Unreserved, percent-encoded, sub-delimiters (RFC 3986 §2) and `also`.
bool made_of(std::string_view text, std::string_view also) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
            i += 2;
        } else if (!is_unreserved(c) && !is_one_of(c, sub_delimiters) && !is_one_of(c, also)) {
            return false;
        }
    }
    return true;
}

// The parts of RFC 3986 §3, not yet checked. An absent part differs from an empty one.
struct Parts {
    std::optional<std::string_view> scheme, authority, query;
    std::string_view path;
};

bool is_scheme(std::string_view text) {
    if (text.empty() || !is_letter(text[0])) return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || is_one_of(c, "+-."); });
}

// Brackets and bars are not allowed raw in a query, but `?variables[NAME]=x` is what the manuals of CI
// servers tell people to paste, and every client sends it so.
constexpr std::string_view also_in_query = ":@/?[]|";

Result<Parts> split(std::string_view text) {
    if (text.size() > most_characters) return wrong("the address is too long");
    Parts parts;
    if (auto hash = text.find('#'); hash != text.npos) {
        if (!made_of(text.substr(hash + 1), ":@/?")) return wrong("the fragment has a character not allowed");
        text = text.substr(0, hash);
    }
    if (auto question = text.find('?'); question != text.npos) {
        parts.query = text.substr(question + 1);
        if (!made_of(*parts.query, also_in_query))
            return wrong("the query has a character that must be percent-encoded");
        text = text.substr(0, question);
    }
    if (auto colon = text.find(':'); colon != text.npos && text.find('/') > colon) {
        if (!is_scheme(text.substr(0, colon))) return wrong("the scheme is not understood");
        parts.scheme = text.substr(0, colon);
        text = text.substr(colon + 1);
    }
    if (text.starts_with("//")) {
        text = text.substr(2);
        auto end = std::min(text.find('/'), text.size());
        parts.authority = text.substr(0, end);
        text = text.substr(end);
    }
    parts.path = text;
    if (!made_of(parts.path, ":@/")) return wrong("the path has a character that must be percent-encoded");
    return parts;
}

Result<std::string> ipv6_host(std::string_view inside) {
    boost::system::error_code error;
    // A zone names an interface of one machine and has no place in an address that is shared.
    if (inside.find('%') != inside.npos) return wrong("an IPv6 address may not have a zone");
    auto address = boost::asio::ip::make_address_v6(std::string(inside), error);
    if (error) return wrong("the host is not an IPv6 address");
    return address.to_string();
}

Result<std::string> named_host(std::string_view text) {
    if (text.empty()) return wrong("the host is missing");
    if (text.size() > most_host_characters) return wrong("the host is too long");
    std::string host = lower(text);
    if (!std::all_of(host.begin(), host.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || is_one_of(c, "-._"); }))
        return wrong("the host has a character that is not allowed");
    if (host.front() == '.' || host.find("..") != host.npos) return wrong("the host has an empty label");
    // `127.1`, `0x7f000001` and `2130706433` are addresses to the system's resolver and names to people.
    std::string_view labels = host;
    if (labels.ends_with('.')) labels.remove_suffix(1);
    std::string_view last = labels.substr(labels.rfind('.') + 1);
    bool numeric = std::all_of(last.begin(), last.end(), is_digit) || last.starts_with("0x");
    boost::system::error_code error;
    boost::asio::ip::make_address_v4(host, error);
    if (numeric && error) return wrong("the host is neither a name nor an IPv4 address of four numbers");
    return host;
}

Result<std::uint16_t> port_of(std::string_view text, bool secure) {
    if (text.empty()) return static_cast<std::uint16_t>(secure ? 443 : 80);
    unsigned port = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || !is_digit(text[0]) || port == 0 ||
        port > 65535)
        return wrong("the port is not a number from 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

Result<void> read_authority(Url& url, std::string_view authority) {
    if (auto at = authority.rfind('@'); at != authority.npos) {
        auto raw = authority.substr(0, at);
        if (!made_of(raw, ":")) return wrong("the user information has a character not allowed");
        url.user_information = percent_decode(raw).value_or("");
        authority = authority.substr(at + 1);
    }
    std::string_view host, port;
    bool bracketed = authority.starts_with('[');
    if (bracketed) {
        auto end = authority.find(']');
        if (end == authority.npos) return wrong("the IPv6 address is not closed");
        host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (!port.empty() && port[0] != ':') return wrong("something follows the IPv6 address");
    } else {
        auto colon = std::min(authority.find(':'), authority.size());
        host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    auto checked = bracketed ? ipv6_host(host) : named_host(host);
    if (!checked) return checked.error();
    auto number = port_of(port.empty() ? port : port.substr(1), url.secure());
    if (!number) return number.error();
    url.host = *checked;
    url.port = *number;
    return {};
}

std::string target_of(std::string_view path, std::optional<std::string_view> query) {
    std::string target(path.empty() ? "/" : path);
    if (query) target.append("?").append(*query);
    return target;
}

Result<Url> assemble(const Parts& parts) {
    Url url;
    url.scheme = lower(*parts.scheme);
    if (url.scheme != "http" && url.scheme != "https") return wrong("the scheme is neither http nor https");
    if (!parts.authority) return wrong("the host is missing");
    auto read = read_authority(url, *parts.authority);
    if (!read) return read.error();
    url.target = target_of(parts.path, parts.query);
    return url;
}

// RFC 3986 §5.2.4.
std::string remove_dot_segments(std::string_view path) {
    std::string output;
    auto drop_last = [&output] {
        auto slash = output.rfind('/');
        output.resize(slash == output.npos ? 0 : slash);
    };
    while (!path.empty()) {
        if (path.starts_with("/./")) {
            path.remove_prefix(2);
        } else if (path == "/.") {
            path = "/";
        } else if (path.starts_with("/../")) {
            path.remove_prefix(3);
            drop_last();
        } else if (path == "/..") {
            path = "/";
            drop_last();
        } else {
            auto next = std::min(path.find('/', 1), path.size());
            output.append(path.substr(0, next));
            path.remove_prefix(next);
        }
    }
    return output;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
    auto parts = split(text);
    if (!parts) return parts.error();
    if (!parts->scheme) return wrong("the address does not begin with http:// or https://");
    return assemble(*parts);
}

// RFC 3986 §5.2.2, strict.
Result<Url> Url::resolve(std::string_view reference) const {
    auto parts = split(reference);
    if (!parts) return parts.error();
    Url result = *this;
    if (parts->scheme || parts->authority) {
        if (!parts->scheme) parts->scheme = scheme;
        auto absolute = assemble(*parts);
        if (!absolute) return absolute.error();
        result = *absolute;
        result.target = target_of(remove_dot_segments(parts->path), parts->query);
        return result;
    }
    auto question = target.find('?');
    std::string base_path = target.substr(0, question);
    if (parts->path.empty()) {
        if (parts->query) result.target = target_of(base_path, parts->query);
        return result;
    }
    std::string merged(parts->path);
    if (merged[0] != '/') merged = base_path.substr(0, base_path.rfind('/') + 1) + merged;
    result.target = target_of(remove_dot_segments(merged), parts->query);
    return result;
}

std::string Url::authority() const {
    std::string text = host.find(':') == host.npos ? host : "[" + host + "]";
    if (port != (secure() ? 443 : 80)) text += ":" + std::to_string(port);
    return text;
}

std::string Url::origin() const {
    return scheme + "://" + authority();
}

std::string Url::text() const {
    return origin() + target;
}

std::string Url::redacted() const {
    return origin() + (target == "/" ? "" : "/…");
}

}  // namespace basewatch::net
