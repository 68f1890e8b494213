// A large configuration: how much memory it takes, how soon the first base is asked about, and that a sweep
// asks for every tag once.

#include "bench/scale.hpp"

#include "bench/configuration.hpp"
#include "bench/measure.hpp"
#include "bench/servers.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <stdexcept>

namespace basewatch::bench {

namespace {

using Steady = std::chrono::steady_clock;

struct Sweep {
    Cost cost;
    std::uint64_t requests = 0;
};

Sweep check_all(ManyServers& servers, const std::string& file, const test::TemporaryFolder& folder) {
    Sweep sweep;
    auto before = servers.requests();
    sweep.cost = succeed({BASEWATCH_BINARY, "check", "-c", file}, folder.path().string());
    sweep.requests = servers.requests() - before;
    return sweep;
}

void print(const char* what, const Sweep& sweep) {
    std::printf("%-24s %8.2f s  %8.2f s of CPU  %8.1f MiB  %8llu requests\n", what, sweep.cost.wall,
                sweep.cost.cpu, sweep.cost.peak_mib, static_cast<unsigned long long>(sweep.requests));
    std::fflush(stdout);
}

struct Seen {
    double first_check = 0;       // seconds from the start of the process
    Usage start, second, fourth;  // after so many sweeps
    double cpu_per_check = 0;     // seconds, from the second to the fourth
};

Seen watch_daemon(ManyServers& servers, const std::string& file, const Plan& plan) {
    Seen seen;
    auto before = servers.requests();
    auto start = Steady::now();
    test::Process daemon({BASEWATCH_BINARY, "run", "-c", file});
    auto wait_until = [&](const std::function<bool()>& done, int seconds) {
        if (!test::eventually(done, std::chrono::seconds(seconds)))
            throw std::runtime_error("the daemon does not get on: " + daemon.errors());
    };
    wait_until([&] { return servers.requests() > before; }, 60);
    seen.first_check = std::chrono::duration<double>(Steady::now() - start).count();
    seen.start = usage_of(daemon.id());
    auto after = [&](std::uint64_t sweeps) {
        wait_until([&] { return servers.requests() - before >= plan.watches() * sweeps; },
                   60 + plan.large_interval_seconds * 10);
        return usage_of(daemon.id());
    };
    seen.second = after(2);
    auto counted = servers.requests();
    seen.fourth = after(4);
    seen.cpu_per_check =
        (seen.fourth.cpu - seen.second.cpu) / static_cast<double>(servers.requests() - counted);
    daemon.signal(SIGTERM);
    if (daemon.wait() != 0) throw std::runtime_error("basewatch run did not end well: " + daemon.errors());
    return seen;
}

}  // namespace

std::vector<std::string> large_references(const Plan& plan, const std::vector<std::string>& hosts) {
    std::vector<std::string> references;
    references.reserve(plan.watches());
    for (const auto& host : hosts)
        for (std::size_t repository = 0; repository < plan.repositories; ++repository)
            for (std::size_t tag = 0; tag < plan.tags_each; ++tag)
                references.push_back(host + "/team-" + std::to_string(repository % 40) + "/image-" +
                                     std::to_string(repository) + ":3." + std::to_string(tag) + "-alpine");
    return references;
}

void measure_scale(const Plan& plan, Figures& figures) {
    std::string watches = std::to_string(plan.watches()) + " watches";
    std::printf("\n%s, %zu repositories on %zu hosts\n\n", watches.c_str(), plan.hosts * plan.repositories,
                plan.hosts);
    auto servers = start_nginx_on_ports(plan.hosts);
    test::TemporaryFolder folder;
    Watching watching;
    watching.hosts = servers->hosts();
    watching.reached_by = "plain_http: true";
    watching.connections = 4;
    watching.references = large_references(plan, watching.hosts);
    watching.interval_seconds = plan.large_interval_seconds;
    auto file = write_configuration(watching, folder);

    auto first = check_all(*servers, file, folder);
    print("check, first sight", first);
    auto again = check_all(*servers, file, folder);
    print("check, nothing changed", again);
    auto seen = watch_daemon(*servers, file, plan);
    std::printf(
        "run, every %d s: first request after %.2f s; %.1f MiB then, %.1f MiB after two sweeps, %.1f MiB "
        "after four, at most %.1f MiB; %.1f us of CPU for a check\n",
        plan.large_interval_seconds, seen.first_check, seen.start.resident_mib, seen.second.resident_mib,
        seen.fourth.resident_mib, seen.fourth.peak_mib, seen.cpu_per_check * 1e6);
    std::fflush(stdout);

    double most = most_resident(plan.watches());
    std::string wanted = "at most " + text(most, 0, "MiB");
    auto requests = static_cast<double>(again.requests) / static_cast<double>(plan.watches());
    figures.add({"1 requests for each tag, " + watches, text(requests, 3), "", "1", requests <= 1.0 + 1e-9,
                 Kind::must_hold});
    figures.add({"5 memory of a first check, " + watches, text(first.cost.peak_mib, 1, "MiB"), "", wanted,
                 first.cost.peak_mib <= most, Kind::must_hold});
    figures.add({"5 memory of a check, " + watches, text(again.cost.peak_mib, 1, "MiB"), "", wanted,
                 again.cost.peak_mib <= most, Kind::must_hold});
    figures.add({"5 memory, the daemon, " + watches, text(seen.fourth.resident_mib, 1, "MiB"), "", wanted,
                 seen.fourth.resident_mib <= most, Kind::must_hold});
    figures.add({"5 memory after the last sweep, the daemon, " + watches,
                 text(seen.fourth.resident_mib, 1, "MiB"),
                 text(seen.second.resident_mib, 1, "MiB after the second"), "at most x1.05",
                 seen.fourth.resident_mib <= seen.second.resident_mib * 1.05, Kind::must_hold});
    figures.add({"8 start to first check, " + watches, text(seen.first_check, 2, "s"), "", "at most 1 s",
                 seen.first_check <= 1});
}

}  // namespace basewatch::bench
