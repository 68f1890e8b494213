#include "support/receiver.hpp"

#include "foundation/task_group.hpp"
#include "net/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <charconv>
#include <list>
#include <map>

namespace basewatch::test {

namespace {

using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

std::string path_of(std::string_view target) {
    return std::string(target.substr(0, target.find('?')));
}

// The start line and the fields of a request that is complete up to its empty line.
ReceivedRequest parse(std::string_view head) {
    ReceivedRequest request;
    auto line_end = head.find("\r\n");
    auto line = head.substr(0, line_end);
    auto first = line.find(' '), second = line.rfind(' ');
    request.method = std::string(line.substr(0, first));
    request.target = std::string(line.substr(first + 1, second - first - 1));
    while (line_end != std::string_view::npos) {
        head.remove_prefix(line_end + 2);
        line_end = head.find("\r\n");
        line = head.substr(0, line_end);
        auto colon = line.find(':');
        if (colon == std::string_view::npos) break;
        auto value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        request.headers.add(std::string(line.substr(0, colon)), std::string(value));
    }
    return request;
}

std::size_t body_length(const ReceivedRequest& request) {
    std::size_t length = 0;
    auto text = request.header("Content-Length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    return length;
}

std::string head_of(const Reply& reply, std::string_view framing) {
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " " +
                       std::string(net::reason_phrase(reply.status)) + "\r\n";
    for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
    head.append(framing).append("\r\n\r\n");
    return head;
}

}  // namespace

Reply answers(int status, std::string body, net::Headers headers) {
    return {Reply::Way::answer, status, std::move(headers), std::move(body)};
}

Reply misbehaves(Reply::Way way) {
    return {way, 200, {}, ""};
}

Reply says(std::string bytes, bool hangs) {
    return {hangs ? Reply::Way::says_hangs : Reply::Way::says, 200, {}, std::move(bytes)};
}

std::string ReceivedRequest::header(std::string_view name) const {
    return std::string(headers.find(name).value_or(""));
}

struct Receiver::State {
    State(asio::io_context& on, Clock& with)
        : loop(on),
          clock(with),
          acceptor(on, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          tasks(on.get_executor()) {}

    Async<void> accept();
    Async<void> serve(std::list<tcp::socket>::iterator socket);
    Async<void> talk(tcp::socket& socket);
    Async<bool> read_request(tcp::socket& socket, std::string& buffer, ReceivedRequest& request);
    Async<bool> reply(tcp::socket& socket, Reply reply);
    Async<void> write_on(tcp::socket& socket, std::string piece, Milliseconds pause);
    Reply next_reply(const std::string& path);

    asio::io_context& loop;
    Clock& clock;
    tcp::acceptor acceptor;
    TaskGroup tasks;
    std::list<tcp::socket> sockets;
    std::map<std::string, std::vector<Reply>> script;
    std::vector<ReceivedRequest> requests;
    bool closing = false;
};

Async<void> Receiver::State::accept() {
    while (!closing) {
        auto [error, socket] = co_await acceptor.async_accept(as_values);
        if (error || closing) break;
        auto place = sockets.insert(sockets.end(), std::move(socket));
        tasks.start("receiver's connection", serve(place));
    }
}

Async<void> Receiver::State::serve(std::list<tcp::socket>::iterator socket) {
    co_await talk(*socket);
    sockets.erase(socket);
}

Async<void> Receiver::State::talk(tcp::socket& socket) {
    std::string buffer;
    for (;;) {
        ReceivedRequest request;
        bool complete = co_await read_request(socket, buffer, request);
        if (!complete) co_return;
        request.at = clock.now();
        auto path = path_of(request.target);
        requests.push_back(std::move(request));
        bool goes_on = co_await reply(socket, next_reply(path));
        if (!goes_on) co_return;
    }
}

Async<bool> Receiver::State::read_request(tcp::socket& socket, std::string& buffer,
                                          ReceivedRequest& request) {
    std::size_t needed = std::string::npos;
    std::size_t head = std::string::npos;
    for (;;) {
        if (head == std::string::npos) {
            head = buffer.find("\r\n\r\n");
            if (head != std::string::npos) {
                request = parse(std::string_view(buffer).substr(0, head));
                needed = head + 4 + body_length(request);
            }
        }
        if (needed <= buffer.size()) break;
        char bytes[16384];
        auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), as_values);
        if (error || closing) co_return false;
        buffer.append(bytes, count);
    }
    request.body = buffer.substr(head + 4, needed - head - 4);
    buffer.erase(0, needed);
    co_return true;
}

// Whether the connection may be used for another request.
Async<bool> Receiver::State::reply(tcp::socket& socket, Reply reply) {
    if (reply.way == Reply::Way::close) co_return false;
    if (reply.way == Reply::Way::answer) {
        std::string bytes;
        if (reply.status == 204) {
            bytes = head_of(reply, "Server: receiver");
        } else {
            bytes = head_of(reply, "Content-Length: " + std::to_string(reply.body.size())) + reply.body;
        }
        auto [error, count] = co_await asio::async_write(socket, asio::buffer(bytes), as_values);
        co_return !error && !closing;
    }
    if (reply.way == Reply::Way::says || reply.way == Reply::Way::says_hangs) {
        co_await asio::async_write(socket, asio::buffer(reply.body), as_values);
        if (reply.way == Reply::Way::says) co_return false;
    }
    if (reply.way == Reply::Way::drips_head) {
        std::string begin = "HTTP/1.1 200 OK\r\nX-Slow: ";
        co_await asio::async_write(socket, asio::buffer(begin), as_values);
        co_await write_on(socket, "x", Milliseconds(10));
    }
    if (reply.way == Reply::Way::endless_head) {
        std::string begin = "HTTP/1.1 200 OK\r\n";
        co_await asio::async_write(socket, asio::buffer(begin), as_values);
        co_await write_on(socket, "X-More: " + std::string(1000, 'x') + "\r\n", Milliseconds(0));
    }
    if (reply.way == Reply::Way::drip) {
        auto head = head_of(reply, "Content-Length: 1000000");
        co_await asio::async_write(socket, asio::buffer(head), as_values);
        co_await write_on(socket, "x", Milliseconds(10));
    }
    if (reply.way == Reply::Way::endless) {
        auto head = head_of(reply, "Content-Length: 1000000000000");
        co_await asio::async_write(socket, asio::buffer(head), as_values);
        co_await write_on(socket, std::string(64 << 10, 'x'), Milliseconds(0));
    }
    // It hangs until the other side has had enough.
    char bytes[256];
    for (;;) {
        auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), as_values);
        if (error || closing) co_return false;
    }
}

Async<void> Receiver::State::write_on(tcp::socket& socket, std::string piece, Milliseconds pause) {
    asio::steady_timer timer(loop);
    for (;;) {
        auto [error, count] = co_await asio::async_write(socket, asio::buffer(piece), as_values);
        if (error || closing) co_return;
        timer.expires_after(pause);
        co_await timer.async_wait(as_values);
    }
}

Reply Receiver::State::next_reply(const std::string& path) {
    auto known = script.find(path);
    if (known == script.end() || known->second.empty()) return Reply{};
    auto reply = known->second.front();
    if (known->second.size() > 1) known->second.erase(known->second.begin());
    return reply;
}

Receiver::Receiver(asio::io_context& loop, Clock& clock) : state_(std::make_unique<State>(loop, clock)) {
    state_->tasks.start("receiver", state_->accept());
}

Receiver::~Receiver() {
    auto& state = *state_;
    state.closing = true;
    boost::system::error_code ignored;
    state.acceptor.close(ignored);
    for (auto& socket : state.sockets) socket.close(ignored);
    while (state.tasks.size() > 0) {
        state.loop.restart();
        state.loop.run_one_for(std::chrono::seconds(1));
    }
}

std::string Receiver::address(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

int Receiver::port() const {
    return state_->acceptor.local_endpoint().port();
}

void Receiver::on(std::string path, std::vector<Reply> replies) {
    state_->script[std::move(path)] = std::move(replies);
}

const std::vector<ReceivedRequest>& Receiver::requests() const {
    return state_->requests;
}

std::vector<ReceivedRequest> Receiver::requests_to(std::string_view path) const {
    std::vector<ReceivedRequest> found;
    for (const auto& request : state_->requests)
        if (path_of(request.target) == path) found.push_back(request);
    return found;
}

std::size_t Receiver::connections() const {
    return state_->sockets.size();
}

}  // namespace basewatch::test
