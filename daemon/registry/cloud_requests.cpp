#include "registry/cloud_requests.hpp"

namespace basewatch::registry {

namespace {

constexpr Milliseconds service_timeout{std::chrono::seconds(30)};
constexpr Milliseconds metadata_timeout{std::chrono::seconds(5)};
constexpr std::size_t most_answer = 256u << 10;

}  // namespace

Async<Result<net::HttpResponse>> CloudRequests::service(std::shared_ptr<Host> registry,
                                                        net::HttpRequest request) {
    auto host = hosts_.at(request.url);
    registry->add_headers(request);
    request.policy = hosts_.policy(*host, *registry, net::AddressRule::no_metadata);
    request.timeout = service_timeout;
    auto response = co_await ask(host, std::move(request));
    co_return response;
}

Async<Result<net::HttpResponse>> CloudRequests::metadata(net::HttpRequest request) {
    if (!metadata_) {
        net::ConnectionPolicy policy;
        policy.addresses = net::AddressRule::metadata_only;
        policy.direct = true;
        // Away from a cloud the address leads nowhere, and says so by silence.
        policy.connect_timeout = Milliseconds(2'000);
        metadata_ = std::make_shared<const net::ConnectionPolicy>(policy);
    }
    request.policy = metadata_;
    request.timeout = metadata_timeout;
    auto host = hosts_.at(request.url);
    auto response = co_await ask(host, std::move(request));
    co_return response;
}

Async<Result<net::HttpResponse>> CloudRequests::ask(std::shared_ptr<Host> host, net::HttpRequest request) {
    auto turn = co_await exchange_.turn(host);
    if (!turn) co_return turn.error();
    request.most_body = most_answer;
    auto response = co_await exchange_.send(host, std::move(request), true);
    if (response && redirects(response->status))
        co_return Error(ErrorKind::bad_answer, host->name + " redirects, which no service of a cloud should")
            .with_status(response->status);
    co_return response;
}

}  // namespace basewatch::registry
