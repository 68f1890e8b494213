#pragma once
// An HttpClient on a scripted network and a clock that the test turns.

#include "foundation/task_group.hpp"
#include "net/http_client.hpp"
#include "support/blocking_http.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_stream.hpp"

#include <boost/asio/io_context.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace basewatch::test {

inline std::string answer(const std::string& body, const std::string& more = "") {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" +
           body;
}

struct ScriptedNetwork {
    asio::io_context loop{1};
    ManualClock clock{loop};
    ScriptedDialer dialer{loop.get_executor(), clock};
    std::unique_ptr<net::HttpClient> client =
        std::make_unique<net::HttpClient>(loop.get_executor(), clock, dialer);
    std::shared_ptr<const net::ConnectionPolicy> policy = std::make_shared<net::ConnectionPolicy>();

    struct Call {
        explicit Call(const asio::any_io_executor& executor) : group(executor) {}
        TaskGroup group;
        std::optional<Result<net::HttpResponse>> result;
        std::string body() const {
            if (!result) return "(waiting)";
            return *result ? (*result)->body : std::string(to_string(result->error().kind()));
        }
    };
    std::list<Call> calls;

    ~ScriptedNetwork() {
        for (auto& call : calls) call.group.cancel();
        clock.settle();
    }

    net::HttpRequest request(const std::string& url = "http://h/", const std::string& method = "GET") const {
        net::HttpRequest made;
        made.method = method;
        made.url = url_of(url);
        made.policy = policy;
        return made;
    }
    void limit(std::size_t connections) {
        net::ConnectionPolicy changed = *policy;
        changed.connections = connections;
        policy = std::make_shared<net::ConnectionPolicy>(changed);
    }

    // Starts a request and runs what can run.
    Call& start(net::HttpRequest made) {
        auto& call = calls.emplace_back(loop.get_executor());
        call.group.start("request", keep(std::move(made), call));
        clock.settle();
        return call;
    }
    Call& start() { return start(request()); }

private:
    Async<void> keep(net::HttpRequest made, Call& call) {
        auto result = co_await client->send(std::move(made));
        call.result = std::move(result);
    }
};

}  // namespace basewatch::test
