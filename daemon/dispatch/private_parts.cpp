#include "dispatch/private_parts.hpp"

#include "foundation/bytes.hpp"
#include "foundation/secret.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace basewatch::dispatch {

namespace {

constexpr std::size_t shortest = 6;

// Said to every receiver alike, so not private.
constexpr std::array<std::string_view, 8> public_fields{
    "accept",      "content-type",         "user-agent",     "webhook-id", "webhook-timestamp",
    "traceparent", "x-github-api-version", "accept-encoding"};

bool looks_like_token(std::string_view part) {
    bool digit = std::any_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return part.size() >= 16 || (digit && part.size() >= 8);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        auto end = text.find_first_of(separators);
        if (end != 0) parts.push_back(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return parts;
}

// The length of the UTF-8 sequence at the front (RFC 3629), 0 where there is none.
std::size_t sequence_length(std::string_view text) {
    auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    unsigned char first = byte(0);
    std::size_t length = first < 0x80   ? 1
                         : first < 0xc2 ? 0
                         : first < 0xe0 ? 2
                         : first < 0xf0 ? 3
                         : first < 0xf5 ? 4
                                        : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t at = 1; at < length; ++at)
        if ((byte(at) & 0xc0) != 0x80) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;   // overlong
    if (first == 0xed && byte(1) >= 0xa0) return 0;  // surrogates
    if (first == 0xf0 && byte(1) < 0x90) return 0;   // overlong
    if (first == 0xf4 && byte(1) >= 0x90) return 0;  // past U+10FFFF
    return length;
}

// U+0000–001F, U+007F, and U+0080–009F, which some terminals obey as well.
bool control(std::string_view character) {
    auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return first < 0x20 || first == 0x7f;
    return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

void PrivateParts::add(std::string_view value) {
    if (value.size() < shortest) return;
    for (const auto& spelling : spellings(value)) values_.push_back(spelling);
    auto decoded = percent_decode(value);
    if (!decoded || *decoded == value) return;
    for (const auto& spelling : spellings(*decoded)) values_.push_back(spelling);
}

void PrivateParts::add_address(const net::Url& url) {
    std::string_view target = url.target;
    auto question = target.find('?');
    auto path = target.substr(0, question);
    add(target);
    add(path);
    for (auto part : split(path, "/"))
        if (looks_like_token(part)) add(part);
    if (!url.user_information.empty()) add(url.user_information);
    if (question == std::string_view::npos) return;
    for (auto pair : split(target.substr(question + 1), "&")) {
        auto equals = pair.find('=');
        add(equals == std::string_view::npos ? pair : pair.substr(equals + 1));
    }
}

void PrivateParts::add_headers(const net::Headers& headers) {
    for (const auto& [name, value] : headers) {
        std::string_view field = name;
        bool open = std::any_of(public_fields.begin(), public_fields.end(), [&](std::string_view known) {
            return net::equal_without_case(field, known);
        });
        if (open) continue;
        add(value);
        if (auto space = value.find(' '); space != std::string::npos)
            add(std::string_view(value).substr(space + 1));
    }
}

std::string PrivateParts::strike(std::string_view text) const {
    // Longest first, so that a value that holds another goes whole.
    auto values = values_;
    std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
    std::string out(text);
    static constexpr std::string_view mark = "[redacted]";
    for (const auto& value : values) {
        for (auto at = out.find(value); at != std::string::npos; at = out.find(value, at)) {
            out.replace(at, value.size(), mark);
            at += mark.size();
        }
    }
    return redact(out);
}

std::string printable(std::string_view text, std::size_t most) {
    std::string out;
    out.reserve(std::min(text.size(), most));
    while (!text.empty()) {
        auto length = sequence_length(text);
        std::string_view character = length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
        if (length != 0 && control(character)) character = " ";
        if (out.size() + character.size() > most) break;
        out += character;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace basewatch::dispatch
