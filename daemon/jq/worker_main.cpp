#include "jq/confinement.hpp"
#include "jq/engine.hpp"
#include "jq/frames.hpp"
#include "jq/worker.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <span>
#include <sys/prctl.h>
#include <unistd.h>

namespace basewatch::jq {

namespace {

enum Exit { at_the_end = 0, broken_frame = 1, not_confined = 2 };

// False at the end of the input, or where it breaks off.
bool read_all(std::span<char> into) {
    while (!into.empty()) {
        ssize_t count = read(STDIN_FILENO, into.data(), into.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        into = into.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

bool write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t count = write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// What libjq and the C library would otherwise look up at the first use: builtins, regular expressions, the
// time zone.
void warm_up(Engine& engine) {
    engine.answer({false,
                   R"([test("a"; "i"), (0 | strftime("%c")), (0 | localtime | mktime), (1.5 | tostring)])",
                   R"("a")"});
}

int serve(Engine& engine) {
    std::string payload;
    for (;;) {
        char header[frame_header];
        if (!read_all(header)) return at_the_end;
        std::size_t size = payload_size({header, frame_header});
        if (size > most_request) return broken_frame;
        payload.resize(size);
        if (!read_all(payload)) return at_the_end;
        auto request = read_request(payload);
        if (!request) return broken_frame;
        if (!write_all(frame(engine.answer(*request)))) return at_the_end;
    }
}

}  // namespace

int worker_main(std::size_t memory) {
    // A daemon that is killed takes its worker along, also one in an endless program.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (chdir("/") != 0) return not_confined;
    setenv("TZ", "UTC0", 1);
    Engine engine;
    warm_up(engine);
    unsetenv("TZ");
    if (!confine(memory)) return not_confined;
    int code = serve(engine);
    // The sanitizers' leak check needs calls that are no longer allowed.
    if (!bounds_address_space) _exit(code);
    return code;
}

}  // namespace basewatch::jq
