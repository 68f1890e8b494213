#pragma once
// The HTTP API: looks at the store and knocks on doors; keeps no state of its own. Errors are problem
// documents. Loop thread only.

#include "api/access.hpp"
#include "dispatch/dispatcher.hpp"
#include "net/http_server.hpp"
#include "registry/registry_client.hpp"
#include "rules/plan.hpp"
#include "store/store.hpp"
#include "watch/watcher.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace basewatch::api {

// What a (re)load decides, shared and never changed.
struct ApiTable {
    Access access;
    std::shared_ptr<const rules::PlanningTable> planning;
};

class Service {
public:
    Service(Clock& clock, store::Store& store, watch::Watcher& watcher, dispatch::Dispatcher& dispatcher,
            registry::RegistryClient& registry, UlidSource& ids);

    void use(std::shared_ptr<const ApiTable> table) { table_ = std::move(table); }
    // From now on /readyz says yes (or no again, while stopping).
    void set_ready(bool ready) { ready_ = ready; }

    Async<net::ServerResponse> answer(net::ServerRequest request);

private:
    using Route = Async<net::ServerResponse> (Service::*)(net::ServerRequest);
    struct Entry;
    static const std::vector<Entry>& entries();

    Async<net::ServerResponse> live(net::ServerRequest request);
    Async<net::ServerResponse> ready(net::ServerRequest request);
    Async<net::ServerResponse> metrics(net::ServerRequest request);
    Async<net::ServerResponse> status(net::ServerRequest request);
    Async<net::ServerResponse> registries(net::ServerRequest request);
    Async<net::ServerResponse> bases(net::ServerRequest request);
    Async<net::ServerResponse> changes(net::ServerRequest request);
    Async<net::ServerResponse> deliveries(net::ServerRequest request);
    Async<net::ServerResponse> rebuilds(net::ServerRequest request);
    Async<net::ServerResponse> rules(net::ServerRequest request);
    Async<net::ServerResponse> targets(net::ServerRequest request);
    Async<net::ServerResponse> one_change(net::ServerRequest request);
    Async<net::ServerResponse> one_delivery(net::ServerRequest request);
    Async<net::ServerResponse> one_rebuild(net::ServerRequest request);
    Async<net::ServerResponse> explain(net::ServerRequest request);
    Async<net::ServerResponse> check(net::ServerRequest request);
    Async<net::ServerResponse> request_rebuild(net::ServerRequest request);
    Async<net::ServerResponse> retry(net::ServerRequest request);
    Async<net::ServerResponse> replay(net::ServerRequest request);
    Async<net::ServerResponse> pause(net::ServerRequest request);
    Async<net::ServerResponse> resume(net::ServerRequest request);
    Async<net::ServerResponse> mute(net::ServerRequest request);
    // A subject as it is stored: what it names exists, under its one name.
    Async<Result<std::string>> muted_as(std::string subject);
    // Held deliveries may be due.
    void look_again();

    nlohmann::ordered_json registry_views() const;

    Clock& clock_;
    store::Store& store_;
    watch::Watcher& watcher_;
    dispatch::Dispatcher& dispatcher_;
    registry::RegistryClient& registry_;
    UlidSource& ids_;
    std::shared_ptr<const ApiTable> table_;
    Time started_at_;
    bool ready_ = false;
};

}  // namespace basewatch::api
