#pragma once
// A table as Markdown has it, of what a test found out.

#include <string>
#include <vector>

namespace basewatch::test {

class ResultTable {
public:
    explicit ResultTable(const std::vector<std::string>& headings) {
        add(headings);
        add(std::vector<std::string>(headings.size(), "---"));
    }
    void add(const std::vector<std::string>& cells) {
        text_ += "|";
        for (const auto& cell : cells) text_ += " " + cell + " |";
        text_ += "\n";
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace basewatch::test
