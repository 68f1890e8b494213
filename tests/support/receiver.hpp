#pragma once
// A webhook receiver on a free loopback port, in the test's own loop, that does what the test says: answers,
// hangs, drips, never ends, hangs up. It speaks to the socket itself, because a proper server refuses to
// misbehave. It keeps every request with the hour at which it was complete.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "net/headers.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::test {

struct Reply {
    enum class Way {
        answer,        // status, headers, body
        hang,          // nothing, for as long as the other side stays
        drip,          // the header, then a byte of the body now and then, without an end
        endless,       // a body as fast as it is read, without an end
        close,         // hangs up without a word
        says,          // the body's bytes as they are, and hangs up
        says_hangs,    // the body's bytes as they are, and then nothing
        drips_head,    // a header that comes a byte now and then, without an end
        endless_head,  // header fields as fast as they are read, without an end
    };
    Way way = Way::answer;
    int status = 204;
    net::Headers headers;
    std::string body;
};

Reply answers(int status, std::string body = "", net::Headers headers = {});
Reply misbehaves(Reply::Way way);
// Says just these bytes, then hangs up or, with `hangs`, stays silent.
Reply says(std::string bytes, bool hangs = false);

struct ReceivedRequest {
    std::string method;
    std::string target;
    net::Headers headers;
    std::string body;
    Time at{};
    std::string header(std::string_view name) const;  // empty where it is not there
};

class Receiver {
public:
    Receiver(asio::io_context& loop, Clock& clock);
    // Hangs up on everybody and runs the loop until its coroutines have ended.
    ~Receiver();
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    // `http://127.0.0.1:PORT/path`
    std::string address(std::string_view path) const;
    int port() const;

    // What a path does: each reply once, the last one from then on. A path that nobody described says 204.
    void on(std::string path, std::vector<Reply> replies);

    const std::vector<ReceivedRequest>& requests() const;
    // Those to one path (the query aside).
    std::vector<ReceivedRequest> requests_to(std::string_view path) const;
    std::size_t connections() const;  // open now

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace basewatch::test
