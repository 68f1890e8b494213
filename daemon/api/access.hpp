#pragma once
// Who may do what. A Unix socket's file mode is its guard: whoever can open it may do everything. TCP needs a
// token on every request, on loopback too (a reverse proxy makes everyone loopback); only /livez and /readyz
// do without. Browsers are kept out by Host and Origin (DNS rebinding, cross-site requests). Pure.

#include "net/http_server.hpp"
#include "settings/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace basewatch::api {

enum class Scope { none, read, operate };

struct Access {
    std::vector<settings::ApiToken> tokens;
    // Host names a request may be addressed to besides literal addresses and `localhost`.
    std::vector<std::string> hosts;
};

// Nothing when the request may go on, else the refusal.
std::optional<net::ServerResponse> refuse(const net::ServerRequest& request, Scope needed,
                                          const Access& access);
// Who asks, for the log: the name of the token, or `the socket`.
std::string caller(const net::ServerRequest& request, const Access& access);

}  // namespace basewatch::api
