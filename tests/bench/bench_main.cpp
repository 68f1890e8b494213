// How fast is a sweep in which nothing changed, and what does it cost? Debian's docker-registry and nginx,
// each with 1,000 and 5,000 tags, are asked by a bare client and by `basewatch check`, in the same run, so
// that the ratio means something on any machine. Then `basewatch run` on nginx shows what sweep after sweep
// does to its memory.
//
//   bench [--smoke]
//
// Ends with 1 when a tag is asked for more than once a sweep, or when the disk is flushed more often for more
// tags. The other figures are for people.

#include "bench/measure.hpp"
#include "bench/servers.hpp"
#include "support/blocking_http.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace {

using namespace basewatch;
using namespace basewatch::bench;

constexpr std::size_t connections = 8;

struct Plan {
    std::vector<std::size_t> sizes{1'000, 5'000};
    int times = 5;
    int sweeps = 6;
    int interval_seconds = 5;
};

struct Row {
    std::string server;
    std::size_t tags = 0;
    Cost bare, check;
    double sweep = 0;      // seconds of `check` without its start and end
    double sweep_cpu = 0;  // the same of its processor time
    double requests_per_tag = 0;
    long flushes = 0;
};

std::string configuration(const Server& server, std::size_t tags, const test::TemporaryFolder& folder,
                          int interval_seconds) {
    std::string host = "127.0.0.1:" + std::to_string(server.port());
    std::string text = "daemon: {state: " + folder / "state.db" + ", listen: [\"unix:" + folder / "api.sock" +
                       "\"]}\n" + "defaults: {interval: " + std::to_string(interval_seconds) + "s}\n" +
                       "registries: {\"" + host +
                       "\": {plain_http: true, connections: " + std::to_string(connections) +
                       ", rate: 100000/s}}\n" + "watch:\n";
    for (std::size_t at = 0; at < tags; ++at) text += "  - " + host + "/" + repository + ":" + tag(at) + "\n";
    return folder.write("basewatch.yaml", text);
}

Cost succeed(const std::vector<std::string>& arguments, const std::string& folder) {
    auto cost = measure(arguments, folder);
    if (cost.exit_code != 0)
        throw std::runtime_error(arguments[0] + " ended with " + std::to_string(cost.exit_code) + ": " +
                                 cost.output.substr(0, 2000));
    return cost;
}

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
    std::vector<std::string> bare{TEST_PROGRAMS "/bench/bare_client", std::to_string(server.port()),
                                  std::to_string(connections), folder.write("paths", manifest_paths(tags))};
    std::vector<std::string> check{BASEWATCH_BINARY, "check", "-c", configuration(server, tags, folder, 900)};
    // What a check of one tag takes is what all of them take besides the sweep: reading the configuration and
    // the state, starting, ending.
    auto one = check;
    one.push_back("127.0.0.1:" + std::to_string(server.port()) + "/" + repository + ":" + tag(0));

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
}

double metric(const std::string& text, const std::string& name) {
    auto at = text.find("\n" + name);
    auto end = text.find('\n', at + 1);
    if (at == std::string::npos) return 0;
    std::string line = text.substr(at + 1, end - at - 1);
    return std::stod(line.substr(line.rfind(' ')));
}

// The daemon, sweep after sweep. Only the server is asked how far it is: asking the daemon would be measured
// too.
void measure_daemon(Server& server, std::size_t tags, const Plan& plan) {
    test::TemporaryFolder folder;
    test::Process daemon(
        {BASEWATCH_BINARY, "run", "-c", configuration(server, tags, folder, plan.interval_seconds)});
    if (!daemon.wait_for_output("ready")) throw std::runtime_error("basewatch run: " + daemon.errors());
    auto figure = [&](const char* name) {
        return metric(test::http_over(folder / "api.sock", "GET", "/metrics").body, name);
    };
    auto patience = std::chrono::seconds(20 + plan.interval_seconds * plan.sweeps * 4);
    auto wait_until = [&](const std::function<bool()>& done) {
        if (!test::eventually(done, patience))
            throw std::runtime_error("the daemon does not get on: " + daemon.errors());
    };
    wait_until([&] { return figure("basewatch_checks_total") >= static_cast<double>(tags); });
    auto first = usage_of(daemon.id());
    auto start = server.requests();
    auto swept = [&](int times) {
        wait_until([&] { return server.requests() >= start + tags * static_cast<unsigned>(times - 1); });
        return usage_of(daemon.id());
    };
    auto third = swept(3);
    auto commits = figure("basewatch_store_commits_total");
    auto requests = server.requests();
    auto last = swept(plan.sweeps);
    requests = server.requests() - requests;
    commits = figure("basewatch_store_commits_total") - commits;
    std::printf("%-16s %6zu  %9.1f %9.1f %9.1f %9.1f %14.1f %9.0f\n", server.name().c_str(), tags,
                first.resident_mib, third.resident_mib, last.resident_mib, last.peak_mib,
                (last.cpu - third.cpu) / static_cast<double>(requests) * 1e6, commits);
    daemon.signal(SIGTERM);
    if (daemon.wait() != 0) throw std::runtime_error("basewatch run did not end well: " + daemon.errors());
}

bool judge(const std::vector<Row>& rows) {
    bool good = true;
    for (const auto& row : rows) {
        // The first request of all may be turned back once, and asks then for a token.
        if (row.requests_per_tag > 1.0 + 1e-9) {
            std::printf("MISSED: %s, %zu tags: %.3f requests for each tag, not one\n", row.server.c_str(),
                        row.tags, row.requests_per_tag);
            good = false;
        }
        if (row.flushes != rows.front().flushes) {
            std::printf("MISSED: %s, %zu tags: %ld flushes, but %ld for %zu tags\n", row.server.c_str(),
                        row.tags, row.flushes, rows.front().flushes, rows.front().tags);
            good = false;
        }
    }
    return good;
}

int run(const Plan& plan) {
    std::printf("A sweep in which nothing changed, %zu connections, the middle of %d runs\n", connections,
                plan.times);
    std::printf("(sweep: without start and end; ratio: to the bare client on the same server)\n\n");
    std::printf("%-16s %6s  %-10s %8s %8s %9s %7s %12s %9s %9s %8s\n", "server", "tags", "client", "wall s",
                "sweep s", "checks/s", "ratio", "CPU us/check", "peak MiB", "HEAD/tag", "flushes");
    std::vector<Row> rows;
    auto sweep = [&](auto start) {
        for (std::size_t tags : plan.sizes) {
            auto server = start(tags);
            rows.push_back(measure_sweep(*server, tags, plan));
            print(rows.back());
            std::fflush(stdout);
        }
    };
    sweep(start_registry);
    sweep(start_nginx);
    std::printf("\nThe daemon, %d sweeps, one every %d s\n\n", plan.sweeps, plan.interval_seconds);
    std::printf("%-16s %6s  %9s %9s %9s %9s %14s %9s\n", "server", "tags", "MiB 1st", "MiB 3rd", "MiB last",
                "peak MiB", "CPU us/check", "commits");
    for (std::size_t tags : plan.sizes) {
        auto server = start_nginx(tags);
        measure_daemon(*server, tags, plan);
        std::fflush(stdout);
    }
    bool good = judge(rows);
    std::printf("\n%s\n", good ? "one request for each unchanged tag, as many flushes for 5 times the tags"
                               : "some of what must hold does not");
    return good ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    Plan plan;
    if (count == 2 && std::string_view(arguments[1]) == "--smoke") {
        plan = {{50, 250}, 1, 4, 1};
    } else if (count != 1) {
        std::fputs("usage: bench [--smoke]\n", stderr);
        return 2;
    }
    try {
        return run(plan);
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "bench: %s\n", fault.what());
        return 1;
    }
}
