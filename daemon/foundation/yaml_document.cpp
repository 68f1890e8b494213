#include "foundation/yaml_document.hpp"

#include <algorithm>

namespace basewatch {

namespace {

constexpr std::size_t block = 64;  // bytes

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
}

}  // namespace

YamlValue::Document::Document(std::string_view file_name, std::string_view whole)
    : file(file_name), text(whole) {
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    lines.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '\n') lines.push_back(i + 1);
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

std::size_t YamlValue::Document::offset(int line, int column) const {
    if (line < 0 || static_cast<std::size_t>(line) >= lines.size()) return text.size();
    return std::min(text.size(), lines[static_cast<std::size_t>(line)] + static_cast<std::size_t>(column));
}

Mark YamlValue::Document::mark_at(std::size_t at) const {
    at = std::min(at, text.size());
    auto after = std::upper_bound(lines.begin(), lines.end(), at);
    // Columns are characters, as editors count them; yaml-cpp counts bytes.
    std::size_t characters = characters_before(at) - characters_before(*(after - 1));
    return {file, static_cast<int>(after - lines.begin()), static_cast<int>(characters) + 1};
}

Mark YamlValue::Document::mark(int line, int column) const {
    return mark_at(offset(line, column));
}

std::size_t YamlValue::Document::value_at(int line, int column) const {
    std::size_t here = offset(line, column);
    if (here >= text.size() || text[here] != '&') return here;
    here = std::min(text.size(), text.find_first_of(" \t\r\n", here));
    return std::min(text.size(), text.find_first_not_of(" \t\r\n", here));
}

}  // namespace basewatch
