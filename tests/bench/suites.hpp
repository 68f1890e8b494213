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

    // A large configuration: so many hosts, repositories on each, and tags in each of those.
    std::size_t hosts = 50, repositories = 400, tags_each = 5;
    int large_interval_seconds = 30;

    // Deliveries: how many, how many at once, how often measured; targets that hang meanwhile; dependents of
    // one change; changes committed at a steady pace.
    std::size_t deliveries = 10'000, delivery_places = 64;
    int delivery_times = 3, hanging_turns = 200;
    std::size_t hanging = 1'000, hanging_slice = 400, dependents = 10'000, paced = 2'500;

    std::size_t watches() const { return hosts * repositories * tags_each; }
    static Plan smoke() { return {{50, 250}, 1, 4, 1, 5, 20, 5, 2, 200, 64, 1, 2, 50, 50, 200, 100}; }
};

// sweeps.cpp: sweeps in which nothing changed, by `check`, beside the bare client on the same servers.
void measure_sweeps(const Plan& plan, Figures& figures);
// daemon.cpp: the daemon, sweep after sweep.
void measure_daemon(const Plan& plan, Figures& figures);

// scale.cpp: 100,000 watches over 20,000 repositories on 50 hosts.
void measure_scale(const Plan& plan, Figures& figures);
// idle_hour.cpp: what an hour of them costs when nothing changes, on a clock that is turned by hand.
void measure_idle_hour(const Plan& plan, Figures& figures);

// delivery.cpp: how fast what is committed gets out.
void measure_delivery(const Plan& plan, Figures& figures);

}  // namespace basewatch::bench
