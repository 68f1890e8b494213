#include "settings/header_values.hpp"

#include "settings/secret_reader.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <array>

namespace basewatch::settings {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::optional<HeaderValue> read_header(const YamlValue::Entry& entry, SecretReader& secrets,
                                       Problems& problems) {
    auto text = secrets.text(entry.value, entry.key);
    if (!text) return std::nullopt;
    if (has_control_character(text->text)) {
        problems.error(entry.value.mark(),
                       "the header `" + entry.key + "` holds a line break: it must be one line");
        return std::nullopt;
    }
    if (text->has_secret) return HeaderValue(Secret(std::move(text->text)));
    // `Bearer {token}` says how the token is sent, not what it is.
    if (!sounds_secret(entry.key) || text->text.find("{token}") != std::string::npos)
        return HeaderValue(std::move(text->text));
    problems.warning(entry.value.mark(), "the header `" + entry.key +
                                             "` sounds like a secret and stands in the file: better is "
                                             "${credential:NAME}, ${file:/path} or ${env:NAME}");
    return HeaderValue(Secret(std::move(text->text)));
}

}  // namespace

bool is_among(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, lower(name)) != names.end();
}

bool is_header_name(std::string_view name) {
    // RFC 9110 §5.6.2
    return !name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool sounds_secret(std::string_view name) {
    static constexpr std::array<std::string_view, 7> words{"authorization", "cookie",   "token",     "secret",
                                                           "key",           "password", "credential"};
    std::string small = lower(name);
    return std::ranges::any_of(words,
                               [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

std::span<const std::string_view> registry_headers_of_ours() {
    static constexpr std::string_view names[] = {
        "host",   "content-length", "transfer-encoding", "connection",    "expect",
        "te",     "trailer",        "upgrade",           "authorization", "proxy-authorization",
        "accept", "user-agent",     "accept-encoding",   "content-type",  "if-none-match",
        "range"};
    return names;
}

std::map<std::string, HeaderValue> read_headers(const YamlValue& value, const std::string& what,
                                                std::span<const std::string_view> ours, SecretReader& secrets,
                                                Problems& problems) {
    YamlMap headers(value, what, problems);
    std::map<std::string, HeaderValue> read;
    std::map<std::string, Mark> seen;
    for (const auto& entry : value.entries()) {
        headers.take(entry.key);
        if (!is_header_name(entry.key)) {
            problems.error(entry.where,
                           "not the name of a header: it is letters, digits and -, such as X-Team");
        } else if (is_among(ours, entry.key)) {
            problems.error(entry.where,
                           "the header `" + entry.key + "` is set by basewatch itself: remove it");
        } else if (auto first = seen.find(lower(entry.key)); first != seen.end()) {
            // A key that stands twice letter by letter is told by the mapping.
            if (!read.contains(entry.key))
                problems.error(entry.where, "the header `" + entry.key + "` stands twice, first at " +
                                                first->second.text() + ": keep one of them");
        } else {
            seen.emplace(lower(entry.key), entry.where);
            if (auto header = read_header(entry, secrets, problems)) read.emplace(entry.key, *header);
        }
    }
    headers.finish();
    return read;
}

}  // namespace basewatch::settings
