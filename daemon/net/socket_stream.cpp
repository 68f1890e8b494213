#include "net/socket_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <sys/socket.h>

namespace basewatch::net {

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

Error stopped() {
    return Error(ErrorKind::cancelled, "the connection was given up");
}

}  // namespace

Error socket_error(const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted) return stopped();
    return Error(ErrorKind::unreachable, error.message());
}

Async<Result<void>> write_all(Socket& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        if (!socket.is_open()) co_return stopped();
        ssize_t sent =
            ::send(socket.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            co_return socket_error({errno, boost::system::system_category()});
        auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return stopped();
        auto [error] = co_await socket.async_wait(Socket::wait_write, as_result);
        if (error) co_return socket_error(error);
    }
    co_return Result<void>();
}

bool silent_and_open(Socket& socket) {
    if (!socket.is_open()) return false;
    char byte = 0;
    ssize_t count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

SocketStream::SocketStream(Socket socket, std::string remote, std::shared_ptr<const Proxy> forwarder)
    : socket_(std::move(socket)), remote_(std::move(remote)), forwarder_(std::move(forwarder)) {}

SocketStream::~SocketStream() = default;

Async<Result<std::size_t>> SocketStream::read_some(std::span<char> into) {
    auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none || !socket_.is_open()) co_return stopped();
    auto [error, count] = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), as_result);
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return socket_error(error);
    co_return count;
}

Async<Result<void>> SocketStream::write(std::string_view bytes) {
    return write_all(socket_, bytes);
}

void SocketStream::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

bool SocketStream::usable() {
    return silent_and_open(socket_);
}

void SocketStream::interrupt() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void SocketStream::end_writing() {
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

}  // namespace basewatch::net
