#include "app/parts.hpp"

#include "foundation/log.hpp"

#include <array>
#include <csignal>
#include <unistd.h>

namespace basewatch::app {

std::string own_binary() {
    std::array<char, 4096> path{};
    auto length = readlink("/proc/self/exe", path.data(), path.size());
    return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : "/usr/bin/basewatch";
}

Outside::Outside(std::shared_ptr<const settings::RegistriesSettings> registries)
    : clock(loop.get_executor()),
      resolver(loop.get_executor(), clock),
      dialer(loop.get_executor(), clock, resolver, net::EnvironmentProxies::of_process()),
      http(loop.get_executor(), clock, dialer),
      mail(loop.get_executor(), clock, resolver),
      kafka(loop.get_executor(), clock),
      nats(loop.get_executor(), clock, dialer),
      jq(loop.get_executor(), clock, own_binary(), jq::Bounds()),
      registry(loop.get_executor(), clock, http, std::move(registries)) {
    // Whoever hangs up on us, a peer or a program, must not end the process.
    std::signal(SIGPIPE, SIG_IGN);
}

Parts::Parts(Outside& outside, std::unique_ptr<store::Store> opened)
    : store(std::move(opened)),
      dispatcher(outside.loop.get_executor(), outside.clock, outside.http, *store, outside.registry,
                 outside.jq, outside.mail, outside.kafka, outside.nats),
      watcher(outside.loop.get_executor(), outside.clock, outside.registry, *store, outside.jq,
              [this](const std::vector<std::string>& targets) { dispatcher.notify(targets); }) {}

Async<Result<void>> Parts::use(Configuration& configuration) {
    auto planning = configuration.watch->planning;
    auto rules = co_await store->replace_file_rules(planning->rules);
    if (!rules) co_return rules.error().while_doing("storing the rule table");
    auto watching = co_await watcher.use(configuration.watch);
    if (!watching) {
        auto restored = Result<void>();
        if (taken_) restored = co_await store->replace_file_rules(taken_->rules);
        if (!restored)
            log::error("`rules` shows those of a configuration that was not taken, until the next reload",
                       {{"error", restored.error().message()}});
        co_return watching.error().while_doing("taking up the watches");
    }
    taken_ = std::move(planning);
    configuration.watch.reset();
    // At a reload this cannot fail.
    auto sending = co_await dispatcher.use(configuration.dispatch);
    if (!sending) co_return sending.error().while_doing("taking up the targets");
    co_return Result<void>();
}

}  // namespace basewatch::app
