#include "foundation/yaml_document.hpp"

#include <algorithm>

namespace basewatch {

namespace {

constexpr std::size_t block = 64;  // bytes

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
}

// The length of the UTF-8 sequence at the front, or 0 where there is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
    unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!tail(1) || !tail(2)) return 0;
        return (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ? 0 : 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!tail(1) || !tail(2) || !tail(3)) return 0;
        return (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F) ? 0 : 4;
    }
    return 0;
}

// What is wrong with this character, or nothing.
std::string_view fault_of(std::string_view character) {
    static constexpr std::string_view control =
        "a control character; write it as an escape (\"\\x1b\") in double quotes if it is meant";
    if (character.empty()) return "not UTF-8: save the file in that encoding";
    auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1)
        return (first < 0x20 && first != '\t' && first != '\n' && first != '\r') || first == 0x7F
                   ? control
                   : std::string_view();
    // YAML 1.1 ended lines with these three, YAML 1.2 does not, and editors differ.
    if (character == "\u0085" || character == "\u2028" || character == "\u2029")
        return "a line separator that is seen by few (U+0085, U+2028, U+2029); write it as an escape "
               "(\"\\u2028\") in double quotes if it is meant";
    if (character.size() == 2 && character < "\u00A0") return control;
    return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF" ? control : std::string_view();
}

}  // namespace

YamlValue::Document::Document(std::string_view file_name, std::string_view whole)
    : file(file_name), text(whole) {
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    lines.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')))
            lines.push_back(i + 1);
    // A file may be one line of 4 MiB: places in it are found without counting from its beginning each time.
    std::size_t characters = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i % block == 0) characters_at_block.push_back(characters);
        if (i < text.size() && begins_character(text[i])) ++characters;
    }
}

std::size_t YamlValue::Document::characters_before(std::size_t at) const {
    std::size_t count = characters_at_block[at / block];
    for (std::size_t i = at - at % block; i < at; ++i)
        if (begins_character(text[i])) ++count;
    return count;
}

std::size_t YamlValue::Document::character_at(std::size_t number) const {
    // The last block before which no more than this many begin.
    auto after = std::upper_bound(characters_at_block.begin(), characters_at_block.end(), number);
    auto index = static_cast<std::size_t>(after - characters_at_block.begin()) - 1;
    std::size_t left = number - characters_at_block[index];
    for (std::size_t at = index * block; at < text.size(); ++at)
        if (begins_character(text[at]) && left-- == 0) return at;
    return text.size();
}

Mark YamlValue::Document::mark_at(std::size_t at) const {
    at = std::min(at, text.size());
    auto after = std::upper_bound(lines.begin(), lines.end(), at);
    // Columns are characters, as editors count them.
    std::size_t characters = characters_before(at) - characters_before(*(after - 1));
    return {file, static_cast<int>(after - lines.begin()), static_cast<int>(characters) + 1};
}

std::size_t YamlValue::Document::value_at(std::size_t at) const {
    if (at >= text.size() || text[at] != '&') return at;
    at = std::min(text.size(), text.find_first_of(" \t\r\n", at));
    return std::min(text.size(), text.find_first_not_of(" \t\r\n", at));
}

bool readable(const YamlValue::Document& document, Problems& problems) {
    std::string_view text = document.text;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] >= ' ' && text[at] <= '~') {  // nearly all
            ++at;
            continue;
        }
        std::size_t length = utf8_length(text.substr(at));
        auto fault = fault_of(text.substr(at, length));
        if (!fault.empty()) {
            problems.error(document.mark_at(at), std::string(fault));
            return false;
        }
        at += length;
    }
    return true;
}

}  // namespace basewatch
