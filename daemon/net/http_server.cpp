#include "net/http_server.hpp"

#include "foundation/bell.hpp"
#include "foundation/log.hpp"
#include "net/server_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <grp.h>
#include <list>
#include <set>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace basewatch::net {

namespace {

using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

constexpr std::string_view unix_prefix = "unix:";
// Over the bound, so many are told so; the rest is closed without a word.
constexpr std::size_t most_refusals = 32;

Error cannot_listen(const std::string& address, std::string_view why) {
    return Error(ErrorKind::invalid, "cannot listen on " + address + ": " + std::string(why));
}

Result<tcp::endpoint> endpoint_of(std::string_view text) {
    auto colon = text.rfind(':');
    if (colon == text.npos) return Error(ErrorKind::invalid, "expected address:port");
    std::string_view host = text.substr(0, colon), digits = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    unsigned port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || port > 65535)
        return Error(ErrorKind::invalid, "the port is not a number up to 65535");
    boost::system::error_code not_an_address;
    auto address = asio::ip::make_address(std::string(host), not_an_address);
    if (not_an_address) return Error(ErrorKind::invalid, "the address is not numeric");
    return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

std::string text_of(const tcp::endpoint& address) {
    std::string host = address.address().to_string();
    if (address.address().is_v6()) host = "[" + host + "]";
    return host + ":" + std::to_string(address.port());
}

// Makes room for a socket: a file that nobody answers behind is left over from a process that was killed.
Result<void> clear_path(const asio::any_io_executor& executor, const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return {};
    if (!S_ISSOCK(status.st_mode)) return Error(ErrorKind::conflict, "a file that is no socket is there");
    Local::socket probe(executor);
    boost::system::error_code error;
    probe.connect(Local::endpoint(path), error);
    if (error != boost::system::errc::connection_refused)
        return Error(ErrorKind::conflict, error ? error.message() : "another process serves it");
    if (::unlink(path.c_str()) != 0) return Error(ErrorKind::conflict, "the stale socket cannot be removed");
    return {};
}

}  // namespace

struct HttpServer::State {
    struct Listener {
        Acceptor acceptor;
        std::string path;  // of a Unix socket
        // Which file is ours: at the end another's in its place is left alone.
        dev_t device = 0;
        ino_t inode = 0;
    };

    State(asio::any_io_executor on, Clock& clock, Handler handler, ServerLimits limits)
        : executor(std::move(on)),
          settings{std::move(handler), limits, clock},
          acceptors(executor),
          tasks(executor),
          asked_to_stop(executor),
          ended(executor, Monotonic::max()) {}
    ~State() {
        for (auto& listener : listeners) stop_listening(listener);
    }

    Result<std::string> listen_tcp(const std::string& address);
    Result<std::string> listen_unix(const std::string& path);
    void stop_listening(Listener& listener);
    Async<void> accept(Listener& listener);
    void begin(Socket socket, bool local);
    Async<void> serve(std::unique_ptr<SocketStream> stream, bool local);
    Async<void> refuse(std::unique_ptr<SocketStream> stream, bool local);
    Async<void> drain(Milliseconds grace);

    asio::any_io_executor executor;
    ServerSettings settings;
    std::list<Listener> listeners;
    TaskGroup acceptors;
    TaskGroup tasks;
    std::set<ServerConnection*> connections;
    std::size_t serving = 0, refusing = 0;
    bool stopping = false;
    Bell asked_to_stop;
    asio::steady_timer ended;  // cancelled whenever a connection has ended
};

Result<std::string> HttpServer::State::listen_tcp(const std::string& address) {
    auto endpoint = endpoint_of(address);
    if (!endpoint) return cannot_listen(address, endpoint.error().message());
    tcp::acceptor acceptor(executor);
    boost::system::error_code error;
    acceptor.open(endpoint->protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint->address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(*endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) return cannot_listen(address, error.message());
    std::string real = text_of(acceptor.local_endpoint());
    listeners.push_back({Acceptor(std::move(acceptor)), "", 0, 0});
    return real;
}

Result<std::string> HttpServer::State::listen_unix(const std::string& path) {
    std::string address = std::string(unix_prefix) + path;
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
        return cannot_listen(address, "the path is empty or too long");
    auto cleared = clear_path(executor, path);
    if (!cleared) return cannot_listen(address, cleared.error().message());
    Local::acceptor acceptor(executor);
    boost::system::error_code error;
    acceptor.open(Local(), error);
    // The file takes the descriptor's mode: nobody else can connect before protect_socket() lets them.
    if (!error) ::fchmod(acceptor.native_handle(), 0600);
    if (!error) acceptor.bind(Local::endpoint(path), error);
    if (!error) acceptor.listen(Local::acceptor::max_listen_connections, error);
    if (error) return cannot_listen(address, error.message());
    struct stat status{};
    ::lstat(path.c_str(), &status);
    listeners.push_back({Acceptor(std::move(acceptor)), path, status.st_dev, status.st_ino});
    return address;
}

void HttpServer::State::stop_listening(Listener& listener) {
    if (!listener.acceptor.is_open()) return;
    boost::system::error_code ignored;
    listener.acceptor.close(ignored);
    struct stat status{};
    if (!listener.path.empty() && ::lstat(listener.path.c_str(), &status) == 0 &&
        status.st_dev == listener.device && status.st_ino == listener.inode)
        ::unlink(listener.path.c_str());
}

Async<void> HttpServer::State::accept(Listener& listener) {
    bool local = !listener.path.empty();
    while (!stopping) {
        bool stop = co_await stop_requested();
        if (stop) break;
        auto [error, socket] = co_await listener.acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        if (stopping || !listener.acceptor.is_open()) break;
        if (!error) {
            begin(std::move(socket), local);
            continue;
        }
        if (error == asio::error::operation_aborted) continue;
        // Out of descriptors, most likely: asking again at once would only spin.
        log::warning("a connection could not be accepted", {{"reason", error.message()}});
        bool rested = co_await sleep_for(settings.clock, Milliseconds(100));
        if (!rested) break;
    }
}

void HttpServer::State::begin(Socket socket, bool local) {
    boost::system::error_code error;
    std::string remote = "unix";
    if (!local) {
        tcp::endpoint address;
        auto generic = socket.remote_endpoint(error);
        if (error) return;  // gone already
        std::memcpy(address.data(), generic.data(), generic.size());
        address.resize(generic.size());
        remote = text_of(address);
        socket.set_option(tcp::no_delay(true), error);
    }
    auto stream = std::make_unique<SocketStream>(std::move(socket), std::move(remote));
    if (serving < settings.limits.connections) {
        ++serving;
        tasks.start("http connection", serve(std::move(stream), local));
    } else if (refusing < most_refusals) {
        ++refusing;
        tasks.start("http refusal", refuse(std::move(stream), local));
    }
}

Async<void> HttpServer::State::serve(std::unique_ptr<SocketStream> stream, bool local) {
    ServerConnection connection(std::move(stream), local, settings);
    connections.insert(&connection);
    co_await connection.serve();
    connections.erase(&connection);
    --serving;
    ended.cancel();
}

Async<void> HttpServer::State::refuse(std::unique_ptr<SocketStream> stream, bool local) {
    ServerConnection connection(std::move(stream), local, settings);
    connections.insert(&connection);
    co_await connection.refuse();
    connections.erase(&connection);
    --refusing;
    ended.cancel();
}

Async<void> HttpServer::State::drain(Milliseconds grace) {
    for (auto* connection : std::set(connections)) connection->finish();
    bool over = false;
    auto timer = settings.clock.call_at(settings.clock.monotonic() + grace, [&] {
        over = true;
        ended.cancel();
    });
    while (serving + refusing > 0 && !over) co_await ended.async_wait(asio::as_tuple(asio::use_awaitable));
    tasks.cancel();
    for (auto* connection : std::set(connections)) connection->abort();
    co_await tasks.wait();
}

HttpServer::HttpServer(asio::any_io_executor executor, Clock& clock, Handler handler, ServerLimits limits)
    : state_(std::make_unique<State>(std::move(executor), clock, std::move(handler), limits)) {}

HttpServer::~HttpServer() = default;

Result<std::string> HttpServer::listen(const std::string& address) {
    if (address.starts_with(unix_prefix)) return state_->listen_unix(address.substr(unix_prefix.size()));
    return state_->listen_tcp(address);
}

Result<void> HttpServer::protect_socket(const std::string& path, unsigned mode, const std::string& group) {
    auto failed = [&](const std::string& why) {
        return Error(ErrorKind::invalid, "cannot protect " + path + ": " + why);
    };
    if (!group.empty()) {
        const auto* entry = ::getgrnam(group.c_str());
        if (entry == nullptr) return failed("there is no group " + group);
        if (::chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0)
            return failed(std::generic_category().message(errno));
    }
    if (::chmod(path.c_str(), mode) != 0) return failed(std::generic_category().message(errno));
    return {};
}

Async<void> HttpServer::run(Milliseconds grace) {
    for (auto& listener : state_->listeners)
        state_->acceptors.start("http listener", state_->accept(listener));
    // Nobody rings: the wait ends when this coroutine is cancelled.
    co_await state_->asked_to_stop.wait();
    state_->stopping = true;
    for (auto& listener : state_->listeners) state_->stop_listening(listener);
    state_->acceptors.cancel();
    co_await state_->acceptors.wait();
    co_await state_->drain(grace);
}

}  // namespace basewatch::net
