#pragma once
// One connection to the server: requests read and answered one after the other until either side has enough.
// Pipelined requests wait in the buffer and are answered in order.

#include "net/http_codec.hpp"
#include "net/http_decoder.hpp"
#include "net/http_server.hpp"
#include "net/server_message.hpp"
#include "net/socket_stream.hpp"

namespace basewatch::net {

struct ServerSettings {
    HttpServer::Handler handler;
    ServerLimits limits;
    Clock& clock;
};

class ServerConnection {
public:
    ServerConnection(std::unique_ptr<SocketStream> stream, bool local, const ServerSettings& settings);

    Async<void> serve();
    // Answers the first request, whatever it is, with 503.
    Async<void> refuse();
    // No further request is begun; one that is being answered is finished.
    void finish();
    // Ends at once.
    void abort();

private:
    enum class Phase { waiting, reading, answering };

    Async<bool> serve_one();
    Async<Result<void>> read_request(RequestDecoder& decoder);
    Async<Result<void>> read_more(RequestDecoder& decoder);
    Async<Result<void>> invite_body(RequestDecoder& decoder);
    Async<ServerResponse> handle(ServerRequest request);
    Async<bool> send(const ServerResponse& response, AnswerForm form);
    Async<void> refuse_request(const Error& error, AnswerForm form);
    Async<void> linger();
    void read_until(Monotonic when);

    std::unique_ptr<SocketStream> stream_;
    bool local_;
    const ServerSettings& settings_;
    ReadBuffer buffer_;
    Phase phase_ = Phase::waiting;
    bool first_ = true;
    bool late_ = false;
    bool finishing_ = false;
    std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace basewatch::net
