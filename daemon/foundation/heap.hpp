#pragma once
// What glibc's allocator does not do by itself.

namespace basewatch {

// Gives the memory that was freed back to the system. Takes milliseconds: for after something large.
void trim_heap();

}  // namespace basewatch
