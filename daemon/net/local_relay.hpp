#pragma once
// A port on loopback behind which a connection of ours stands, for a C library that opens its own sockets and
// can wait without end in a handshake. So names are looked up, addresses judged and deadlines kept by our
// dialer, and closing the relay ends whatever the library waits for. The first who connects is served and
// nobody after; whether that was the library is for its owner to compare (near_port()). Bytes pass as they
// are, TLS among them, 16 KiB at a time each way. Loop thread only.

#include "net/socket_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstdint>
#include <memory>

namespace basewatch::net {

class LocalRelay : public std::enable_shared_from_this<LocalRelay> {
public:
    // Takes the connection out of `far`. unsupported when that is anything but a plain socket, unreachable
    // when there is no port to be had.
    static Result<std::shared_ptr<LocalRelay>> open(const asio::any_io_executor& executor,
                                                    std::unique_ptr<ByteStream> far);

    std::uint16_t port() const { return port_; }
    // Of whoever connected, 0 before.
    std::uint16_t near_port() const { return near_port_; }
    // False once either side has ended.
    bool is_open() const { return open_; }
    // Both sides see the end. May be called at any time, again too.
    void close();

private:
    using Buffer = std::array<char, 16u << 10>;

    LocalRelay(const asio::any_io_executor& executor, Socket far);
    bool listen();
    void accept();
    void pass_on(Socket& from, Socket& to, Buffer& buffer);

    asio::ip::tcp::acceptor acceptor_;
    Socket far_, near_;
    Buffer outbound_, inbound_;
    std::uint16_t port_ = 0, near_port_ = 0;
    bool open_ = true;
};

}  // namespace basewatch::net
