#pragma once
// Real sockets on loopback: a client on a loop of the test's own, and a server that says what the test writes
// down, on a thread of its own.

#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "support/blocking_http.hpp"
#include "support/run_async.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace basewatch::test {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// Accepts connections and lets `talk` have each. What still talks when the test ends is cut off.
class RawServer {
public:
    using Talk = std::function<Async<void>(asio::ip::tcp::socket)>;

    explicit RawServer(Talk talk, const std::string& address = "127.0.0.1")
        : talk_(std::move(talk)),
          acceptor_(loop_, {asio::ip::make_address(address), 0}),
          port_(acceptor_.local_endpoint().port()) {
        asio::co_spawn(loop_, accept(), [](const std::exception_ptr&) {});
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~RawServer() {
        loop_.stop();
        thread_.join();
    }
    int port() const { return port_; }
    std::string url(const std::string& host = "127.0.0.1", const std::string& scheme = "http") const {
        return scheme + "://" + host + ":" + std::to_string(port_) + "/";
    }
    int accepted() const { return accepted_; }

private:
    Async<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(as_result);
            if (error) co_return;
            ++accepted_;
            asio::co_spawn(loop_, talk_(std::move(socket)), [](const std::exception_ptr&) {});
        }
    }

    asio::io_context loop_{1};
    Talk talk_;
    asio::ip::tcp::acceptor acceptor_;
    int port_;
    std::atomic<int> accepted_ = 0;
    std::thread thread_;
};

// Reads until the end of a header, or of the connection; says whether there was one.
template <class Stream>
Async<bool> read_header(Stream& socket, std::string& header) {
    char bytes[1024];
    header.clear();
    while (header.find("\r\n\r\n") == header.npos) {
        auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), as_result);
        if (error) co_return false;
        header.append(bytes, count);
    }
    co_return true;
}

inline Async<bool> say(asio::ip::tcp::socket& socket, std::string_view bytes) {
    auto [error, count] =
        co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()), as_result);
    co_return !error;
}

struct RealNetwork {
    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    net::SystemResolver resolver{loop.get_executor(), clock};
    net::SystemDialer dialer{loop.get_executor(), clock, resolver};
    net::HttpClient client{loop.get_executor(), clock, dialer};
    std::shared_ptr<net::ConnectionPolicy> policy = std::make_shared<net::ConnectionPolicy>();

    net::HttpRequest request(const std::string& url, int timeout_ms = 10'000) const {
        net::HttpRequest made;
        made.url = url_of(url);
        made.policy = policy;
        made.timeout = Milliseconds(timeout_ms);
        return made;
    }
    Result<net::HttpResponse> send(net::HttpRequest made) {
        return run_async(loop, client.send(std::move(made)));
    }
    Result<net::HttpResponse> get(const std::string& url, int timeout_ms = 10'000) {
        return send(request(url, timeout_ms));
    }
};

inline std::string kind_of(const Result<net::HttpResponse>& result) {
    return result ? "status " + std::to_string(result->status)
                  : std::string(to_string(result.error().kind()));
}

}  // namespace basewatch::test
