#include "net/http_client.hpp"

#include "net/connection_pools.hpp"
#include "net/http_codec.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace basewatch::net {

namespace {

// The one alarm of a request: at its deadline whatever the request waits for then is ended.
struct Alarm {
    bool rung = false;
    ByteStream* stream = nullptr;
    PoolWaiter* waiter = nullptr;

    void ring() {
        rung = true;
        if (stream != nullptr) stream->close();
        if (waiter != nullptr) waiter->bell.ring();
    }
};

bool may_be_sent_again(const HttpRequest& request) {
    return request.method == "GET" || request.method == "HEAD";
}

Error too_late() {
    return Error(ErrorKind::timed_out, "no answer in time");
}

Error stopped() {
    return Error(ErrorKind::cancelled, "stopped before the answer came");
}

const std::shared_ptr<const ConnectionPolicy>& default_policy() {
    static const std::shared_ptr<const ConnectionPolicy> policy = std::make_shared<ConnectionPolicy>();
    return policy;
}

}  // namespace

struct HttpClient::Pools {
    Pools(asio::any_io_executor on, Clock& with, Dialer& by)
        : executor(std::move(on)), clock(with), dialer(by), connections(with) {}

    Async<Result<void>> obtain(Lease& lease, Alarm& alarm);
    Async<Result<void>> dial(Lease& lease, const Url& url, Monotonic deadline);
    Async<Result<HttpResponse>> talk(Lease& lease, const HttpRequest& request, Alarm& alarm,
                                     Progress& progress);
    Async<Result<HttpResponse>> perform(const HttpRequest& request, Alarm& alarm, Monotonic deadline);

    std::unique_ptr<ReadBuffer> borrow_buffer();
    void return_buffer(std::unique_ptr<ReadBuffer> buffer);

    asio::any_io_executor executor;
    Clock& clock;
    Dialer& dialer;
    ConnectionPools connections;
    std::vector<std::unique_ptr<ReadBuffer>> spare_buffers;
    std::uint64_t opened = 0;
};

std::unique_ptr<ReadBuffer> HttpClient::Pools::borrow_buffer() {
    if (spare_buffers.empty()) return std::make_unique<ReadBuffer>();
    auto buffer = std::move(spare_buffers.back());
    spare_buffers.pop_back();
    buffer->clear();
    return buffer;
}

void HttpClient::Pools::return_buffer(std::unique_ptr<ReadBuffer> buffer) {
    constexpr std::size_t most_spare = 64, most_spare_bytes = 16u << 10;
    if (spare_buffers.size() < most_spare && buffer->capacity() <= most_spare_bytes)
        spare_buffers.push_back(std::move(buffer));
}

// A kept connection, or the right to open one.
Async<Result<void>> HttpClient::Pools::obtain(Lease& lease, Alarm& alarm) {
    if (lease.try_obtain()) co_return Result<void>();
    PoolWaiter waiter(executor);
    alarm.waiter = &waiter;
    lease.queue(waiter);
    bool rung = co_await waiter.bell.wait();
    alarm.waiter = nullptr;
    bool obtained = lease.leave_queue(waiter);
    // Rung and cancelled may come in the same turn of the loop.
    bool asked_to_stop = co_await stop_requested();
    if (!rung || asked_to_stop) co_return stopped();
    if (alarm.rung || !obtained) co_return too_late();
    co_return Result<void>();
}

Async<Result<void>> HttpClient::Pools::dial(Lease& lease, const Url& url, Monotonic deadline) {
    Endpoint endpoint;
    endpoint.host = url.host;
    endpoint.port = url.port;
    endpoint.tls = url.secure();
    endpoint.policy = lease.policy();
    endpoint.deadline = std::min(deadline, clock.monotonic() + endpoint.policy->connect_timeout);
    auto stream = co_await dialer.connect(endpoint);
    if (!stream) co_return stream.error();
    ++opened;
    lease.stream = std::move(*stream);
    co_return Result<void>();
}

Async<Result<HttpResponse>> HttpClient::Pools::talk(Lease& lease, const HttpRequest& request, Alarm& alarm,
                                                    Progress& progress) {
    auto buffer = borrow_buffer();
    lease.keep = false;
    alarm.stream = lease.stream.get();
    auto answer = co_await exchange(*lease.stream, request, *buffer, progress);
    alarm.stream = nullptr;
    return_buffer(std::move(buffer));
    if (!answer) co_return answer.error();
    lease.keep = answer->keep && !alarm.rung;
    co_return std::move(answer->response);
}

Async<Result<HttpResponse>> HttpClient::Pools::perform(const HttpRequest& request, Alarm& alarm,
                                                       Monotonic deadline) {
    Lease lease(connections, request.url, request.policy ? request.policy : default_policy());
    auto obtained = co_await obtain(lease, alarm);
    if (!obtained) co_return obtained.error();
    for (;;) {
        bool reused = lease.stream != nullptr;
        if (!reused) {
            auto dialled = co_await dial(lease, request.url, deadline);
            if (!dialled) co_return dialled.error();
        }
        if (alarm.rung) co_return too_late();
        Progress progress;
        auto response = co_await talk(lease, request, alarm, progress);
        if (response) co_return response;
        lease.stream.reset();
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop) co_return stopped();
        if (alarm.rung) co_return too_late();
        // The other side may have closed the kept connection while our request was on its way.
        if (!reused || progress.answer_begun || !may_be_sent_again(request)) co_return response;
    }
}

HttpClient::HttpClient(asio::any_io_executor executor, Clock& clock, Dialer& dialer)
    : pools_(std::make_unique<Pools>(std::move(executor), clock, dialer)) {}

HttpClient::~HttpClient() = default;

Async<Result<HttpResponse>> HttpClient::send(HttpRequest request) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto checked = check(request);
    if (!checked) co_return checked.error();
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped().while_doing(request.url.origin());
    if (request.timeout <= Milliseconds(0)) co_return too_late().while_doing(request.url.origin());
    auto& clock = pools_->clock;
    auto deadline = clock.monotonic() + request.timeout;
    Alarm alarm;
    auto timer = clock.call_at(deadline, [&alarm] { alarm.ring(); });
    auto response = co_await pools_->perform(request, alarm, deadline);
    if (response) co_return response;
    asked_to_stop = co_await stop_requested();
    Error error = asked_to_stop ? stopped() : response.error();
    co_return error.while_doing(request.url.origin());
}

void HttpClient::close_idle() {
    pools_->connections.close_idle();
}

std::uint64_t HttpClient::connections_opened() const {
    return pools_->opened;
}

}  // namespace basewatch::net
