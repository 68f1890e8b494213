#pragma once
// The parts of the program, built and wired once, for the daemon and for the verbs that work without one.
// Members are built in this order and go in the reverse one.

#include "app/configuration.hpp"
#include "dispatch/dispatcher.hpp"
#include "jq/worker.hpp"
#include "net/http_client.hpp"
#include "net/kafka_sender.hpp"
#include "net/mail_sender.hpp"
#include "net/nats_sender.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "registry/registry_client.hpp"
#include "store/store.hpp"
#include "watch/watcher.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace basewatch::app {

// What talks to the outside, without state of ours: enough for `resolve`, `test` and `simulate`.
struct Outside {
    explicit Outside(std::shared_ptr<const settings::RegistriesSettings> registries);

    asio::io_context loop{1};
    SystemClock clock;
    net::SystemResolver resolver;
    net::SystemDialer dialer;
    net::HttpClient http;
    net::MailSender mail;
    net::KafkaSender kafka;
    net::NatsSender nats;
    jq::Worker jq;
    registry::RegistryClient registry;
    UlidSource ids;

    // Runs one coroutine to its end on the loop.
    template <class T>
    T wait_for(Async<T> task);
};

// With state: enough for `check` and `run`.
struct Parts {
    explicit Parts(Outside& outside, std::unique_ptr<store::Store> store);

    std::unique_ptr<store::Store> store;
    dispatch::Dispatcher dispatcher;
    watch::Watcher watcher;

    // Hands a configuration to every part; at start and at each reload, when all of them take it or none
    // does. The table of watches goes: the watcher has what it needs of it, and 100,000 would take tens of
    // megabytes a second time.
    Async<Result<void>> use(Configuration& configuration);

private:
    std::shared_ptr<const rules::PlanningTable> taken_;
};

// The binary that runs, for the jq worker to be executed from.
std::string own_binary();

}  // namespace basewatch::app

#include "app/wait_for.hpp"
