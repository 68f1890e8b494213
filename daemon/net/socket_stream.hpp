#pragma once
// A ByteStream over a connected socket, TCP or Unix, without encryption.

#include "net/byte_stream.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

namespace basewatch::net {

using Socket = asio::generic::stream_protocol::socket;

// The words of a failed system call: reset and closed alike are `unreachable`, an aborted wait `cancelled`.
Error socket_error(const boost::system::error_code& error);

// Sends without waiting for the socket unless it is full, and without SIGPIPE.
Async<Result<void>> write_all(Socket& socket, std::string_view bytes);

// False when the other side closed, or has sent something though nothing was asked.
bool silent_and_open(Socket& socket);

class SocketStream final : public ByteStream {
public:
    // `forwarder`: the proxy at the other end, where it passes on requests rather than bytes.
    SocketStream(Socket socket, std::string remote, std::shared_ptr<const Proxy> forwarder = nullptr);
    ~SocketStream() override;
    Async<Result<std::size_t>> read_some(std::span<char> into) override;
    Async<Result<void>> write(std::string_view bytes) override;
    void close() override;
    bool usable() override;
    std::string remote() const override { return remote_; }
    const Proxy* forwarder() const override { return forwarder_.get(); }

    // The connection itself; nothing may be under way.
    Socket release() { return std::move(socket_); }
    // Ends a read under way with an error; the connection can still be written to.
    void interrupt();
    // Says that nothing more will be written.
    void end_writing();

private:
    Socket socket_;
    std::string remote_;
    std::shared_ptr<const Proxy> forwarder_;
};

}  // namespace basewatch::net
