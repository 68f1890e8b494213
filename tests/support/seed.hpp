#pragma once
// What the program rolls its dice with in a test: the same in every run, so that a test that failed fails
// again. BASEWATCH_TEST_SEED is another one; `./dev test --all` tries many.

#include <cstdint>
#include <cstdlib>
#include <string>

namespace basewatch::test {

inline std::uint64_t seed() {
    const char* other = std::getenv("BASEWATCH_TEST_SEED");
    return other == nullptr ? 1 : std::stoull(other);
}

}  // namespace basewatch::test
