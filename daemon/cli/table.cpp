#include "cli/table.hpp"

#include <algorithm>

namespace basewatch::cli {

namespace {

// Counts characters, not bytes: UTF-8 continuation bytes take no column.
std::size_t width(const std::string& cell) {
    return static_cast<std::size_t>(std::count_if(
        cell.begin(), cell.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

constexpr char end_of_cell = '\n';

}  // namespace

std::string printable(const std::string& text) {
    std::string out;
    for (char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    return out;
}

void Table::add(const std::vector<std::string>& row) {
    widths_.resize(std::max(widths_.size(), row.size()), 0);
    std::string cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
        widths_[i] = std::max(widths_[i], width(row[i]));
        cells += printable(row[i]) + end_of_cell;
    }
    rows_.emplace_back(cells.data(), cells.size());  // as much room as it takes
}

std::string Table::text() const {
    std::string out;
    for (const auto& row : rows_) {
        for (std::size_t i = 0, at = 0; at < row.size(); ++i) {
            std::string cell = row.substr(at, row.find(end_of_cell, at) - at);
            at += cell.size() + 1;
            out += cell;
            if (at < row.size()) out.append(widths_[i] - width(cell) + 2, ' ');
        }
        out += "\n";
    }
    return out;
}

}  // namespace basewatch::cli
