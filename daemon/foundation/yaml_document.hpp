#pragma once
// The inside of a parsed YAML document, shared by the parser (yaml_parse.cpp) and the readings (yaml.cpp);
// nobody else includes it. Nodes live in one deque and point at each other: an alias is a second pointer to
// the node of its anchor, so what is in memory is never larger than the file.

#include "foundation/yaml.hpp"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch {

struct YamlValue::Document {
    struct Node {
        Kind kind = Kind::null;
        int line = 0;    // from 0, as yaml-cpp counts
        int column = 0;  // from 0, in bytes
        bool quoted = false;
        std::string scalar;
        std::vector<const Node*> items;
        std::vector<std::pair<const Node*, const Node*>> entries;
        // How many values it stands for, aliases followed; 0 while it is not yet whole.
        std::size_t weight = 0;
        std::size_t growing = 1;
    };

    Document(std::string_view file_name, std::string_view whole);

    std::size_t characters_before(std::size_t at) const;
    std::size_t offset(int line, int column) const;
    Mark mark_at(std::size_t at) const;
    Mark mark(int line, int column) const;
    // Where the value itself begins: yaml-cpp's mark is at the anchor in front of it, if there is one.
    std::size_t value_at(int line, int column) const;

    std::string file;
    std::string text;                // without a byte order mark
    std::vector<std::size_t> lines;  // where each begins
    std::vector<std::size_t> characters_at_block;
    std::deque<Node> nodes;
    const Node* root = nullptr;
};

}  // namespace basewatch
