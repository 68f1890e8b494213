#pragma once
// What was measured, each figure beside its yardstick of the same run and beside what is wanted of it, as one
// table. Seconds do not carry from one machine to another; ratios and counts do.

#include <string>
#include <vector>

namespace basewatch::bench {

// Counts and bytes do not depend on what else the machine does: missing one of them fails the run. What hangs
// on its speed is told and fails nothing.
enum class Kind { must_hold, depends_on_machine };

struct Figure {
    std::string what;
    std::string measured;
    std::string yardstick;  // what it is held against in this run; empty: only against what is wanted
    std::string wanted;
    bool reached = false;
    Kind kind = Kind::depends_on_machine;
};

class Figures {
public:
    void add(Figure figure);
    // Prints the table; whether all that must hold does.
    bool print() const;

private:
    std::vector<Figure> figures_;
};

// `1.50 s`, `12.3 MiB`, `0.87`: a number with so many decimals and its unit.
std::string text(double number, int decimals, const std::string& unit = "");

}  // namespace basewatch::bench
