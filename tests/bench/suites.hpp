#pragma once
// The suites of `./dev bench`, each printing what it does as it goes and adding its figures to one table.

#include "bench/figures.hpp"

namespace basewatch::bench {

// What is measured, and with how much; smoke: only whether it runs.
struct Plan {
    std::vector<std::size_t> tags{1'000, 5'000};
    int times = 5;
    int sweeps = 6;
    int interval_seconds = 5;

    static Plan smoke() { return {{50, 250}, 1, 4, 1}; }
};

// sweeps.cpp: sweeps in which nothing changed, by `check`, beside the bare client on the same servers.
void measure_sweeps(const Plan& plan, Figures& figures);
// daemon.cpp: the daemon, sweep after sweep.
void measure_daemon(const Plan& plan, Figures& figures);

}  // namespace basewatch::bench
