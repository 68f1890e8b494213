#pragma once
// Columns for people: as wide as their widest cell, two spaces between, the heading in capitals.

#include <string>
#include <vector>

namespace basewatch::cli {

class Table {
public:
    explicit Table(const std::vector<std::string>& heading) { add(heading); }
    void add(const std::vector<std::string>& row);
    bool empty() const { return rows_.size() == 1; }
    // Control characters in cells are replaced: a registry's text must not drive the terminal.
    std::string text() const;

    // For rows that are too many to be held twice: measure each, then ask for the line of each.
    void measure(const std::vector<std::string>& row);
    std::string line(const std::vector<std::string>& row) const;

private:
    std::vector<std::string> rows_;  // cells, each with an end: many rows are small
    std::vector<std::size_t> widths_;
};

std::string printable(const std::string& text);

}  // namespace basewatch::cli
