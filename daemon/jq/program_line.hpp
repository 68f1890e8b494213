#pragma once
// Where in a configuration file the fault of a jq program stands: the worker's messages begin with `line N: `
// where libjq told a line, and a program begins somewhere in its file.

#include "foundation/yaml.hpp"

#include <string>
#include <string_view>

namespace basewatch::jq {

struct LocatedFault {
    Mark where;          // the program's own line; with the mark's column on the first only, 1 on the others
    bool known = false;  // whether libjq told a line
    std::string what;    // the message without its `line N: `
};

// `start` is where the program's first character stands.
LocatedFault located(const Mark& start, std::string_view message);

}  // namespace basewatch::jq
