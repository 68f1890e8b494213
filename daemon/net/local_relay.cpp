#include "net/local_relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace basewatch::net {

using asio::ip::tcp;

Result<std::shared_ptr<LocalRelay>> LocalRelay::open(const asio::any_io_executor& executor,
                                                     std::unique_ptr<ByteStream> far) {
    auto* plain = dynamic_cast<SocketStream*>(far.get());
    if (plain == nullptr)
        return Error(ErrorKind::unsupported, "only a plain connection can be handed on to a library");
    std::shared_ptr<LocalRelay> relay(new LocalRelay(executor, plain->release()));
    if (!relay->listen())
        return Error(ErrorKind::unreachable, "no port on loopback could be had for the client library");
    relay->accept();
    return relay;
}

LocalRelay::LocalRelay(const asio::any_io_executor& executor, Socket far)
    : acceptor_(executor), far_(std::move(far)), near_(executor) {}

bool LocalRelay::listen() {
    boost::system::error_code fault;
    acceptor_.open(tcp::v4(), fault);
    if (!fault) acceptor_.bind({asio::ip::address_v4::loopback(), 0}, fault);
    if (!fault) acceptor_.listen(1, fault);
    if (!fault) port_ = acceptor_.local_endpoint(fault).port();
    return !fault;
}

void LocalRelay::accept() {
    acceptor_.async_accept([self = shared_from_this()](boost::system::error_code fault, tcp::socket near) {
        boost::system::error_code ignored;
        self->acceptor_.close(ignored);
        if (fault || !self->open_) return self->close();
        self->near_port_ = near.remote_endpoint(ignored).port();
        near.set_option(tcp::no_delay(true), ignored);
        self->near_ = Socket(std::move(near));
        self->pass_on(self->near_, self->far_, self->outbound_);
        self->pass_on(self->far_, self->near_, self->inbound_);
    });
}

void LocalRelay::pass_on(Socket& from, Socket& to, Buffer& buffer) {
    auto read = [self = shared_from_this(), &from, &to, &buffer](boost::system::error_code ended,
                                                                 std::size_t length) {
        if (ended) return self->close();
        asio::async_write(to, asio::buffer(buffer, length),
                          [self, &from, &to, &buffer](boost::system::error_code broken, std::size_t) {
                              if (broken) return self->close();
                              self->pass_on(from, to, buffer);
                          });
    };
    from.async_read_some(asio::buffer(buffer), std::move(read));
}

void LocalRelay::close() {
    open_ = false;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (auto* socket : {&far_, &near_}) {
        // The other side sees the end even where a program that was started meanwhile holds a copy.
        socket->shutdown(Socket::shutdown_both, ignored);
        socket->close(ignored);
    }
}

}  // namespace basewatch::net
