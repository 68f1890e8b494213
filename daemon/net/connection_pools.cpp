#include "net/connection_pools.hpp"

#include <algorithm>
#include <cassert>

namespace basewatch::net {

struct ConnectionPool {
    struct Idle {
        std::unique_ptr<ByteStream> stream;
        Monotonic since;
    };
    std::shared_ptr<const ConnectionPolicy> policy;  // its address is in the key: it must not be used again
    std::string host;
    std::uint16_t port = 0;
    bool tls = false;
    std::size_t users = 0;           // leases that look at this pool, waiting ones included
    std::size_t open = 0;            // connections in use and idle
    std::vector<Idle> idle;          // oldest first
    std::list<PoolWaiter*> waiters;  // first come, first served
    std::unique_ptr<Clock::Timer> age_timer;

    std::size_t bound() const { return std::max<std::size_t>(policy->connections, 1); }
};

ConnectionPools::ConnectionPools(Clock& clock) : clock_(clock) {}
ConnectionPools::~ConnectionPools() = default;

ConnectionPool& ConnectionPools::at(const Url& url, std::shared_ptr<const ConnectionPolicy> policy) {
    Before::View key{url.host, url.port, url.secure(), policy.get()};
    auto found = pools_.find(key);
    if (found != pools_.end()) return *found->second;
    auto pool = std::make_unique<ConnectionPool>();
    pool->host = url.host;
    pool->port = url.port;
    pool->tls = url.secure();
    pool->policy = std::move(policy);
    Key stored{pool->tls, pool->port, pool->host, pool->policy.get()};
    return *pools_.emplace(std::move(stored), std::move(pool)).first->second;
}

// A connection is free: the longest waiting asker gets it, else it is kept.
void ConnectionPools::keep(ConnectionPool& pool, std::unique_ptr<ByteStream> stream) {
    if (!pool.waiters.empty()) {
        auto* waiter = pool.waiters.front();
        pool.waiters.pop_front();
        waiter->stream = std::move(stream);
        waiter->served = true;
        waiter->bell.ring();
        return;
    }
    pool.idle.push_back({std::move(stream), clock_.monotonic()});
    if (!pool.age_timer) watch_age(pool);
}

// A place is free, without a connection in it.
void ConnectionPools::release(ConnectionPool& pool) {
    if (pool.waiters.empty()) {
        --pool.open;
        return;
    }
    auto* waiter = pool.waiters.front();
    pool.waiters.pop_front();
    waiter->served = true;
    waiter->bell.ring();
}

// One timer for a pool, set for its oldest connection and not moved when that one is used: a busy pool pays
// for it once per idle_timeout.
void ConnectionPools::watch_age(ConnectionPool& pool) {
    auto when = pool.idle.front().since + pool.policy->idle_timeout;
    pool.age_timer = clock_.call_at(when, [this, &pool] { close_old(pool); });
}

void ConnectionPools::close_old(ConnectionPool& pool) {
    auto oldest_allowed = clock_.monotonic() - pool.policy->idle_timeout;
    auto first_young = std::find_if(pool.idle.begin(), pool.idle.end(),
                                    [&](const auto& idle) { return idle.since > oldest_allowed; });
    pool.open -= static_cast<std::size_t>(first_young - pool.idle.begin());
    pool.idle.erase(pool.idle.begin(), first_young);
    if (pool.idle.empty()) {
        pool.age_timer.reset();
        drop_if_empty(pool);
        return;
    }
    watch_age(pool);
}

void ConnectionPools::drop_if_empty(ConnectionPool& pool) {
    if (pool.users == 0 && pool.open == 0) {
        auto found = pools_.find(Before::View{pool.host, pool.port, pool.tls, pool.policy.get()});
        assert(found != pools_.end());
        pools_.erase(found);
    }
}

void ConnectionPools::close_idle() {
    for (auto next = pools_.begin(); next != pools_.end();) {
        auto& pool = *(next++)->second;
        pool.open -= pool.idle.size();
        pool.idle.clear();
        pool.age_timer.reset();
        drop_if_empty(pool);
    }
}

Lease::Lease(ConnectionPools& pools, const Url& url, std::shared_ptr<const ConnectionPolicy> policy)
    : pools_(pools), pool_(pools.at(url, std::move(policy))) {
    ++pool_.users;
}

Lease::~Lease() {
    --pool_.users;
    if (held_) {
        if (stream && keep) {
            pools_.keep(pool_, std::move(stream));
        } else {
            pools_.release(pool_);
        }
    }
    pools_.drop_if_empty(pool_);
}

bool Lease::try_obtain() {
    auto oldest_allowed = pools_.clock_.monotonic() - pool_.policy->idle_timeout;
    while (!pool_.idle.empty()) {
        auto idle = std::move(pool_.idle.back());
        pool_.idle.pop_back();
        if (idle.since > oldest_allowed && idle.stream->usable()) {
            stream = std::move(idle.stream);
            held_ = true;
            return true;
        }
        --pool_.open;
    }
    if (pool_.open >= pool_.bound()) return false;
    ++pool_.open;
    held_ = true;
    return true;
}

void Lease::queue(PoolWaiter& waiter) {
    pool_.waiters.push_back(&waiter);
}

bool Lease::leave_queue(PoolWaiter& waiter) {
    if (!waiter.served) {
        pool_.waiters.remove(&waiter);
        return false;
    }
    held_ = true;
    stream = std::move(waiter.stream);
    keep = true;  // unless it is used: an asker that gave up passes it on
    if (stream && !stream->usable()) stream.reset();
    return true;
}

const std::shared_ptr<const ConnectionPolicy>& Lease::policy() const {
    return pool_.policy;
}

}  // namespace basewatch::net
