#pragma once
// A program to run instead of a request to send, made at the moment of sending from the stored event. It is
// executed as it stands, without a shell; what comes from outside can be a whole argument of it and never an
// option. Its environment is made here, so that nothing of ours (credentials, tokens, proxies) is in it.

#include "presets/render.hpp"

#include <string>
#include <vector>

namespace basewatch::presets {

struct ProgramRun {
    std::vector<std::string> command;      // the path of the program, then its arguments
    std::vector<std::string> environment;  // NAME=value: PATH, LANG and BASEWATCH_*
    std::string input;                     // its standard input
    Milliseconds timeout{};
};

// What fills a place is a build parameter, else the dependent's `with`. invalid when there is no value, or
// one that begins with `-` or holds a NUL. `delivery_id` is its BASEWATCH_DELIVERY_ID: the same at every
// attempt.
Async<Result<ProgramRun>> render_program(const Target& target, RenderInput input, std::string delivery_id,
                                         jq::Worker& worker);

// The places of a command that no build parameter fills, each once.
std::vector<std::string> places_of_command(const std::vector<std::string>& command);

// The same for people: command, environment and input, without secrets.
std::string describe(const ProgramRun& run);

}  // namespace basewatch::presets
