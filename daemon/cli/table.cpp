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

void Table::measure(const std::vector<std::string>& row) {
    widths_.resize(std::max(widths_.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], width(row[i]));
}

std::string Table::line(const std::vector<std::string>& row) const {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i) {
        out += printable(row[i]);
        if (i + 1 < row.size()) out.append(widths_[i] - width(row[i]) + 2, ' ');
    }
    return out + "\n";
}

void Table::add(const std::vector<std::string>& row) {
    measure(row);
    std::string cells;
    for (const auto& cell : row) cells += printable(cell) + end_of_cell;
    rows_.emplace_back(cells.data(), cells.size());  // as much room as it takes
}

std::string Table::text() const {
    std::string out;
    for (const auto& cells : rows_) {
        std::vector<std::string> row;
        for (std::size_t at = 0, end = 0; at < cells.size(); at = end + 1) {
            end = cells.find(end_of_cell, at);
            row.push_back(cells.substr(at, end - at));
        }
        out += line(row);
    }
    return out;
}

}  // namespace basewatch::cli
