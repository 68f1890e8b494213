#pragma once
// Requests to the clouds' own services, which lend us credentials: in their turn as all requests, within half
// a minute, bounded, and never to where an answer leads: a redirect is an Error. The metadata service of the
// machine that we run on is reached from here alone (net::AddressRule::metadata_only): at its exact address,
// without a proxy, for what this program knows by itself and for nothing that settings or answers say.
// Loop thread only.

#include "registry/exchange.hpp"

#include <memory>

namespace basewatch::registry {

class CloudRequests {
public:
    CloudRequests(Exchange& exchange, Hosts& hosts) : exchange_(exchange), hosts_(hosts) {}

    // To a service that is named by convention or by the user, on the way that the settings have for the
    // registry (proxy, CA). It may be at a private address: an endpoint in the user's own network.
    Async<Result<net::HttpResponse>> service(std::shared_ptr<Host> registry, net::HttpRequest request);
    // To the metadata service.
    Async<Result<net::HttpResponse>> metadata(net::HttpRequest request);

    Clock& clock() const { return exchange_.clock(); }

private:
    Async<Result<net::HttpResponse>> ask(std::shared_ptr<Host> host, net::HttpRequest request);

    Exchange& exchange_;
    Hosts& hosts_;
    std::shared_ptr<const net::ConnectionPolicy> metadata_;
};

}  // namespace basewatch::registry
