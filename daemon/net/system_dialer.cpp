#include "net/system_dialer.hpp"

#include "net/address_guard.hpp"
#include "net/tls_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace basewatch::net {

namespace {

using asio::ip::tcp;

Error stopped() {
    return Error(ErrorKind::cancelled, "stopped while connecting");
}

std::string text_of(const tcp::endpoint& address) {
    std::string host = address.address().to_string();
    if (address.address().is_v6()) host = "[" + host + "]";
    return host + ":" + std::to_string(address.port());
}

struct Candidates {
    std::vector<tcp::endpoint> allowed;
    std::size_t blocked = 0;
};

Candidates judge(const std::vector<std::string>& addresses, const Endpoint& endpoint) {
    Candidates candidates;
    for (const auto& text : addresses) {
        boost::system::error_code error;
        auto address = asio::ip::make_address(text, error);
        if (error) continue;
        if (allowed(endpoint.policy->addresses, address)) {
            candidates.allowed.emplace_back(address, endpoint.port);
        } else {
            ++candidates.blocked;
        }
    }
    return candidates;
}

Async<Result<void>> connect_to(tcp::socket& socket, tcp::endpoint address, Clock& clock, Monotonic deadline) {
    bool stop = co_await stop_requested();
    if (stop) co_return stopped();
    boost::system::error_code error;
    socket.open(address.protocol(), error);
    if (error) co_return Error(ErrorKind::unreachable, text_of(address) + ": " + error.message());
    bool late = false;
    auto timer = clock.call_at(deadline, [&] {
        late = true;
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    auto [failure] = co_await socket.async_connect(address, asio::as_tuple(asio::use_awaitable));
    stop = co_await stop_requested();
    if (stop) co_return stopped();
    if (late) co_return Error(ErrorKind::timed_out, text_of(address) + ": no connection in time");
    if (failure) co_return Error(ErrorKind::unreachable, text_of(address) + ": " + failure.message());
    socket.set_option(tcp::no_delay(true), error);
    co_return Result<void>();
}

// Each address but the last may use its share of what is left of the time.
Async<Result<tcp::socket>> connect_to_any(const asio::any_io_executor& executor,
                                          std::vector<tcp::endpoint> addresses, Clock& clock,
                                          Monotonic deadline) {
    Error last(ErrorKind::name_lookup, "the name has no address");
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        auto now = clock.monotonic();
        if (now >= deadline) co_return Error(ErrorKind::timed_out, "no connection in time");
        auto share = now + (deadline - now) / static_cast<int>(addresses.size() - i);
        tcp::socket socket(executor);
        auto connected = co_await connect_to(socket, addresses[i], clock, share);
        if (connected) co_return std::move(socket);
        last = connected.error();
        if (last.kind() == ErrorKind::cancelled) break;
    }
    co_return last;
}

Async<Result<std::unique_ptr<ByteStream>>> with_tls(Socket socket, std::string remote, std::string host,
                                                    TlsContext context, Clock& clock, Monotonic deadline) {
    auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(remote), context);
    bool late = false;
    auto timer = clock.call_at(deadline, [&] {
        late = true;
        stream->close();
    });
    auto agreed = co_await stream->handshake(std::move(host));
    bool stop = co_await stop_requested();
    if (stop) co_return stopped();
    if (late) co_return Error(ErrorKind::timed_out, "no TLS handshake in time");
    if (!agreed) co_return agreed.error();
    co_return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace

SystemDialer::SystemDialer(asio::any_io_executor executor, Clock& clock, Resolver& resolver)
    : executor_(std::move(executor)), clock_(clock), resolver_(resolver) {}

Async<Result<std::unique_ptr<ByteStream>>> SystemDialer::connect(const Endpoint& endpoint) {
    TlsContext context;
    if (endpoint.tls) {
        auto made = contexts_.of(endpoint.policy);
        if (!made) co_return made.error();
        context = *made;
    }
    auto addresses = co_await resolver_.resolve(endpoint.host, endpoint.deadline);
    if (!addresses) co_return addresses.error();
    auto candidates = judge(*addresses, endpoint);
    if (candidates.allowed.empty() && candidates.blocked > 0)
        co_return Error(ErrorKind::blocked, "connections to this address are not allowed");
    auto socket =
        co_await connect_to_any(executor_, std::move(candidates.allowed), clock_, endpoint.deadline);
    if (!socket) co_return socket.error();
    boost::system::error_code error;
    auto address = socket->remote_endpoint(error);
    if (error) co_return Error(ErrorKind::unreachable, error.message());
    std::string remote = text_of(address);
    if (!endpoint.tls)
        co_return std::unique_ptr<ByteStream>(
            std::make_unique<SocketStream>(Socket(std::move(*socket)), std::move(remote)));
    auto secured = co_await with_tls(Socket(std::move(*socket)), std::move(remote), endpoint.host,
                                     std::move(context), clock_, endpoint.deadline);
    co_return secured;
}

}  // namespace basewatch::net
