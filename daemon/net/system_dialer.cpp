#include "net/system_dialer.hpp"

#include "net/address_guard.hpp"
#include "net/happy_eyeballs.hpp"
#include "net/tls_stream.hpp"
#include "net/tunnel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstring>

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

constexpr Milliseconds preferred_for{10 * 60'000};
constexpr std::size_t most_preferred = 2000;

bool fits(AddressFamily family, const asio::ip::address& address) {
    return family == AddressFamily::any || address.is_v6() == (family == AddressFamily::ipv6);
}

Async<Result<tcp::socket>> connect_to(asio::any_io_executor executor, tcp::endpoint address, Clock& clock,
                                      Monotonic deadline) {
    bool stop = co_await stop_requested();
    if (stop) co_return stopped();
    tcp::socket socket(executor);
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
    socket.set_option(asio::socket_base::keep_alive(true), error);
    co_return std::move(socket);
}

// The same stream, when it has agreed on TLS with `host`.
Async<Result<std::unique_ptr<TlsStream>>> agreed(std::unique_ptr<TlsStream> stream, std::string host,
                                                 Clock& clock, Monotonic deadline) {
    bool late = false;
    auto timer = clock.call_at(deadline, [&] {
        late = true;
        stream->close();
    });
    auto done = co_await stream->handshake(std::move(host));
    bool stop = co_await stop_requested();
    if (stop) co_return stopped();
    if (late) co_return Error(ErrorKind::timed_out, "no TLS handshake in time");
    if (!done) co_return done.error();
    co_return std::move(stream);
}

Async<Result<void>> tunnel(ByteStream& stream, const Proxy& proxy, const Endpoint& endpoint, Clock& clock) {
    bool late = false;
    auto timer = clock.call_at(endpoint.deadline, [&] {
        late = true;
        stream.close();
    });
    std::string host =
        endpoint.host.find(':') == std::string::npos ? endpoint.host : "[" + endpoint.host + "]";
    auto opened = co_await open_tunnel(stream, proxy, host + ":" + std::to_string(endpoint.port));
    bool stop = co_await stop_requested();
    if (stop) co_return stopped();
    if (late)
        co_return Error(ErrorKind::timed_out, "the proxy " + proxy.host + " did not connect us in time");
    co_return opened;
}

// Behind a proxy only what is written as an address can be judged.
bool blocked_behind_proxy(const Endpoint& endpoint) {
    boost::system::error_code not_an_address;
    auto address = asio::ip::make_address(endpoint.host, not_an_address);
    auto rule = endpoint.policy->addresses;
    if (!not_an_address) return !allowed(rule, address);
    return metadata_name(endpoint.host) || (rule == AddressRule::public_only && endpoint.host == "localhost");
}

std::string remote_of(const Socket& socket) {
    boost::system::error_code error;
    auto generic = socket.remote_endpoint(error);
    if (error) return {};
    tcp::endpoint address;
    if (generic.size() > address.capacity()) return {};
    std::memcpy(address.data(), generic.data(), generic.size());
    return text_of(address);
}

}  // namespace

SystemDialer::SystemDialer(asio::any_io_executor executor, Clock& clock, Resolver& resolver,
                           EnvironmentProxies environment)
    : executor_(std::move(executor)),
      clock_(clock),
      resolver_(resolver),
      environment_(std::move(environment)) {}

std::optional<bool> SystemDialer::preferred(const std::string& host) const {
    auto found = preferred_.find(host);
    if (found == preferred_.end() || found->second.until <= clock_.monotonic()) return std::nullopt;
    return found->second.ipv6;
}

void SystemDialer::remember(const std::string& host, bool ipv6) {
    auto now = clock_.monotonic();
    if (preferred_.size() >= most_preferred)
        std::erase_if(preferred_, [now](const auto& entry) { return entry.second.until <= now; });
    if (preferred_.size() >= most_preferred) preferred_.clear();
    preferred_.insert_or_assign(host, Preferred{ipv6, now + preferred_for});
}

Async<Result<Socket>> SystemDialer::reach(std::string host, std::uint16_t port, AddressRule rule,
                                          AddressFamily family, Monotonic deadline) {
    auto addresses = co_await resolver_.resolve(host, deadline);
    if (!addresses) co_return addresses.error();
    std::vector<tcp::endpoint> candidates;
    bool blocked = false, other_family = false;
    for (const auto& text : interleaved(*addresses, preferred(host))) {
        boost::system::error_code error;
        auto address = asio::ip::make_address(text, error);
        if (error) continue;
        bool allowed_here = allowed(rule, address), fitting = fits(family, address);
        blocked |= !allowed_here;
        other_family |= !fitting;
        if (allowed_here && fitting) candidates.emplace_back(address, port);
    }
    if (candidates.empty() && blocked)
        co_return Error(ErrorKind::blocked, "connections to this address are not allowed");
    if (candidates.empty() && other_family)
        co_return Error(ErrorKind::name_lookup, "the name has no address of the family that was chosen");
    bool choice = candidates.size() > 1;
    auto connect = [this, deadline](tcp::endpoint address) {
        return connect_to(executor_, address, clock_, deadline);
    };
    auto socket = co_await connect_to_first(executor_, std::move(candidates), clock_, deadline, connect);
    if (!socket) co_return socket.error();
    boost::system::error_code error;
    auto address = socket->remote_endpoint(error);
    if (error) co_return Error(ErrorKind::unreachable, error.message());
    if (choice) remember(host, address.address().is_v6());
    co_return Socket(std::move(*socket));
}

Async<Result<std::unique_ptr<ByteStream>>> SystemDialer::connect(const Endpoint& endpoint) {
    const auto& policy = *endpoint.policy;
    TlsContext context;
    if (endpoint.tls) {
        auto made = contexts_.of(endpoint.policy);
        if (!made) co_return made.error();
        context = *made;
    }
    // What a metadata service says is for nobody's ears but ours.
    bool straight = policy.direct || policy.addresses == AddressRule::metadata_only;
    auto proxy = straight ? nullptr : policy.proxy;
    if (!proxy && !straight) {
        auto chosen = environment_.choose(endpoint.tls, endpoint.host, endpoint.port);
        if (!chosen) co_return chosen.error();
        proxy = *chosen;
    }
    if (proxy) {
        auto stream = co_await connect_through(endpoint, std::move(proxy), std::move(context));
        co_return stream;
    }
    auto socket =
        co_await reach(endpoint.host, endpoint.port, policy.addresses, policy.family, endpoint.deadline);
    if (!socket) co_return socket.error();
    std::string remote = remote_of(*socket);
    if (!endpoint.tls)
        co_return std::unique_ptr<ByteStream>(
            std::make_unique<SocketStream>(std::move(*socket), std::move(remote)));
    auto secured =
        co_await agreed(std::make_unique<TlsStream>(std::move(*socket), std::move(remote), context),
                        endpoint.host, clock_, endpoint.deadline);
    if (!secured) co_return secured.error();
    co_return std::unique_ptr<ByteStream>(std::move(*secured));
}

Async<Result<std::unique_ptr<ByteStream>>> SystemDialer::connect_through(const Endpoint& endpoint,
                                                                         std::shared_ptr<const Proxy> proxy,
                                                                         TlsContext context) {
    if (blocked_behind_proxy(endpoint))
        co_return Error(ErrorKind::blocked, "connections to this address are not allowed");
    auto socket = co_await reach(proxy->host, proxy->port, AddressRule::no_metadata, AddressFamily::any,
                                 endpoint.deadline);
    if (!socket) co_return socket.error().while_doing("the proxy " + proxy->host);
    // The address of the proxy says nothing about the registry's: it is not told.
    auto forwarder = endpoint.tls ? nullptr : proxy;
    std::unique_ptr<TlsStream> inner;
    if (proxy->tls) {
        auto trusted = contexts_.of_proxy(endpoint.policy);
        if (!trusted) co_return trusted.error();
        auto outer = co_await agreed(std::make_unique<TlsStream>(std::move(*socket), "", *trusted, forwarder),
                                     proxy->host, clock_, endpoint.deadline);
        if (!outer) co_return outer.error().while_doing(name_of(*proxy));
        if (!endpoint.tls) co_return std::unique_ptr<ByteStream>(std::move(*outer));
        auto opened = co_await tunnel(**outer, *proxy, endpoint, clock_);
        if (!opened) co_return opened.error();
        inner = std::make_unique<TlsStream>(std::move(*outer), "", context);
    } else {
        auto stream = std::make_unique<SocketStream>(std::move(*socket), "", forwarder);
        if (!endpoint.tls) co_return std::unique_ptr<ByteStream>(std::move(stream));
        auto opened = co_await tunnel(*stream, *proxy, endpoint, clock_);
        if (!opened) co_return opened.error();
        inner = std::make_unique<TlsStream>(stream->release(), "", context);
    }
    auto secured = co_await agreed(std::move(inner), endpoint.host, clock_, endpoint.deadline);
    if (!secured) co_return secured.error();
    co_return std::unique_ptr<ByteStream>(std::move(*secured));
}

}  // namespace basewatch::net
