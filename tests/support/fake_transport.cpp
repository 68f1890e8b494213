#include "support/fake_transport.hpp"

#include "foundation/bell.hpp"

#include <boost/asio/this_coro.hpp>

namespace basewatch::test {

struct FakeTransport::Held {
    explicit Held(const asio::any_io_executor& executor) : bell(executor) {}
    Bell bell;
};

net::HttpResponse answer(int status, net::Headers headers, std::string body) {
    net::HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

void FakeTransport::serve(const std::string& origin, RegistryScript& script) {
    serve(origin, [&script](const net::HttpRequest& request) -> Result<net::HttpResponse> {
        auto made = script.answer({request.method, request.url.target, request.headers, request.body});
        if (made.hang)
            return Error(ErrorKind::timed_out, request.url.authority() + " did not answer in time");
        if (made.close) return Error(ErrorKind::unreachable, request.url.authority() + " hung up");
        return answer(made.status, made.headers, made.body);
    });
}

Async<Result<net::HttpResponse>> FakeTransport::send(net::HttpRequest request) {
    sent_.push_back(request);
    if (holding_) {
        auto executor = co_await asio::this_coro::executor;
        auto held = std::make_shared<Held>(executor);
        held_.push_back(held);
        bool rung = co_await held->bell.wait();
        std::erase(held_, held);
        if (!rung) co_return Error(ErrorKind::cancelled, "stopped");
    }
    auto handler = handlers_.find(request.url.origin());
    if (handler == handlers_.end())
        co_return Error(ErrorKind::unreachable, request.url.authority() + " is not there");
    auto response = handler->second(request);
    if (response && request.method == "HEAD") response->body.clear();
    if (response && response->body.size() > request.most_body)
        co_return Error(ErrorKind::too_large, request.url.authority() + " sent more than it may");
    co_return response;
}

std::size_t FakeTransport::count(const std::string& method, const std::string& address) const {
    std::size_t found = 0;
    for (const auto& request : sent_)
        if ((method.empty() || request.method == method) &&
            request.url.text().find(address) != std::string::npos)
            ++found;
    return found;
}

void FakeTransport::release(std::size_t most) {
    for (auto& held : held_) {
        if (most-- == 0) break;
        held->bell.ring();
    }
}

void FakeTransport::release_all() {
    holding_ = false;
    release(held_.size());
}

}  // namespace basewatch::test
