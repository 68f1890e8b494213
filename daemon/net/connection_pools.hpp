#pragma once
// Kept connections, one pool for each origin and policy: at most `policy.connections` at once, further askers
// wait in the order they came, the connection used last is used next (the others may then grow old and
// close), and a pool that holds nothing goes away. Opens nothing itself. Loop thread only.

#include "foundation/bell.hpp"
#include "net/byte_stream.hpp"
#include "net/http_message.hpp"

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace basewatch::net {

// One asker in a pool's queue.
struct PoolWaiter {
    explicit PoolWaiter(const asio::any_io_executor& executor) : bell(executor) {}
    Bell bell;
    bool served = false;
    std::unique_ptr<ByteStream> stream;  // null though served: may open a new one
};

struct ConnectionPool;

class ConnectionPools {
public:
    explicit ConnectionPools(Clock& clock);
    ~ConnectionPools();
    void close_idle();
    std::size_t size() const { return pools_.size(); }

private:
    friend class Lease;
    struct Key {
        bool tls;
        std::uint16_t port;
        std::string host;
        const ConnectionPolicy* policy;
    };
    // Looked up by views, so that finding a pool copies no name.
    struct Before {
        using is_transparent = void;
        using View = std::tuple<std::string_view, std::uint16_t, bool, const ConnectionPolicy*>;
        static View view(const Key& key) { return {key.host, key.port, key.tls, key.policy}; }
        static View view(const View& key) { return key; }
        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return view(a) < view(b);
        }
    };

    ConnectionPool& at(const Url& url, std::shared_ptr<const ConnectionPolicy> policy);
    void keep(ConnectionPool& pool, std::unique_ptr<ByteStream> stream);
    void release(ConnectionPool& pool);
    void close_old(ConnectionPool& pool);
    void watch_age(ConnectionPool& pool);
    void drop_if_empty(ConnectionPool& pool);

    Clock& clock_;
    std::map<Key, std::unique_ptr<ConnectionPool>, Before> pools_;
};

// The right to use one connection of a pool. Gives it back, or its connection, when it goes.
class Lease {
public:
    Lease(ConnectionPools& pools, const Url& url, std::shared_ptr<const ConnectionPolicy> policy);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    // True with a kept connection in `stream`, or with none and the right to open one; false: queue.
    bool try_obtain();
    void queue(PoolWaiter& waiter);
    // Whether the waiter was served; what it got is the lease's now.
    bool leave_queue(PoolWaiter& waiter);

    const std::shared_ptr<const ConnectionPolicy>& policy() const;

    std::unique_ptr<ByteStream> stream;
    bool keep = false;  // give `stream` back for others, instead of closing it

private:
    ConnectionPools& pools_;
    ConnectionPool& pool_;
    bool held_ = false;
};

}  // namespace basewatch::net
