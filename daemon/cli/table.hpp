#pragma once
// Columns for people: as wide as their widest cell, two spaces between, the heading in capitals.

#include <string>
#include <vector>

namespace basewatch::cli {

class Table {
public:
    explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    bool empty() const { return rows_.size() == 1; }
    // Control characters in cells are replaced: a registry's text must not drive the terminal.
    std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

std::string printable(const std::string& text);

}  // namespace basewatch::cli
