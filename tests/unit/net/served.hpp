#pragma once
// A server and a client on one loop, and raw bytes for what no client of ours would send.

#include "foundation/task_group.hpp"
#include "net/http_server.hpp"
#include "unit/net/real_network.hpp"

#include <optional>
#include <string>
#include <vector>

namespace basewatch::net {

struct Served {
    test::RealNetwork network;
    asio::io_context& loop = network.loop;
    TaskGroup group{loop.get_executor()};
    std::optional<HttpServer> server;
    std::string address;

    explicit Served(HttpServer::Handler handler, ServerLimits limits = {}) {
        server.emplace(loop.get_executor(), network.clock, std::move(handler), limits);
        address = server->listen("127.0.0.1:0").value();
    }
    ~Served() { stop(); }
    void run(int grace_ms = 1000) { group.start("server", server->run(Milliseconds(grace_ms))); }
    void stop() {
        group.cancel();
        test::run_async(loop, group.wait());
    }
    std::string url(const std::string& target = "/") const { return "http://" + address + target; }

    // Writes bytes as they are and returns everything that comes back until the end; "(open)" is added where
    // the connection stays open after `answers` answers.
    std::string raw(std::vector<std::string> pieces, int answers = 1) {
        return test::run_async(loop, talk(address, std::move(pieces), answers));
    }

private:
    static Async<std::string> talk(std::string address, std::vector<std::string> pieces, int answers) {
        auto executor = co_await asio::this_coro::executor;
        asio::ip::tcp::socket socket(executor);
        auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
        asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
        auto [failed] = co_await socket.async_connect(endpoint, test::as_result);
        if (failed) co_return "(refused)";
        std::string said;
        for (const auto& piece : pieces) {
            bool sent = co_await test::say(socket, piece);
            if (!sent) break;
        }
        char bytes[4096];
        for (;;) {
            int seen = 0;
            for (auto at = said.find("HTTP/1.1 "); at != said.npos; at = said.find("HTTP/1.1 ", at + 1))
                ++seen;
            bool whole = said.find("\r\n\r\n") != said.npos;
            bool closing = said.find("Connection: close") != said.npos;
            if (seen >= answers && whole && !closing) co_return said + "(open)";
            auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), test::as_result);
            if (error) co_return said + (error == asio::error::eof ? "(end)" : "(broken)");
            said.append(bytes, count);
        }
    }
};

inline Async<ServerResponse> echo(ServerRequest request) {
    ServerResponse response;
    response.headers.add("X-Path", request.path);
    response.headers.add("X-Query", request.query);
    response.headers.add("X-Local", request.local ? "yes" : "no");
    response.body = request.method + " " + request.body;
    co_return response;
}

}  // namespace basewatch::net
