// The jq worker as a program of its own, for tests of the rooms below the one that has a command line.

#include "jq/worker.hpp"

#include <cstdlib>
#include <string_view>

// The bound on addresses does not go together with sanitizers; in their builds a single allocation over the
// bound fails instead, which is how libjq's memory runs out, and the signal that follows is left alone.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
    return "max_allocation_size_mb=64:allocator_may_return_null=1:handle_segv=0:handle_sigbus=0:handle_abort="
           "0";
}
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() {
    return "max_allocation_size_mb=64:allocator_may_return_null=1:handle_segv=0:handle_sigbus=0:handle_abort="
           "0";
}

int main(int count, char** arguments) {
    if (count != 3 || std::string_view(arguments[1]) != "jq-worker") return 64;
    return basewatch::jq::worker_main(std::strtoull(arguments[2], nullptr, 10));
}
