#pragma once
// The inside of a parsed YAML document, shared by the parser (yaml_parse.cpp) and the readings (yaml.cpp);
// nobody else includes it. Nodes live in one deque and point at each other: an alias is a second pointer to
// the node of its anchor, so what is in memory is never larger than the file. Files of 100,000 watches are
// read at every start, so a node is small, and its text is the file's own wherever the two are the same.

#include "foundation/yaml.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch {

struct YamlValue::Document {
    struct Node {
        Kind kind = Kind::null;
        bool quoted = false;
        std::uint32_t at = 0;  // where it begins in the text: at the anchor, if there is one
        // How many values it stands for, aliases followed; 0 while it is not yet whole.
        std::uint32_t weight = 0;
        std::string_view scalar;
        // The items of a list; of a map each key and, behind it, its value.
        const std::vector<const Node*>* parts = nullptr;
    };

    Document(std::string_view file_name, std::string_view whole);

    std::size_t characters_before(std::size_t at) const;
    // Where the character with this number, from 0, begins.
    std::size_t character_at(std::size_t number) const;
    Mark mark_at(std::size_t at) const;
    // Where the value itself begins, behind the anchor.
    std::size_t value_at(std::size_t at) const;

    std::string file;
    std::string text;                // without a byte order mark
    std::vector<std::size_t> lines;  // where each begins
    std::vector<std::size_t> characters_at_block;
    std::deque<Node> nodes;
    std::deque<std::vector<const Node*>> parts;
    std::deque<std::string> texts;  // the scalars that are not in `text` as they are: escapes, folded lines
    const Node* root = nullptr;
};

// Whether the text holds only what a file may (YAML 1.2, section 5.1); otherwise the first fault is told.
bool readable(const YamlValue::Document& document, Problems& problems);

}  // namespace basewatch
