#include "bench/figures.hpp"

#include <algorithm>
#include <cstdio>

namespace basewatch::bench {

void Figures::add(Figure figure) {
    figures_.push_back(std::move(figure));
}

bool Figures::print() const {
    std::size_t widest = 6;
    for (const auto& figure : figures_) widest = std::max(widest, figure.what.size());
    auto line = [&](const char* what, const char* measured, const char* yardstick, const char* wanted,
                    const char* verdict) {
        std::printf("%-*s  %14s  %-34s  %-20s  %s\n", static_cast<int>(widest), what, measured, yardstick,
                    wanted, verdict);
    };
    std::printf("\n");
    line("figure", "measured", "beside, in the same run", "wanted", "");
    bool good = true;
    for (const auto& figure : figures_) {
        bool failed = !figure.reached && figure.kind == Kind::must_hold;
        good = good && !failed;
        line(figure.what.c_str(), figure.measured.c_str(), figure.yardstick.c_str(), figure.wanted.c_str(),
             figure.reached ? "reached"
             : failed       ? "MISSED"
                            : "missed");
    }
    std::fflush(stdout);
    return good;
}

std::string text(double number, int decimals, const std::string& unit) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.*f", decimals, number);
    return unit.empty() ? digits : std::string(digits) + " " + unit;
}

}  // namespace basewatch::bench
