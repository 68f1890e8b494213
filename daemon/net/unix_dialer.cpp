#include "net/unix_dialer.hpp"

#include "net/socket_stream.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <sys/un.h>

namespace basewatch::net {

using asio::local::stream_protocol;

UnixDialer::UnixDialer(asio::any_io_executor executor, std::string path)
    : executor_(std::move(executor)), path_(std::move(path)) {}

Async<Result<std::unique_ptr<ByteStream>>> UnixDialer::connect(const Endpoint&) {
    if (path_.empty() || path_.size() >= sizeof(sockaddr_un::sun_path))
        co_return Error(ErrorKind::invalid, "the path of the socket is empty or too long: " + path_);
    // On a Unix socket connecting never waits for the other side: it succeeds or fails at once.
    stream_protocol::socket socket(executor_);
    boost::system::error_code error;
    socket.open(stream_protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (!error) socket.connect(stream_protocol::endpoint(path_), error);
    if (error) co_return Error(ErrorKind::unreachable, path_ + ": " + error.message());
    co_return std::unique_ptr<ByteStream>(std::make_unique<SocketStream>(Socket(std::move(socket)), "unix"));
}

}  // namespace basewatch::net
