#pragma once
// What glibc's allocator does not do by itself.

namespace basewatch {

// Gives the memory that was freed back to the system. Takes milliseconds: for after something large.
void trim_heap();

// Begins this program anew, once, with deeper caches of freed blocks for each thread, which glibc sets only
// at a program's start (tunable glibc.malloc.tcache_count). For what runs long and handles much at once, as
// the first thing it does: before threads, open files and whatever else does not outlive execve(2). A
// GLIBC_TUNABLES of the user's own is left as it is, and children inherit none.
void deepen_heap_caches();

}  // namespace basewatch
