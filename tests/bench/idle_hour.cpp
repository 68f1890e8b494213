// What an hour costs in which nothing changes: the watcher and the registry client as they are, with answers
// from memory and a clock that is turned by hand, so that an hour takes some seconds and no server shares
// them.

#include "bench/measure.hpp"
#include "bench/scale.hpp"
#include "bench/servers.hpp"
#include "foundation/log.hpp"
#include "foundation/task_group.hpp"
#include "jq/worker.hpp"
#include "registry/registry_client.hpp"
#include "settings/registry_settings.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/run_async.hpp"
#include "watch/watcher.hpp"

#include <cstdio>
#include <stdexcept>

namespace basewatch::bench {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds interval = 15min;
constexpr double most_cpu_per_thousand = 0.05;

// Every tag of every repository points to one image.
class OneImage final : public net::HttpTransport {
public:
    Async<Result<net::HttpResponse>> send(net::HttpRequest request) override {
        ++requests;
        net::HttpResponse response;
        response.status = 200;
        response.remote = "127.0.0.1:443";
        if (request.url.target.find("/blobs/") != std::string::npos) {
            response.body = image_.config;
        } else {
            response.headers.set("Content-Type", manifest_type);
            response.headers.set("Docker-Content-Digest", digest_);
            if (request.method == "GET") response.body = image_.manifest;
        }
        co_return response;
    }
    std::uint64_t requests = 0;

private:
    Image image_ = Image::small();
    std::string digest_ = Image::digest(image_.manifest);
};

std::shared_ptr<const watch::WatchTable> large_table(const std::vector<std::string>& references) {
    auto table = std::make_shared<watch::WatchTable>();
    table->planning = std::make_shared<rules::PlanningTable>();
    for (const auto& reference : references) {
        watch::Watched watched;
        watched.base = *model::Reference::parse(reference);
        watched.interval = interval;
        watched.platforms = {*model::Platform::parse("linux/amd64")};
        table->bases.push_back(std::move(watched));
    }
    return table;
}

}  // namespace

void measure_idle_hour(const Plan& plan, Figures& figures) {
    log::open(log::Format::text, log::Level::error);
    asio::io_context loop(1);
    test::ManualClock clock(loop);
    OneImage transport;
    auto settings = std::make_shared<settings::RegistriesSettings>();
    std::vector<std::string> hosts;
    for (std::size_t at = 0; at < plan.hosts; ++at) {
        hosts.push_back("registry-" + std::to_string(at) + ".example.com");
        settings->by_host[hosts.back()].rate = settings::Rate{100'000};
    }
    auto store = store::Store::open(":memory:", loop.get_executor());
    if (!store) throw std::runtime_error(store.error().message());
    registry::RegistryClient client(loop.get_executor(), clock, transport, settings);
    jq::Worker no_conditions(loop.get_executor(), clock, "",
                             jq::Bounds());  // started by nobody: no rule asks
    watch::Watcher watcher(loop.get_executor(), clock, client, **store, no_conditions, [](const auto&) {});
    auto used = test::run_async(loop, watcher.use(large_table(large_references(plan, hosts))));
    if (!used) throw std::runtime_error(used.error().message());
    test::run_async(loop, watcher.check_all(model::DetectedBy::poll, [](std::size_t, auto) {}), 600s);

    TaskGroup running(loop.get_executor());
    running.start("watcher", watcher.run());
    auto pass = [&](Milliseconds time) {
        for (auto until = clock.monotonic() + time; clock.monotonic() < until;) {
            clock.advance(1s);
            // What was given to the state has been written when this is answered.
            test::run_async(loop, (*store)->counts());
        }
    };
    pass(2 * interval);  // until the checks are spread as they are for good
    auto before = cpu_of_this_process();
    auto requests = transport.requests;
    pass(1h);
    auto cpu = cpu_of_this_process() - before;
    requests = transport.requests - requests;
    running.cancel();
    test::run_async(loop, running.wait());

    auto checks = static_cast<double>(requests);
    std::string watches = std::to_string(plan.watches()) + " watches";
    std::printf("an hour without a change, every 15 min, without a network: %.2f s of CPU, %.0f requests\n",
                cpu, checks);
    figures.add({"4 CPU of an idle hour, " + watches, text(cpu, 2, "s"),
                 text(cpu / checks * 1000, 3, "s for 1,000 checks"),
                 "at most " + text(most_cpu_per_thousand, 2, "s") + " for 1,000",
                 cpu / checks * 1000 <= most_cpu_per_thousand});
}

}  // namespace basewatch::bench
