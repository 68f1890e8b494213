#pragma once
// The references of a large configuration, the same for those that measure it.

#include "bench/suites.hpp"

#include <string>
#include <vector>

namespace basewatch::bench {

// So many repositories on each host, and tags in each of them.
std::vector<std::string> large_references(const Plan& plan, const std::vector<std::string>& hosts);

}  // namespace basewatch::bench
