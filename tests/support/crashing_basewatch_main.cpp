// basewatch itself, but it dies as by `kill -9` when it reaches a failpoint: BASEWATCH_DIE_AT=NAME for the
// first time, or NAME:N for the N-th.
#include "cli/command_line.hpp"
#include "foundation/failpoint.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace basewatch {

void failpoint(const char* name) {
    static const char* const wanted = std::getenv("BASEWATCH_DIE_AT");
    static std::atomic<int> times = 0;
    if (wanted == nullptr) return;
    std::string_view place(wanted);
    auto colon = place.find(':');
    if (place.substr(0, colon) != name) return;
    int number = colon == std::string_view::npos ? 1 : std::atoi(wanted + colon + 1);
    if (++times == number) kill(getpid(), SIGKILL);
}

}  // namespace basewatch

int main(int count, char** arguments) {
    return basewatch::cli::run(count, arguments);
}
