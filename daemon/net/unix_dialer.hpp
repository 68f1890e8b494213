#pragma once
// Connections to one Unix socket, whatever host the request names: how the client verbs reach their daemon
// through HttpClient.

#include "net/byte_stream.hpp"

namespace basewatch::net {

class UnixDialer final : public Dialer {
public:
    UnixDialer(asio::any_io_executor executor, std::string path);
    // unreachable, with the path.
    Async<Result<std::unique_ptr<ByteStream>>> connect(const Endpoint& endpoint) override;

private:
    asio::any_io_executor executor_;
    std::string path_;
};

}  // namespace basewatch::net
