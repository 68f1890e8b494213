#pragma once
// libjq as the worker uses it: compiles and runs, one program at a time, and keeps the programs compiled last
// (compiling takes tens of milliseconds, running microseconds). It may abort or never come back: that is what
// the process around it is for.

#include "jq/frames.hpp"

#include <list>
#include <memory>
#include <string>

struct jq_state;

namespace basewatch::jq {

class Engine {
public:
    Engine();
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    Answer answer(const Request& request);

private:
    struct Compiled;
    // The state to run, or null and what was said in `fault`.
    jq_state* compiled(const std::string& program, std::string& fault);

    std::list<std::unique_ptr<Compiled>> programs_;  // used last stands first
};

}  // namespace basewatch::jq
