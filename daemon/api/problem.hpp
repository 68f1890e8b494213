#pragma once
// Errors of the API as RFC 9457 problem documents (`application/problem+json`).

#include "foundation/error.hpp"
#include "net/http_server.hpp"

#include <string>

namespace basewatch::api {

net::ServerResponse problem(int status, std::string title, std::string detail);
// not_found is 404, invalid 400, conflict 409, everything else 503.
net::ServerResponse problem(const Error& error);

}  // namespace basewatch::api
