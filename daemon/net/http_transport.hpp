#pragma once
// Where requests go. HttpClient is the real one; tests script their own. Redirects are not followed here: who
// may be sent where, and with which credentials, is the caller's knowledge.

#include "foundation/async.hpp"
#include "net/http_message.hpp"

namespace basewatch::net {

class HttpTransport {
public:
    virtual ~HttpTransport() = default;
    // Any status is an answer. An Error is the lack of one: name_lookup, unreachable, blocked, timed_out,
    // tls, bad_answer, too_large, cancelled. Its message names the host, never the path.
    virtual Async<Result<HttpResponse>> send(HttpRequest request) = 0;
};

}  // namespace basewatch::net
