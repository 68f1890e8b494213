#include "net/server_message.hpp"

#include "foundation/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace basewatch::net {

namespace {

bool own_field(std::string_view name) {
    for (std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
        if (equal_without_case(name, own)) return true;
    }
    return false;
}

// application/x-www-form-urlencoded, one name or value.
std::optional<std::string> form_decode(std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decode(spaced);
}

}  // namespace

std::optional<std::string> ServerRequest::parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        auto end = std::min(rest.find('&'), rest.size());
        auto pair = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        auto equals = std::min(pair.find('='), pair.size());
        auto key = form_decode(pair.substr(0, equals));
        if (key && *key == name) return form_decode(pair.substr(std::min(equals + 1, pair.size())));
    }
    return std::nullopt;
}

Result<void> read_target(ServerRequest& request) {
    std::string_view target = request.target;
    Result<Url> absolute = Error(ErrorKind::invalid, "");
    if (!target.starts_with('/')) {
        absolute = Url::parse(target);
        if (!absolute) return Error(ErrorKind::invalid, "the request's target is not understood");
        target = absolute->target;
    }
    auto question = std::min(target.find('?'), target.size());
    auto path = percent_decode(target.substr(0, question));
    if (!path || path->find('\0') != path->npos)
        return Error(ErrorKind::invalid, "the request's path is not percent-encoded");
    request.path = std::move(*path);
    request.query = target.substr(std::min(question + 1, target.size()));
    return {};
}

std::string http_date(Time time) {
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    auto day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day date(day);
    std::chrono::hh_mm_ss hours(std::chrono::floor<std::chrono::seconds>(time - day));
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(hours.hours().count()), static_cast<int>(hours.minutes().count()),
                  static_cast<int>(hours.seconds().count()));
    return text;
}

Result<std::string> answer_bytes(const ServerResponse& response, const AnswerForm& form, Time now) {
    if (response.status < 200 || response.status > 599)
        return Error(ErrorKind::invalid, "a handler answered with an impossible status");
    bool bodiless = response.status == 204 || response.status == 304;
    std::string bytes;
    bytes.reserve(256 + response.body.size());
    bytes.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    bytes.append(reason_phrase(response.status)).append("\r\nDate: ").append(http_date(now)).append("\r\n");
    for (const auto& [name, value] : response.headers) {
        if (!valid_header(name, value))
            return Error(ErrorKind::invalid, "a handler made a header that cannot be sent");
        if (!own_field(name)) bytes.append(name).append(": ").append(value).append("\r\n");
    }
    if (!bodiless)
        bytes.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    if (!form.keep_alive) {
        bytes.append("Connection: close\r\n");
    } else if (!form.version_1_1) {
        bytes.append("Connection: keep-alive\r\n");
    }
    bytes.append("\r\n");
    if (!form.head && !bodiless) bytes.append(response.body);
    return bytes;
}

ServerResponse plain_answer(int status, std::string_view text) {
    ServerResponse response;
    response.status = status;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body.append(text).append("\n");
    return response;
}

std::string_view reason_phrase(int status) {
    struct Phrase {
        int status;
        std::string_view text;
    };
    static constexpr Phrase phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {425, "Too Early"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (const auto& phrase : phrases) {
        if (phrase.status == status) return phrase.text;
    }
    return "Unknown";
}

}  // namespace basewatch::net
