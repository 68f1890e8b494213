#include "foundation/failpoint.hpp"

namespace basewatch {

// Weak, so that a program of the tests can have its own.
__attribute__((weak)) void failpoint(const char* /*name*/) {}

}  // namespace basewatch
