#pragma once
// An HTTP/1.1 server on TCP and Unix sockets, for the API and for test receivers. Every connection has a
// deadline for its request's header and body, a bound on both, and is kept between requests. Loop thread
// only.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "foundation/task_group.hpp"
#include "net/headers.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::net {

struct ServerRequest {
    std::string method;
    std::string target;  // as sent: path and query
    std::string path;    // percent-decoded, without the query
    std::string query;   // raw
    Headers headers;
    std::string body;
    bool local = false;  // came over a Unix socket
    std::string remote;

    // A query parameter, decoded; nothing when it is not there.
    std::optional<std::string> parameter(std::string_view name) const;
};

struct ServerResponse {
    int status = 200;
    Headers headers;  // Content-Length and Connection are the server's own
    std::string body;
};

struct ServerLimits {
    std::size_t header = 16u << 10;
    std::size_t body = 1u << 20;
    Milliseconds request_timeout{10'000};
    Milliseconds idle_timeout{60'000};
    std::size_t connections = 256;
};

class HttpServer {
public:
    using Handler = std::function<Async<ServerResponse>(ServerRequest)>;

    HttpServer(asio::any_io_executor executor, Clock& clock, Handler handler, ServerLimits limits);
    ~HttpServer();

    // `unix:/path` or `address:port` (port 0: any free one). A stale socket file is replaced; one that
    // answers is an error. Returns the address as it really is.
    Result<std::string> listen(const std::string& address);
    // mode and group (by name, empty: unchanged) for a Unix socket just listened on.
    Result<void> protect_socket(const std::string& path, unsigned mode, const std::string& group);

    // Serves until cancelled, then lets running handlers finish within `grace`.
    Async<void> run(Milliseconds grace);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// The reason phrase of a status, for the status line.
std::string_view reason_phrase(int status);

}  // namespace basewatch::net
