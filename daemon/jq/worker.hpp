#pragma once
// Runs users' jq programs where they can do no harm: in a worker process, which is this binary executed again
// with an empty environment, a bound on memory and no way to files or network. libjq has no step limit and
// aborts when memory ends; either ends the process, fails that one run, and a fresh process takes the next.
// While a run takes long, the others go on in a second and a third process, so that one program that never
// ends delays nobody but its own next run.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <memory>
#include <string>

namespace basewatch::jq {

struct Bounds {
    Milliseconds deadline{5'000};     // for one run, compiling included; wall time, and machines are busy
    std::size_t memory = 256u << 20;  // address space of each process
    std::size_t output = 1u << 20;    // of one run
};

class Worker {
public:
    // `binary` is executed as `binary jq-worker BYTES`, which calls worker_main(BYTES). The process is
    // started at the first run.
    Worker(asio::any_io_executor executor, Clock& clock, std::string binary, Bounds bounds);
    // Whoever awaits run() or check() has ended by then.
    ~Worker();

    // The one output of `program` on `input` (JSON), as compact JSON. Errors: invalid with the user's own
    // line number when the program does not compile, fails, or gives none or several outputs; timed_out and
    // too_large when it broke a bound; unreachable when there was no worker to run it (that may be over the
    // next time); cancelled. libjq tells no line of a program that compiles and then fails. None of the
    // messages repeats the input: of it, only words that the program holds as well are shown. Runs queue up,
    // first come, first served; but a program waits for a slow run of its own, and the others do not.
    Async<Result<std::string>> run(std::string program, std::string input);

    // Compiles only.
    Async<Result<void>> check(std::string program);

    // Ends the processes; a run under way ends with `cancelled`. A later run starts a fresh one.
    void stop();
    // Processes started so far, for tests.
    int started() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// What the worker process runs: frames on standard input and output until end of file. Returns the exit code.
int worker_main(std::size_t memory);

}  // namespace basewatch::jq
