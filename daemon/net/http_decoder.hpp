#pragma once
// HTTP/1.1 messages out of bytes (RFC 9112), without any input or output: whoever reads puts bytes in and
// asks whether the message is complete. Beast's parser decides what is well formed; the bounds on header,
// body and interim answers are ours.

#include "net/http_message.hpp"

#include <memory>
#include <string_view>

namespace basewatch::net {

constexpr std::size_t most_response_header = 64u << 10;

class ResponseDecoder {
public:
    // head: the answer to a HEAD, which carries a length but no body. most_body and cut_body as in
    // HttpRequest.
    ResponseDecoder(bool head, std::size_t most_body, bool cut_body);
    ~ResponseDecoder();
    // Takes bytes from the front of `bytes` and says how many; the rest is to be put again, with more behind
    // it, unless done(). bad_answer, too_large.
    Result<std::size_t> put(std::string_view bytes);
    // The other side ended in order. Completes a body without a length; unreachable where something is
    // missing.
    Result<void> put_end();

    bool done() const;
    // The answer went over its bound and was cut; the connection is of no more use.
    bool cut() const;
    bool keep_alive() const;
    HttpResponse take();

private:
    struct State;
    std::unique_ptr<State> state_;
};

class RequestDecoder {
public:
    struct Head {
        std::string method;
        std::string target;
        Headers headers;
        bool version_1_1 = true;
    };

    RequestDecoder(std::size_t most_header, std::size_t most_body);
    ~RequestDecoder();
    // As ResponseDecoder::put. The error carries the status to answer with: 400, 413, 431 or 501.
    Result<std::size_t> put(std::string_view bytes);

    bool header_done() const;
    bool done() const;
    bool keep_alive() const;
    // After header_done().
    Head& head();
    std::string& body();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace basewatch::net
