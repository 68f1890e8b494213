#pragma once
// Runs the program of an `exec` target: the event on its input, what it prints kept, its process group ended
// as a whole at the timeout, and what it leaves running when it ends. Code 0 is success. 64, 65, 77 and 78
// (usage, data, permission, configuration: sysexits.h) say that another try is useless; 75 (EX_TEMPFAIL),
// every other code, a signal and the timeout follow the schedule, because most things that fail a program
// pass.

#include "dispatch/way_out.hpp"
#include "presets/program.hpp"

namespace basewatch::dispatch {

struct ProgramEnd {
    int status = 0;      // as waitpid() says it
    std::string output;  // its beginning, standard output and errors as they came
};

// unreachable when it cannot be executed, timed_out, cancelled. When it returns the program has ended. The
// process must ignore SIGPIPE: a program need not read its input.
Async<Result<ProgramEnd>> run_program(presets::ProgramRun run, Clock& clock);

Answer read_end(const presets::Target& target, const Result<ProgramEnd>& end, const PrivateParts& parts,
                Try when, Time now);

}  // namespace basewatch::dispatch
