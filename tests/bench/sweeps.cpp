// How fast is a sweep in which nothing changed, and what does it cost? Debian's docker-registry, and nginx
// over http and https, are asked by a bare client and by `basewatch check`, in the same run.

#include "bench/configuration.hpp"
#include "bench/measure.hpp"
#include "bench/servers.hpp"
#include "bench/suites.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace basewatch::bench {

namespace {

constexpr std::size_t connections = 8;

struct Row {
    std::string server;
    std::size_t tags = 0;
    Cost bare, check;
    double sweep = 0;      // seconds of `check` without its start and end
    double sweep_cpu = 0;  // the same of its processor time
    double requests_per_tag = 0;
    long flushes = 0;

    double ratio() const { return sweep / bare.wall; }
    double cpu_per_thousand() const { return sweep_cpu / static_cast<double>(tags) * 1000; }
};

// The sum of the calls in strace's summary: "% time  seconds  usecs/call  calls  errors  syscall".
long flushes_of(const std::string& summary) {
    long calls = 0;
    for (std::size_t at = 0; at < summary.size();) {
        auto end = std::min(summary.find('\n', at), summary.size());
        std::string line = summary.substr(at, end - at);
        at = end + 1;
        double time = 0, seconds = 0;
        long per_call = 0, count = 0;
        bool counted = line.ends_with("fsync") || line.ends_with("fdatasync");
        if (counted && std::sscanf(line.c_str(), "%lf %lf %ld %ld", &time, &seconds, &per_call, &count) == 4)
            calls += count;
    }
    return calls;
}

Row measure_sweep(Server& server, std::size_t tags, const Plan& plan) {
    test::TemporaryFolder folder;
    std::string place = folder.path().string();
    auto file = write_configuration(watch_tags(server, tags, connections), folder);
    auto bare = bare_client(server, connections, folder.write("paths", manifest_paths(tags)));
    std::vector<std::string> check{BASEWATCH_BINARY, "check", "-c", file};
    // What a check of one tag takes is what all of them take besides the sweep: reading the configuration and
    // the state, starting, ending.
    auto one = check;
    one.push_back(server.host() + "/" + repository + ":" + tag(0));

    Row row;
    row.server = server.name();
    row.tags = tags;
    succeed(bare, place);   // warms the server up
    succeed(check, place);  // the baseline
    // In turns, so that whatever else the machine does falls on all of them.
    std::vector<Cost> bares, checks, ones;
    std::uint64_t requests = 0;
    for (int time = 0; time < plan.times; ++time) {
        bares.push_back(succeed(bare, place));
        auto before = server.requests();
        checks.push_back(succeed(check, place));
        requests += server.requests() - before;
        ones.push_back(succeed(one, place));
    }
    row.bare = middle(bares);
    row.check = middle(checks);
    auto start_and_end = *std::min_element(ones.begin(), ones.end(),
                                           [](const Cost& a, const Cost& b) { return a.wall < b.wall; });
    row.sweep = row.check.wall - start_and_end.wall;
    row.sweep_cpu = row.check.cpu - start_and_end.cpu;
    row.requests_per_tag = static_cast<double>(requests) / static_cast<double>(tags) / plan.times;

    std::vector<std::string> traced{
        "strace", "-f", "-c", "-o", folder / "strace", "-e", "trace=fsync,fdatasync"};
    traced.insert(traced.end(), check.begin(), check.end());
    succeed(traced, place);
    row.flushes = flushes_of(test::read_file(folder / "strace"));
    return row;
}

void print_line(const Row& row, const char* client, const Cost& cost, double sweep, double cpu) {
    double tags = static_cast<double>(row.tags);
    std::printf("%-16s %6zu  %-10s %8.3f %8.3f %9.0f %7.2f %12.1f %9.1f", row.server.c_str(), row.tags,
                client, cost.wall, sweep, tags / sweep, sweep / row.bare.wall, cpu / tags * 1e6,
                cost.peak_mib);
}

void print(const Row& row) {
    print_line(row, "bare", row.bare, row.bare.wall, row.bare.cpu);
    std::printf("\n");
    print_line(row, "basewatch", row.check, row.sweep, row.sweep_cpu);
    std::printf(" %9.3f %8ld\n", row.requests_per_tag, row.flushes);
    std::fflush(stdout);
}

void judge(const Row& row, const Row& first, Figures& figures) {
    std::string where = row.server + ", " + std::to_string(row.tags) + " tags";
    bool real = row.server == "docker-registry", tls = row.server == "nginx https";
    auto beside = text(row.bare.wall, 3, "s by the bare client");
    figures.add({"1 requests for each tag, " + where, text(row.requests_per_tag, 3), "", "1",
                 row.requests_per_tag <= 1.0 + 1e-9, Kind::must_hold});
    if (real) {
        figures.add({"2 sweep, " + where, text(row.sweep, 3, "s"), beside + ", x" + text(row.ratio(), 2),
                     "at most x1.15", row.ratio() <= 1.15});
    } else {
        figures.add({"3 sweep, " + where, text(row.sweep, 3, "s"), beside + ", x" + text(row.ratio(), 2),
                     "at most x3", row.ratio() <= 3});
        // A server that shares the processors with us and uses them up makes what we use look larger.
        double most_cpu = tls ? 0.08 : 0.05;
        auto bare_cpu = row.bare.cpu / static_cast<double>(row.tags) * 1000;
        figures.add({"4 CPU for 1,000 checks, " + where, text(row.cpu_per_thousand(), 3, "s"),
                     text(bare_cpu, 3, "s by the bare client"), "at most " + text(most_cpu, 2, "s"),
                     row.cpu_per_thousand() <= most_cpu});
    }
    figures.add({"5 memory of a check, " + where, text(row.check.peak_mib, 1, "MiB"), "",
                 "at most " + text(most_resident(row.tags), 0, "MiB"),
                 row.check.peak_mib <= most_resident(row.tags), Kind::must_hold});
    figures.add({"6 flushes of a check, " + where, std::to_string(row.flushes), "",
                 std::to_string(first.flushes) + ", as of the first", row.flushes == first.flushes,
                 Kind::must_hold});
}

}  // namespace

void measure_sweeps(const Plan& plan, Figures& figures) {
    std::printf("A sweep in which nothing changed, %zu connections, the middle of %d\n\n", connections,
                plan.times);
    std::printf("%-16s %6s  %-10s %8s %8s %9s %7s %12s %9s %9s %8s\n", "server", "tags", "client", "wall s",
                "sweep s", "checks/s", "ratio", "CPU us/check", "peak MiB", "HEAD/tag", "flushes");
    std::vector<Row> rows;
    for (auto start : {start_registry, start_nginx, start_nginx_over_tls}) {
        for (std::size_t tags : plan.tags) {
            auto server = start(tags);
            rows.push_back(measure_sweep(*server, tags, plan));
            print(rows.back());
        }
    }
    for (const auto& row : rows) judge(row, rows.front(), figures);
}

}  // namespace basewatch::bench
