#pragma once
// What a jq worker gives up before it sees the first program: memory over a bound, core dumps, new
// privileges, being looked into by other processes, and every system call but the few that computing and
// answering need (seccomp(2)). A call that is not on the list fails with EPERM, so a program that finds a way
// to a file gets an error, not the file.

#include <cstddef>

namespace basewatch::jq {

// Where this was built with a sanitizer, which reserves terabytes of addresses for itself.
inline constexpr bool bounds_address_space =
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    false;
#else
    true;
#endif
#else
    true;
#endif

// False when any of it is refused; the process must not go on then.
bool confine(std::size_t memory);

}  // namespace basewatch::jq
