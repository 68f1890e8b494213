#include "foundation/heap.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <string>
#include <string_view>
#include <sys/auxv.h>
#include <unistd.h>
#include <vector>

namespace basewatch {

namespace {

// Coroutines begin and end in batches of 64 and more, and glibc keeps seven freed blocks of each size. The
// others go to lists that all share and that are long where a thousand connections wait for an answer: there
// a delivery to somebody else took half as much time again. 256 cost a few hundred KiB.
constexpr const char* tunables = "GLIBC_TUNABLES";
constexpr const char* deeper = "glibc.malloc.tcache_count=256";

std::vector<std::string> own_arguments() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::string all{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> arguments;
    for (std::size_t at = 0; at < all.size();) {
        arguments.emplace_back(all.c_str() + at);  // each ends with a zero
        at += arguments.back().size() + 1;
    }
    return arguments;
}

}  // namespace

void trim_heap() {
    malloc_trim(0);
}

void deepen_heap_caches() {
    if (const char* set = std::getenv(tunables); set != nullptr) {
        if (std::string_view(set) == deeper) unsetenv(tunables);
        return;
    }
    // With rights that the caller lacks glibc takes the variable away, and this would begin for ever.
    if (getauxval(AT_SECURE) != 0) return;
    auto arguments = own_arguments();
    std::array<char, 4096> path{};
    if (arguments.empty() || readlink("/proc/self/exe", path.data(), path.size() - 1) < 0) return;
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    setenv(tunables, deeper, 1);
    execv(path.data(), pointers.data());
    unsetenv(tunables);  // it goes on as it is, only slower
}

}  // namespace basewatch
