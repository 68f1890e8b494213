#pragma once
// One exchange over one connection, from the client's side (RFC 9112): the request's head written by hand
// into one buffer, the answer read through ResponseDecoder. No deadline here: whoever has one closes the
// stream.

#include "foundation/async.hpp"
#include "net/byte_stream.hpp"
#include "net/http_message.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::net {

// Bytes read and not yet understood. Grows only for a header that does not fit, and up to a bound.
class ReadBuffer {
public:
    ReadBuffer();
    // Free room at the end; empty when the bound is reached.
    std::span<char> room();
    void added(std::size_t count) { end_ += count; }
    void taken(std::size_t count);
    std::string_view unread() const { return {bytes_.data() + begin_, end_ - begin_}; }
    void clear() { begin_ = end_ = 0; }
    std::size_t capacity() const { return bytes_.size(); }

private:
    std::vector<char> bytes_;
    std::size_t begin_ = 0, end_ = 0;
};

// Whether the request can be written at all: a method that is a token, a target without spaces, headers
// without line breaks. invalid.
Result<void> check(const HttpRequest& request);

// Request line and fields. The caller's Host, Content-Length, Transfer-Encoding, Connection and
// Proxy-Authorization are left out.
// To a proxy that passes it on: with the whole address, and with the proxy's own credentials.
std::string request_head(const HttpRequest& request, const Proxy* forwarder = nullptr);

struct Answer {
    HttpResponse response;
    bool keep = false;  // the connection can carry another request
};

// What had happened when an exchange failed.
struct Progress {
    bool answer_begun = false;
};

// Sends the request and reads its answer. unreachable, tls, bad_answer, too_large, cancelled.
Async<Result<Answer>> exchange(ByteStream& stream, const HttpRequest& request, ReadBuffer& buffer,
                               Progress& progress);

}  // namespace basewatch::net
