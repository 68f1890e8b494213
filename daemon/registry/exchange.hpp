#pragma once
// One request to one host, in its turn and place, within its pause; and where an answer may lead. Keeps the
// host's counters, starts its pause at a 429 and
// leaves it alone for a while when it does not answer. Loop thread only.

#include "foundation/async.hpp"
#include "net/http_transport.hpp"
#include "registry/host.hpp"

#include <memory>
#include <string>

namespace basewatch::registry {

class Exchange {
public:
    Exchange(Clock& clock, net::HttpTransport& transport) : clock_(clock), transport_(transport) {}

    // Waits for the host's next turn. rate_limited, with the rest of the pause, when the host is paused;
    // the kind of its last failure when it fails again and again; cancelled.
    // `insists`: whatever failed before; only what the host asked for is kept.
    Async<Result<void>> turn(std::shared_ptr<Host> host, bool insists = false);

    // Sends, in a place of the host's. The request's timeout starts when it has its place. `had_turn`: the
    // request's turn was waited for; otherwise it is charged to the host without waiting.
    Async<Result<net::HttpResponse>> send(std::shared_ptr<Host> host, net::HttpRequest request, bool had_turn,
                                          bool insists = false);

    Clock& clock() const { return clock_; }

private:
    // Why nothing may be sent now.
    std::optional<Error> held(const Host& host, bool insists) const;
    // `admitted` by the breaker: its failure counts.
    void tell(Host& host, const Result<net::HttpResponse>& response, bool admitted);
    void answered(Host& host, const net::HttpResponse& response);

    Clock& clock_;
    net::HttpTransport& transport_;
};

// The headers of every request: who asks, what is accepted, and nothing compressed.
net::Headers usual_headers(std::string_view accept);

bool redirects(int status);

// Where a redirect leads: an http or https address, no user information, never from https to http.
// bad_answer or blocked.
Result<net::Url> redirect_target(const net::Url& from, const net::HttpResponse& response);

// An address that a registry names (Location, realm), resolved and checked as above.
Result<net::Url> named_address(const net::Url& from, std::string_view text, std::string_view what);

}  // namespace basewatch::registry
