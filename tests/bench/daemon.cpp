// The daemon, sweep after sweep: what it keeps in memory, whether that grows, and what a check costs it. Only
// the server is asked how far it is: asking the daemon would be measured too.

#include "bench/configuration.hpp"
#include "bench/measure.hpp"
#include "bench/servers.hpp"
#include "bench/suites.hpp"

#include <csignal>
#include <cstdio>
#include <functional>
#include <stdexcept>

namespace basewatch::bench {

namespace {

constexpr std::size_t connections = 8;
constexpr double most_growth = 1.05;

struct Seen {
    Usage first, third, last;  // after so many sweeps
    double cpu_per_check = 0;  // seconds
    double commits = 0;        // from the third to the last
};

Seen watch_daemon(Server& server, std::size_t tags, const Plan& plan) {
    test::TemporaryFolder folder;
    auto watching = watch_tags(server, tags, connections);
    watching.interval_seconds = plan.interval_seconds;
    test::Process daemon({BASEWATCH_BINARY, "run", "-c", write_configuration(watching, folder)});
    if (!daemon.wait_for_output("ready")) throw std::runtime_error("basewatch run: " + daemon.errors());
    auto figure = [&](const char* name) { return metric(socket_in(folder), name); };
    auto patience = std::chrono::seconds(20 + plan.interval_seconds * plan.sweeps * 4);
    auto wait_until = [&](const std::function<bool()>& done) {
        if (!test::eventually(done, patience))
            throw std::runtime_error("the daemon does not get on: " + daemon.errors());
    };
    Seen seen;
    wait_until([&] { return figure("basewatch_checks_total") >= static_cast<double>(tags); });
    seen.first = usage_of(daemon.id());
    auto start = server.requests();
    auto swept = [&](int times) {
        wait_until([&] { return server.requests() >= start + tags * static_cast<unsigned>(times - 1); });
        return usage_of(daemon.id());
    };
    seen.third = swept(3);
    seen.commits = figure("basewatch_store_commits_total");
    auto requests = server.requests();
    seen.last = swept(plan.sweeps);
    requests = server.requests() - requests;
    seen.commits = figure("basewatch_store_commits_total") - seen.commits;
    seen.cpu_per_check = (seen.last.cpu - seen.third.cpu) / static_cast<double>(requests);
    daemon.signal(SIGTERM);
    if (daemon.wait() != 0) throw std::runtime_error("basewatch run did not end well: " + daemon.errors());
    return seen;
}

void judge(const Seen& seen, std::size_t tags, Figures& figures) {
    std::string where = "the daemon, " + std::to_string(tags) + " tags";
    double most = most_resident(tags);
    figures.add({"5 memory, " + where, text(seen.last.resident_mib, 1, "MiB"), "",
                 "at most " + text(most, 0, "MiB"), seen.last.resident_mib <= most, Kind::must_hold});
    figures.add({"5 memory after the last sweep, " + where, text(seen.last.resident_mib, 1, "MiB"),
                 text(seen.third.resident_mib, 1, "MiB after the third"), "at most x1.05",
                 seen.last.resident_mib <= seen.third.resident_mib * most_growth, Kind::must_hold});
}

}  // namespace

void measure_daemon(const Plan& plan, Figures& figures) {
    std::printf("\nThe daemon on nginx, %d sweeps, one every %d s\n\n", plan.sweeps, plan.interval_seconds);
    std::printf("%6s  %9s %9s %9s %9s %14s %9s\n", "tags", "MiB 1st", "MiB 3rd", "MiB last", "peak MiB",
                "CPU us/check", "commits");
    for (std::size_t tags : plan.tags) {
        auto server = start_nginx(tags);
        auto seen = watch_daemon(*server, tags, plan);
        std::printf("%6zu  %9.1f %9.1f %9.1f %9.1f %14.1f %9.0f\n", tags, seen.first.resident_mib,
                    seen.third.resident_mib, seen.last.resident_mib, seen.last.peak_mib,
                    seen.cpu_per_check * 1e6, seen.commits);
        std::fflush(stdout);
        judge(seen, tags, figures);
    }
}

}  // namespace basewatch::bench
