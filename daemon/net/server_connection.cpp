#include "net/server_connection.hpp"

#include "foundation/log.hpp"

#include <exception>

namespace basewatch::net {

namespace {

// How long, after a refusal, what the other side still sends is read and dropped: closing with bytes unread
// would reset the connection, and the answer could be lost with it (RFC 9112 §9.6).
constexpr Milliseconds linger_time{2000};

int status_of(const Error& error) {
    return error.status() == 0 ? 400 : error.status();
}

}  // namespace

ServerConnection::ServerConnection(std::unique_ptr<SocketStream> stream, bool local,
                                   const ServerSettings& settings)
    : stream_(std::move(stream)), local_(local), settings_(settings) {}

void ServerConnection::finish() {
    finishing_ = true;
    if (phase_ == Phase::waiting) stream_->close();
}

void ServerConnection::abort() {
    finishing_ = true;
    stream_->close();
}

void ServerConnection::read_until(Monotonic when) {
    late_ = false;
    timer_ = settings_.clock.call_at(when, [this] {
        late_ = true;
        stream_->interrupt();
    });
}

Async<void> ServerConnection::serve() {
    for (;;) {
        bool stop = co_await stop_requested();
        if (stop || finishing_) break;
        bool again = co_await serve_one();
        if (!again) break;
    }
    timer_.reset();
    stream_->close();
}

Async<void> ServerConnection::refuse() {
    read_until(settings_.clock.monotonic() + linger_time);
    AnswerForm form;
    form.keep_alive = false;
    bool sent = co_await send(plain_answer(503, "too many connections"), form);
    if (sent) co_await linger();
    timer_.reset();
    stream_->close();
}

Async<bool> ServerConnection::serve_one() {
    const auto& limits = settings_.limits;
    RequestDecoder decoder(limits.header, limits.body);
    phase_ = Phase::waiting;
    read_until(settings_.clock.monotonic() + (first_ ? limits.request_timeout : limits.idle_timeout));
    auto read = co_await read_request(decoder);
    AnswerForm form;
    form.keep_alive = false;
    if (!read) {
        // Nothing began, or nobody is left to be told.
        bool silent = phase_ == Phase::waiting || read.error().kind() == ErrorKind::unreachable ||
                      (read.error().kind() == ErrorKind::cancelled && !late_);
        if (!silent) co_await refuse_request(read.error(), form);
        co_return false;
    }
    first_ = false;
    phase_ = Phase::answering;
    timer_.reset();
    auto& head = decoder.head();
    ServerRequest request;
    request.method = std::move(head.method);
    request.target = std::move(head.target);
    request.headers = std::move(head.headers);
    request.body = std::move(decoder.body());
    request.local = local_;
    request.remote = stream_->remote();
    auto understood = read_target(request);
    bool has_host = !head.version_1_1 || request.headers.all("Host").size() == 1;
    if (!understood || !has_host) {
        Error error(ErrorKind::bad_answer,
                    understood ? "the Host field is missing" : understood.error().message());
        co_await refuse_request(error, form);
        co_return false;
    }
    form.head = request.method == "HEAD";
    form.version_1_1 = head.version_1_1;
    auto response = co_await handle(std::move(request));
    form.keep_alive = decoder.keep_alive() && !finishing_;
    bool sent = co_await send(response, form);
    co_return sent&& form.keep_alive;
}

Async<Result<void>> ServerConnection::read_more(RequestDecoder& decoder) {
    auto room = buffer_.room();
    if (room.empty())
        co_return Error(ErrorKind::too_large, "a part of the request has no end").with_status(431);
    auto count = co_await stream_->read_some(room);
    if (!count && late_)
        co_return Error(ErrorKind::timed_out, "the request did not come in time").with_status(408);
    if (!count) co_return count.error();
    if (*count == 0) co_return Error(ErrorKind::unreachable, "the other side ended");
    buffer_.added(*count);
    (void)decoder;
    co_return Result<void>();
}

Async<Result<void>> ServerConnection::invite_body(RequestDecoder& decoder) {
    auto& head = decoder.head();
    auto expectation = head.headers.find("Expect");
    if (!expectation || !head.version_1_1 || !buffer_.unread().empty()) co_return Result<void>();
    if (!equal_without_case(*expectation, "100-continue"))
        co_return Error(ErrorKind::unsupported, "the expectation is not known").with_status(417);
    auto written = co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
    co_return written;
}

Async<Result<void>> ServerConnection::read_request(RequestDecoder& decoder) {
    bool invited = false;
    while (!decoder.done()) {
        if (buffer_.unread().empty() || phase_ == Phase::reading) {
            auto more = co_await read_more(decoder);
            if (!more) co_return more;
        }
        if (phase_ == Phase::waiting) {
            phase_ = Phase::reading;
            read_until(settings_.clock.monotonic() + settings_.limits.request_timeout);
        }
        auto taken = decoder.put(buffer_.unread());
        if (!taken) co_return taken.error();
        buffer_.taken(*taken);
        if (decoder.header_done() && !decoder.done() && !invited) {
            invited = true;
            auto written = co_await invite_body(decoder);
            if (!written) co_return written;
        }
    }
    co_return Result<void>();
}

Async<ServerResponse> ServerConnection::handle(ServerRequest request) {
    // The method alone: a path may hold a token.
    std::string method = request.method;
    try {
        auto response = co_await settings_.handler(std::move(request));
        co_return response;
    } catch (const std::exception& fault) {
        log::error("a request ended by a fault of ours", {{"method", method}, {"fault", fault.what()}});
    }
    co_return plain_answer(500, "a fault of ours, written to the log");
}

Async<bool> ServerConnection::send(const ServerResponse& response, AnswerForm form) {
    auto now = settings_.clock.now();
    auto bytes = answer_bytes(response, form, now);
    if (!bytes) {
        log::error("an answer could not be sent", {{"fault", bytes.error().message()}});
        bytes = answer_bytes(plain_answer(500, "a fault of ours, written to the log"), form, now);
    }
    // Whoever does not read the answer does not keep the connection.
    auto deadline = settings_.clock.monotonic() + settings_.limits.request_timeout;
    timer_ = settings_.clock.call_at(deadline, [this] { stream_->close(); });
    auto written = co_await stream_->write(*bytes);
    timer_.reset();
    co_return written.has_value();
}

Async<void> ServerConnection::refuse_request(const Error& error, AnswerForm form) {
    phase_ = Phase::answering;
    bool sent = co_await send(plain_answer(status_of(error), error.message()), form);
    if (sent) co_await linger();
}

Async<void> ServerConnection::linger() {
    stream_->end_writing();
    read_until(settings_.clock.monotonic() + linger_time);
    for (;;) {
        buffer_.clear();
        auto count = co_await stream_->read_some(buffer_.room());
        if (!count || *count == 0 || late_ || finishing_) break;
    }
}

}  // namespace basewatch::net
