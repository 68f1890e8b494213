#include "app/daemon.hpp"

#include "api/service.hpp"
#include "app/parts.hpp"
#include "app/service_manager.hpp"
#include "foundation/counted.hpp"
#include "foundation/log.hpp"
#include "foundation/task_group.hpp"
#include "foundation/time.hpp"
#include "net/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>

namespace basewatch::app {

namespace {

constexpr Milliseconds grace{10'000};
constexpr unsigned socket_mode = 0660;
constexpr const char* socket_group = "basewatch";
// Every check has a deadline far below this: bases that are due and none checked for so long means a fault.
constexpr Milliseconds stalled_after{5 * 60'000};
constexpr std::size_t rows_per_cleaning = 1000;

class Daemon {
public:
    Daemon(const DaemonOptions& options, Configuration configuration, Outside& outside,
           std::unique_ptr<store::Store> store)
        : options_(options),
          outside_(outside),
          parts_(outside_, std::move(store)),
          service_(outside_.clock, *parts_.store, parts_.watcher, parts_.dispatcher, outside_.registry,
                   outside_.ids),
          server_(
              outside_.loop.get_executor(), outside_.clock,
              [this](net::ServerRequest request) { return service_.answer(std::move(request)); },
              net::ServerLimits()),
          signals_(outside_.loop, SIGTERM, SIGINT, SIGHUP),
          configuration_(std::move(configuration)) {}

    int run() { return outside_.wait_for(serve()); }

private:
    Async<int> serve();
    Async<bool> start();
    bool listen();
    Async<void> obey_signals();
    Async<void> reload();
    Async<void> keep_alive();
    Async<void> clean();
    std::string status_line() const;

    const DaemonOptions& options_;
    Outside& outside_;
    Parts parts_;
    api::Service service_;
    net::HttpServer server_;
    asio::signal_set signals_;  // from before the start, so that none that comes early ends the process
    Configuration configuration_;
    ServiceManager manager_;
};

Async<int> Daemon::serve() {
    auto executor = outside_.loop.get_executor();
    bool started = co_await start();
    if (!started) co_return 1;

    TaskGroup work(executor), sending(executor), serving(executor);
    serving.start("api", server_.run(Milliseconds(2'000)));
    sending.start("dispatcher", parts_.dispatcher.run(grace));
    work.start("watcher", parts_.watcher.run());
    work.start("watchdog", keep_alive());
    work.start("cleaning", clean());
    service_.set_ready(true);
    manager_.ready(status_line());
    log::info("ready", {{"bases", std::to_string(parts_.watcher.progress().watched)},
                        {"targets", std::to_string(configuration_.dispatch->targets.size())},
                        {"state", parts_.store->path()}});

    co_await obey_signals();
    // A second one ends the process at once; a late SIGHUP must not.
    signals_.remove(SIGTERM);
    signals_.remove(SIGINT);
    log::info("stopping");
    manager_.stopping("finishing what is under way");
    service_.set_ready(false);
    // In this order: what checks find can still be queued, what is queued can still be sent or put back.
    work.cancel();
    co_await work.wait();
    sending.cancel();
    co_await sending.wait();
    serving.cancel();
    co_await serving.wait();
    outside_.http.close_idle();
    outside_.jq.stop();
    log::info("stopped");
    co_return 0;
}

Async<bool> Daemon::start() {
    Problems problems;
    co_await check_programs(configuration_.settings, outside_.jq, problems);
    if (problems.failed()) {
        for (const auto& problem : problems.sorted()) log::error(problem.where.text() + ": " + problem.what);
        co_return false;
    }
    service_.use(configuration_.api);
    if (!listen()) co_return false;
    auto used = co_await parts_.use(configuration_);
    if (!used) log::error(used.error().message());
    co_return used.has_value();
}

bool Daemon::listen() {
    for (const auto& address : configuration_.settings.daemon.listen) {
        auto bound = server_.listen(address);
        if (!bound) {
            log::error("cannot listen", {{"address", address}, {"error", bound.error().message()}});
            return false;
        }
        if (!address.starts_with("unix:")) {
            log::info("listening", {{"address", *bound}});
            continue;
        }
        auto guarded = server_.protect_socket(address.substr(5), socket_mode, socket_group);
        // A machine without the group (a developer's) is no reason not to run; the mode still holds.
        if (!guarded) log::debug("the socket keeps its group", {{"error", guarded.error().message()}});
    }
    return true;
}

Async<void> Daemon::obey_signals() {
    for (;;) {
        auto [fault, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (fault || number != SIGHUP) co_return;
        co_await reload();
    }
}

Async<void> Daemon::reload() {
    manager_.reloading();
    Problems problems;
    auto fresh = load(options_.file, options_.environment, problems);
    if (fresh) co_await check_programs(fresh->settings, outside_.jq, problems);
    for (const auto& problem : problems.sorted())
        (problem.warning ? log::warning : log::error)(problem.where.text() + ": " + problem.what, {});
    if (problems.failed()) {
        log::error("the configuration was not reloaded: the old one goes on");
        manager_.ready("the configuration on disk is wrong; the old one goes on");
        co_return;
    }
    if (fresh->settings.daemon.listen != configuration_.settings.daemon.listen ||
        fresh->settings.daemon.state != configuration_.settings.daemon.state)
        log::warning("daemon.listen and daemon.state are taken up at a restart only");
    auto used = co_await parts_.use(*fresh);
    if (!used) {
        log::error("the configuration was not reloaded", {{"error", used.error().message()}});
        manager_.ready("a reload failed; the old configuration goes on");
        co_return;
    }
    service_.use(fresh->api);
    configuration_ = std::move(*fresh);
    log::info("reloaded; values of ${env:…} and ${credential:…} stay as they were at the start",
              {{"bases", std::to_string(parts_.watcher.progress().watched)},
               {"targets", std::to_string(configuration_.dispatch->targets.size())}});
    manager_.ready(status_line());
}

// The watchdog is fed only when the loop turned, the store answered, and the sweep is not stuck.
Async<void> Daemon::keep_alive() {
    auto wanted = manager_.watchdog_interval();
    Milliseconds pause = wanted ? *wanted / 3 : Milliseconds(10'000);
    std::uint64_t last_checks = 0;
    auto moved_at = outside_.clock.monotonic();
    for (;;) {
        bool slept = co_await sleep_for(outside_.clock, pause);
        if (!slept) co_return;
        auto answered = co_await parts_.store->counts();
        auto progress = parts_.watcher.progress();
        auto now = outside_.clock.monotonic();
        if (progress.checks != last_checks || progress.due_now == 0) {
            last_checks = progress.checks;
            moved_at = now;
        }
        if (answered && now - moved_at < stalled_after) manager_.alive();
        manager_.status(status_line());
    }
}

Async<void> Daemon::clean() {
    for (;;) {
        bool slept = co_await sleep_for(outside_.clock, Milliseconds(3'600'000));
        if (!slept) co_return;
        auto before = outside_.clock.now() - configuration_.settings.daemon.retention;
        for (;;) {
            auto dropped = co_await parts_.store->drop_older_than(before, rows_per_cleaning);
            if (!dropped)
                log::warning("old records could not be removed", {{"error", dropped.error().message()}});
            bool asked_to_stop = co_await stop_requested();
            if (asked_to_stop) co_return;
            if (!dropped || *dropped == 0) break;
        }
    }
}

std::string Daemon::status_line() const {
    auto progress = parts_.watcher.progress();
    return counted(progress.watched, "base") + ", " + std::to_string(progress.failing) + " failing, " +
           counted(progress.checks, "check") + ", " + counted(progress.changes, "change");
}

}  // namespace

int run_daemon(const DaemonOptions& options) {
    // What it would have read again is about to be read; nothing may die of it before the loop listens.
    std::signal(SIGHUP, SIG_IGN);
    Problems problems;
    auto configuration = load(options.file, options.environment, problems);
    if (!configuration) {
        std::fputs(report(problems).c_str(), stderr);
        return 2;
    }
    for (const auto& problem : problems.sorted()) log::warning(problem.where.text() + ": " + problem.what);
    if (configuration->watch->bases.empty() && configuration->watch->patterns.empty())
        log::warning("the configuration names no base to watch");

    Outside outside(configuration->settings.registries);
    auto store = store::Store::open(configuration->settings.daemon.state, outside.loop.get_executor());
    if (!store) {
        log::error(store.error().message());
        return 1;
    }
    return Daemon(options, std::move(*configuration), outside, std::move(*store)).run();
}

}  // namespace basewatch::app
