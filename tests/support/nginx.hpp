#pragma once
// nginx in the foreground, one process, with a folder of its own: a mirror, a rate limiter, somebody who asks
// for certificates. Stopped by its process id.

#include "support/process.hpp"

#include <memory>
#include <string>

namespace basewatch::test {

class Nginx {
public:
    // `http`: what stands in the block of that name. Throws std::runtime_error where nothing accepts
    // connections on `port` afterwards.
    Nginx(const std::string& http, int port);
    std::string errors() const { return server_->errors(); }

private:
    TemporaryFolder folder_;
    std::unique_ptr<Process> server_;
};

// A `server` block on this port of loopback that passes what is below `path` on to `origin` (an address,
// whose path stands in place of `path`). `more` are directives of the block; one that begins with ssl_ makes
// it TLS.
std::string passing_on(int port, const std::string& origin, const std::string& more = "",
                       const std::string& path = "/");

}  // namespace basewatch::test
