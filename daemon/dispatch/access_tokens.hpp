#pragma once
// Access tokens of targets that want OAuth 2.0 client credentials (RFC 6749 §4.4, RFC 6750). Each is asked
// for once, whoever waits for it meanwhile, and kept until shortly before it expires by our own monotonic
// clock; while the token server is away the last one stands until its end, and a refusal is not repeated for
// each delivery (registry/kept_credentials.hpp). No message holds a secret, or more of what the token server
// said than its error code. Loop thread only.

#include "foundation/async.hpp"
#include "net/http_transport.hpp"
#include "registry/kept_credentials.hpp"
#include "settings/target_auth.hpp"

#include <memory>
#include <string>

namespace basewatch::dispatch {

class AccessTokens {
public:
    AccessTokens(const asio::any_io_executor& executor, Clock& clock, net::HttpTransport& transport)
        : kept_(executor, clock), transport_(transport) {}

    // A target's token, to stand behind `Bearer `. unauthorized when the token server says no, now or a while
    // ago; bad_answer when it answers something else than a bearer token; otherwise what kept it from
    // answering.
    Async<Result<std::string>> token(std::string target, settings::OAuth2 how,
                                     std::shared_ptr<const net::ConnectionPolicy> policy,
                                     Milliseconds timeout);
    // The receiver refused the target's token. Whether another one may be asked for now.
    bool refused(const std::string& target);
    // The configuration may have changed: the next one asks anew.
    void review() { kept_.review(); }

private:
    Async<Result<registry::Lent>> ask(settings::OAuth2 how,
                                      std::shared_ptr<const net::ConnectionPolicy> policy,
                                      Milliseconds timeout);

    registry::KeptCredentials kept_;
    net::HttpTransport& transport_;
};

}  // namespace basewatch::dispatch
