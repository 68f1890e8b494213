// What the daemon costs and how fast it is, beside yardsticks that do the same work on the same servers in
// the same run, so that a ratio means something on any machine.
//
//   bench [registry|scale|delivery] [--smoke]
//
// Ends with 1 when a figure is missed that does not depend on the machine: requests for each tag, flushes of
// the disk, memory.

#include "bench/suites.hpp"

#include <cstdio>
#include <exception>
#include <string_view>

namespace {

using namespace basewatch::bench;

struct Suite {
    std::string_view name;
    void (*measure)(const Plan&, Figures&);
};

void registry(const Plan& plan, Figures& figures) {
    measure_sweeps(plan, figures);
    measure_daemon(plan, figures);
}

void scale(const Plan& plan, Figures& figures) {
    measure_scale(plan, figures);
    measure_idle_hour(plan, figures);
}

constexpr Suite suites[] = {{"registry", registry}, {"scale", scale}, {"delivery", measure_delivery}};

int usage() {
    std::fputs("usage: bench [registry|scale|delivery] [--smoke]\n", stderr);
    return 2;
}

}  // namespace

int main(int count, char** arguments) {
    Plan plan;
    std::string_view wanted;
    for (int at = 1; at < count; ++at) {
        std::string_view argument = arguments[at];
        bool known = false;
        for (const auto& suite : suites) known = known || suite.name == argument;
        if (argument == "--smoke")
            plan = Plan::smoke();
        else if (known && wanted.empty())
            wanted = argument;
        else
            return usage();
    }
    try {
        Figures figures;
        for (const auto& suite : suites)
            if (wanted.empty() || suite.name == wanted) suite.measure(plan, figures);
        return figures.print() ? 0 : 1;
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "bench: %s\n", fault.what());
        return 1;
    }
}
