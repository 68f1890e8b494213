#pragma once
// A connection as bytes: TCP, TLS, a Unix socket or a test's script stand behind it. The HTTP codec reads and
// writes through this, which keeps Beast's costly composed operations out of every file and makes a scripted
// fake a small class.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace basewatch::net {

struct Proxy;

class ByteStream {
public:
    virtual ~ByteStream() = default;
    // At least one byte, or 0 at the orderly end. unreachable, tls, cancelled.
    virtual Async<Result<std::size_t>> read_some(std::span<char> into) = 0;
    virtual Async<Result<void>> write(std::string_view bytes) = 0;
    // Drops the connection; a read or write under way ends with an error. May be called at any time.
    virtual void close() = 0;
    // Whether a kept connection can still be used: false when the other side closed it or spoke out of turn.
    virtual bool usable() = 0;
    virtual std::string remote() const = 0;
    // The proxy that reads our requests here and passes them on; null where the origin itself reads them.
    virtual const Proxy* forwarder() const { return nullptr; }
};

struct ConnectionPolicy;

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    bool tls = false;
    std::shared_ptr<const ConnectionPolicy> policy;  // never null
    Monotonic deadline{};
};

// Opens connections. name_lookup, unreachable, blocked, timed_out, tls, cancelled.
class Dialer {
public:
    virtual ~Dialer() = default;
    virtual Async<Result<std::unique_ptr<ByteStream>>> connect(const Endpoint& endpoint) = 0;
};

}  // namespace basewatch::net
