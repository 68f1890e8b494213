#include "registry/complaint.hpp"

#include "foundation/json.hpp"
#include "foundation/secret.hpp"
#include "foundation/time.hpp"
#include "registry/quota.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_kept = 4096;
constexpr auto a_day = std::chrono::duration_cast<Milliseconds>(std::chrono::hours(24));

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

// The length of the valid UTF-8 sequence at the start, 0 where there is none.
std::size_t sequence_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t length = byte(0) < 0x80                      ? 1
                         : byte(0) >= 0xc2 && byte(0) < 0xe0 ? 2
                         : byte(0) >= 0xe0 && byte(0) < 0xf0 ? 3
                         : byte(0) >= 0xf0 && byte(0) < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    if (byte(0) == 0xe0 && byte(1) < 0xa0) return 0;   // overlong
    if (byte(0) == 0xed && byte(1) >= 0xa0) return 0;  // surrogate
    if (byte(0) == 0xf0 && byte(1) < 0x90) return 0;
    if (byte(0) == 0xf4 && byte(1) >= 0x90) return 0;
    if (length == 2 && byte(0) == 0xc2 && byte(1) < 0xa0) return 0;  // a control character of ISO 8859-1
    return length;
}

// `CODE: message` of one entry of distribution's `errors`.
std::string entry_text(const nlohmann::json& entry) {
    auto code = string_member(entry, "code").value_or("");
    auto message = string_member(entry, "message").value_or("");
    if (code.empty() || message.empty()) return code + message;
    return code + ": " + message;
}

std::string json_text(const nlohmann::json& body) {
    if (const auto* errors = array_member(body, "errors")) {
        std::string all;
        for (const auto& entry : *errors) {
            auto text = entry_text(entry);
            if (text.empty()) continue;
            all += (all.empty() ? "" : "; ") + text;
            if (all.size() > most_kept) break;
        }
        if (!all.empty()) return all;
    }
    if (auto error = string_member(body, "error")) {
        auto more = string_member(body, "error_description").value_or("");
        return more.empty() ? *error : *error + ": " + more;
    }
    for (std::string_view name : {"details", "detail", "message"})
        if (auto text = string_member(body, name)) return *text;
    return {};
}

// An HTML page's title, which is all of it that helps.
std::string html_text(std::string_view body) {
    auto folded = lower(body.substr(0, 64u << 10));
    auto start = folded.find("<title>");
    auto end = folded.find("</title>", start == std::string::npos ? 0 : start);
    if (start == std::string::npos || end == std::string::npos) return "a web page";
    return "a web page titled \"" + plain_line(body.substr(start + 7, end - start - 7), 200) + "\"";
}

std::optional<double> number_at(std::string_view text, std::size_t& used) {
    double value = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || !std::isfinite(value)) return std::nullopt;
    used = static_cast<std::size_t>(end - text.data());
    return value;
}

std::optional<Milliseconds> wait_of(double milliseconds) {
    if (!(milliseconds > 0)) return std::nullopt;
    if (milliseconds >= static_cast<double>(a_day.count())) return a_day;
    return Milliseconds(static_cast<std::int64_t>(std::ceil(milliseconds)));
}

// Go's spelling of a duration: `1.16676ms`, `44.1µs`, `1m30s`.
std::optional<Milliseconds> go_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        double milliseconds;
    };
    static constexpr Unit units[] = {{"ns", 1e-6}, {"µs", 1e-3}, {"us", 1e-3}, {"ms", 1},
                                     {"s", 1e3},   {"m", 6e4},   {"h", 3.6e6}};
    double total = 0;
    bool any = false;
    while (!text.empty()) {
        std::size_t used = 0;
        auto value = number_at(text, used);
        if (!value) break;
        auto rest = text.substr(used);
        const auto* unit = std::find_if(std::begin(units), std::end(units),
                                        [&](const Unit& u) { return rest.starts_with(u.name); });
        if (unit == std::end(units)) break;
        total += *value * unit->milliseconds;
        any = true;
        text = rest.substr(unit->name.size());
    }
    return any ? wait_of(total) : std::nullopt;
}

std::optional<Milliseconds> wait_in_text(std::string_view body) {
    auto folded = lower(body.substr(0, 64u << 10));
    static constexpr std::string_view mark = "retry-after:";
    auto found = folded.find(mark);
    if (found == std::string::npos) return std::nullopt;
    auto rest = std::string_view(folded).substr(found + mark.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return go_duration(rest.substr(0, 64));
}

// Seconds from now, or a moment since 1970 in seconds or milliseconds: all three are in use.
std::optional<Milliseconds> reset_wait(std::string_view value, Time now) {
    std::size_t used = 0;
    auto number = number_at(value, used);
    if (!number || used != value.size()) return std::nullopt;
    double at = *number;
    if (at < 1e9) return wait_of(at * 1e3);
    double moment = at < 1e12 ? at * 1e3 : at;
    return wait_of(moment - static_cast<double>(to_unix_ms(now)));
}

ErrorKind kind_of(int status) {
    switch (status) {
        case 401:
        case 403:
            return ErrorKind::unauthorized;
        case 404:
            return ErrorKind::not_found;
        case 408:
        case 425:
            return ErrorKind::server_error;
        case 429:
            return ErrorKind::rate_limited;
        default:
            return status >= 500 && status < 600 ? ErrorKind::server_error : ErrorKind::bad_answer;
    }
}

std::string meaning_of(int status) {
    switch (status) {
        case 304:
            return "not modified, to a request without a condition";
        case 400:
            return "bad request";
        case 401:
            return "access denied";
        case 403:
            return "forbidden";
        case 404:
            return "not found";
        case 405:
            return "method not allowed";
        case 406:
            return "none of our manifest types";
        case 408:
            return "request timed out there";
        case 413:
        case 414:
            return "request too large for it";
        case 415:
            return "media type refused";
        case 416:
            return "range refused";
        case 425:
            return "too early";
        case 429:
            return "too many requests";
        default:
            break;
    }
    if (status >= 500 && status < 600) return "the server failed";
    if (status >= 300 && status < 400) return "a redirect that leads nowhere";
    return "a status that makes no sense here";
}

// nginx speaks of client certificates with a 400 (inside it they are 495 and 496) and a page of its own.
std::optional<std::string> certificate_refused(const net::HttpResponse& response) {
    if (response.status != 400 && response.status != 495 && response.status != 496) return std::nullopt;
    if (response.body.find("No required SSL certificate was sent") != std::string::npos)
        return "wants a client certificate: `client_cert` and `client_key` of its entry under `registries`";
    if (response.body.find("The SSL certificate error") != std::string::npos)
        return "refused the client certificate that `client_cert` names";
    return std::nullopt;
}

}  // namespace

std::string plain_line(std::string_view text, std::size_t most) {
    std::string out;
    bool space = false;
    while (!text.empty() && out.size() < most) {
        auto length = sequence_length(text);
        auto c = static_cast<unsigned char>(text[0]);
        bool blank = length == 0 || c <= 0x20 || c == 0x7f;
        if (blank) {
            space = !out.empty();
            text.remove_prefix(1);
            continue;
        }
        if (out.size() + length + (space ? 1 : 0) > most) break;
        if (space) out += ' ';
        space = false;
        out += text.substr(0, length);
        text.remove_prefix(length);
    }
    return out;
}

std::string complaint_of(const net::HttpResponse& response) {
    if (response.body.empty()) return {};
    auto type = net::media_type(response.headers.find("Content-Type").value_or(""));
    std::string said;
    auto first = response.body.find_first_not_of(" \t\r\n");
    char start = first == std::string::npos ? ' ' : response.body[first];
    if (start == '{') {
        auto parsed = parse_json(response.body, JsonLimits{1u << 20, 16});
        said = parsed ? json_text(*parsed) : "";
    } else if (type == "text/html" || start == '<') {
        said = html_text(response.body);
    } else if (type.starts_with("text/") || type.empty()) {
        said = response.body.substr(0, most_kept);
    }
    return plain_line(redact(said), most_kept);
}

std::optional<Milliseconds> asked_wait(const net::HttpResponse& response, Time now) {
    if (auto header = response.headers.find("Retry-After"))
        if (auto wait = parse_retry_after(*header, now)) return wait;
    if (auto wait = wait_in_text(response.body)) return wait;
    for (std::string_view name : {"RateLimit-Reset", "X-RateLimit-Reset"})
        if (auto header = response.headers.find(name))
            if (auto wait = reset_wait(*header, now)) return wait;
    auto quota = quota_in(response.headers, now);
    if (quota && quota->reset > Milliseconds(0)) return quota->reset;
    return std::nullopt;
}

bool means_rate_limit(const net::HttpResponse& response) {
    if (response.status == 429) return true;
    if (response.status != 400 && response.status != 403 && response.status != 503) return false;
    auto text = lower(std::string_view(response.body).substr(0, 64u << 10));
    return text.find("rate limit") != std::string::npos ||
           text.find("toomanyrequests") != std::string::npos ||
           (response.status == 403 && response.headers.find("Retry-After"));
}

Error error_of(const net::HttpResponse& response, const std::string& host, const std::string& said,
               Time now) {
    if (auto refused = certificate_refused(response))
        return Error(ErrorKind::tls, host + " " + *refused).with_status(response.status);
    std::string words = said.empty() ? complaint_of(response) : said;
    std::string sentence =
        host + " said " + std::to_string(response.status) + ", " + meaning_of(response.status);
    if (!words.empty()) sentence += ": " + words;
    bool limited = means_rate_limit(response);
    auto kind = limited ? ErrorKind::rate_limited : kind_of(response.status);
    bool may_wait = limited || kind == ErrorKind::server_error;
    return Error(kind, std::move(sentence))
        .with_status(response.status)
        .with_retry_after(may_wait ? asked_wait(response, now) : std::nullopt);
}

Error error_of_grant(const net::HttpResponse& response, const std::string& server, Time now) {
    auto error = error_of(response, server, "", now);
    bool refused = response.status == 400 && error.kind() != ErrorKind::rate_limited;
    return refused ? Error(ErrorKind::unauthorized, error.message()).with_status(400) : error;
}

}  // namespace basewatch::registry
