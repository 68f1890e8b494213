#include "foundation/heap.hpp"

#include <malloc.h>

namespace basewatch {

void trim_heap() {
    malloc_trim(0);
}

}  // namespace basewatch
