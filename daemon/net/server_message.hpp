#pragma once
// What the server makes of a request's head, and how its answers look on the wire.

#include "net/http_decoder.hpp"
#include "net/http_server.hpp"

namespace basewatch::net {

// A request's target split into path and query. invalid where it is none of the forms of RFC 9112 §3.2 that
// an origin server answers.
Result<void> read_target(ServerRequest& request);

struct AnswerForm {
    bool head = false;        // the answer to a HEAD: its length, not its body
    bool keep_alive = true;   // else `Connection: close`
    bool version_1_1 = true;  // of the request
};

// Status line, fields and body in one buffer. invalid where the handler made a header that cannot be sent.
Result<std::string> answer_bytes(const ServerResponse& response, const AnswerForm& form, Time now);

// A short answer of the server's own.
ServerResponse plain_answer(int status, std::string_view text);

// IMF-fixdate (RFC 9110 §5.6.7).
std::string http_date(Time time);

}  // namespace basewatch::net
