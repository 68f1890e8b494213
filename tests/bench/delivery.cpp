// How fast what is committed gets out: events with one delivery each, signed, every attempt on disk, to a
// receiver on this machine, beside what wrk posts to the same receiver and what SQLite commits on the same
// disk. The parts are those of the daemon, wired as it wires them.

#include "app/parts.hpp"
#include "bench/delivery_house.hpp"
#include "bench/measure.hpp"
#include "bench/receiver.hpp"
#include "bench/suites.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace basewatch::bench {

namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
    return std::chrono::duration<double>(Steady::now() - start).count();
}

double middle_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Posts of what an event is large, as fast as they go; a second.
double posts_per_second(const Receiver& receiver, std::size_t connections, std::size_t size) {
    test::TemporaryFolder folder;
    auto script =
        folder.write("post.lua", "wrk.method = 'POST'\nwrk.body = string.rep('x', " + std::to_string(size) +
                                     ")\nwrk.headers['Content-Type'] = 'application/json'\n");
    auto cost = succeed({"wrk", "-t1", "-c" + std::to_string(connections), "-d1s", "-s", script,
                         "http://127.0.0.1:" + std::to_string(receiver.port()) + "/hook"},
                        folder.path().string());
    constexpr std::string_view name = "Requests/sec:";
    auto at = cost.output.find(name);
    if (at == std::string::npos) throw std::runtime_error("wrk: " + cost.output);
    return std::stod(cost.output.substr(at + name.size()));
}

// One row to a commit, flushed each time, as the state is.
double commits_per_second() {
    test::TemporaryFolder folder;
    SQLite::Database database(folder / "commits.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a TEXT)");
    SQLite::Statement insert(database, "INSERT INTO t VALUES ('a row of some length, as attempts have it')");
    auto start = Steady::now();
    int commits = 0;
    while (seconds_since(start) < 1) {
        insert.exec();
        insert.reset();
        ++commits;
    }
    return commits / seconds_since(start);
}

struct Rate {
    double per_second = 0;
    double cpu = 0;  // seconds for each, without the receiver's thread
};

Rate delivered(const Plan& plan, std::size_t concurrency) {
    Receiver receiver(Receiver::Manner::answers);
    DeliveryHouse house(receiver.port(), receiver.port(), concurrency, 0);
    house.start();
    auto receivers = receiver.cpu();
    auto took = house.deliver(plan.deliveries, [&] { return receiver.received(); });
    auto count = static_cast<double>(plan.deliveries);
    return {count / took.seconds, (took.cpu - (receiver.cpu() - receivers)) / count};
}

void measure_rate(const Plan& plan, Figures& figures) {
    Receiver receiver(Receiver::Manner::answers);
    std::vector<double> posts, commits;
    std::vector<double> few, many;
    double cpu = 0;
    for (int time = 0; time < plan.delivery_times; ++time) {
        posts.push_back(posts_per_second(receiver, plan.delivery_places, 1200));
        commits.push_back(commits_per_second());
        few.push_back(delivered(plan, 4).per_second);
        auto rate = delivered(plan, plan.delivery_places);
        many.push_back(rate.per_second);
        cpu = rate.cpu;
        std::printf(
            "wrk %8.0f/s  SQLite %7.0f commits/s  delivered, 4 at once %6.0f/s, %zu at once %6.0f/s, %.0f "
            "us of CPU each\n",
            posts.back(), commits.back(), few.back(), plan.delivery_places, many.back(), cpu * 1e6);
        std::fflush(stdout);
    }
    double rate = middle_of(many), alone = middle_of(few);
    std::string yardsticks =
        "wrk " + text(middle_of(posts), 0, "/s") + ", SQLite " + text(middle_of(commits), 0, "commits/s");
    std::string places = std::to_string(plan.delivery_places);
    figures.add({"7 deliveries, " + places + " at once", text(rate, 0, "/s"), yardsticks, "at least 5000/s",
                 rate >= 5000});
    figures.add({"7 the floor of it", text(rate, 0, "/s"), "", "at least 2000/s", rate >= 2000});
    figures.add(
        {"7 deliveries, 4 at once", text(alone, 0, "/s"), yardsticks, "at least 2000/s", alone >= 2000});
}

// A twentieth is less than two runs differ by themselves, and less than a machine does from one second to the
// next: the two take turns, a few hundred deliveries each, and each turn is held against the one beside it.
void measure_hanging(const Plan& plan, Figures& figures) {
    Receiver receiver(Receiver::Manner::answers), silence(Receiver::Manner::hangs);
    DeliveryHouse alone(receiver.port(), silence.port(), plan.delivery_places, 0);
    DeliveryHouse beside(receiver.port(), silence.port(), plan.delivery_places, plan.hanging);
    std::array<DeliveryHouse*, 2> houses{&alone, &beside};
    for (auto* house : houses) house->start();
    std::vector<double> parts, rates, cpu;
    for (int turn = 0; turn < plan.hanging_turns; ++turn) {
        std::array<DeliveryHouse::Took, 2> took{};
        for (int which : {turn % 2, 1 - turn % 2})
            took.at(static_cast<std::size_t>(which)) =
                houses.at(static_cast<std::size_t>(which))->deliver(plan.hanging_slice, [&] {
                    return receiver.received();
                });
        parts.push_back(1 - took[0].seconds / took[1].seconds);
        cpu.push_back(1 - took[0].cpu / took[1].cpu);
        rates.push_back(static_cast<double>(plan.hanging_slice) / took[1].seconds);
    }
    double cost = middle_of(parts);
    std::sort(parts.begin(), parts.end());
    std::printf(
        "%zu that hang cost another %.1f %%, in half of %zu turns between %.1f and %.1f, %.1f %% of CPU\n",
        plan.hanging, cost * 100, parts.size(), parts[parts.size() / 4] * 100,
        parts[parts.size() * 3 / 4] * 100, middle_of(cpu) * 100);
    std::fflush(stdout);
    figures.add({std::to_string(plan.hanging) + " targets that hang cost another", text(cost * 100, 1, "%"),
                 text(middle_of(rates), 0, "/s beside them"), "less than 5 %", cost < 0.05});
}

void measure_dependents(const Plan& plan, Figures& figures) {
    std::vector<double> planned, whole;
    for (int time = 0; time < plan.delivery_times; ++time) {
        auto took = DeliveryHouse::time_to_queue_dependents(plan.dependents);
        std::printf("a change with %zu dependents: planned in %.3f s, recorded in %.3f s\n", plan.dependents,
                    took.planned, took.recorded);
        planned.push_back(took.planned);
        whole.push_back(took.planned + took.recorded);
    }
    figures.add({"a change with " + std::to_string(plan.dependents) + " dependents is queued in",
                 text(middle_of(whole), 2, "s"), text(middle_of(planned), 2, "s of it is planning"),
                 "less than 1 s", middle_of(whole) < 1});
}

void measure_latency(const Plan& plan, Figures& figures) {
    Receiver receiver(Receiver::Manner::answers);
    DeliveryHouse house(receiver.port(), receiver.port(), 4, 0);
    auto committed = house.run_paced(plan.paced, 500);
    auto arrived = receiver.arrivals();
    std::vector<double> waits;
    for (const auto& [id, when] : committed)
        if (auto there = arrived.find(id); there != arrived.end())
            waits.push_back(std::chrono::duration<double>(there->second - when).count());
    if (waits.size() != committed.size()) throw std::runtime_error("not every paced delivery arrived");
    std::sort(waits.begin(), waits.end());
    double p50 = waits[waits.size() / 2], p99 = waits[waits.size() * 99 / 100];
    std::printf("from commit to the first byte, at 500/s: p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n",
                p50 * 1e3, p99 * 1e3, waits.back() * 1e3);
    figures.add({"from commit to first byte at 500/s, p99", text(p99 * 1e3, 1, "ms"),
                 text(p50 * 1e3, 1, "ms in the middle"), "less than 50 ms", p99 < 0.05});
}

}  // namespace

void measure_delivery(const Plan& plan, Figures& figures) {
    std::printf("\n%zu events with one delivery each, signed, durable\n\n", plan.deliveries);
    measure_rate(plan, figures);
    measure_hanging(plan, figures);
    measure_dependents(plan, figures);
    measure_latency(plan, figures);
}

}  // namespace basewatch::bench
