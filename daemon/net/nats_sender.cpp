#include "net/nats_sender.hpp"

#include "net/nats_library.hpp"
#include "net/own_thread.hpp"

#include <algorithm>

namespace basewatch::net {

namespace {

constexpr Milliseconds kept_idle{60'000};
// The library keeps the time that it is given, but for a TLS handshake and a write to a full socket; there
// our hand comes down this much later.
constexpr Milliseconds patience{1'000};

using Opened = Result<std::shared_ptr<NatsConnection>>;

Error stopped() {
    return Error(ErrorKind::cancelled, "stopped while a message was published");
}

}  // namespace

// A target's way to its server.
struct NatsSender::Line {
    explicit Line(const asio::any_io_executor& executor) : settled(executor, Monotonic::max()) {}

    NatsAccess access;
    std::shared_ptr<NatsConnection> connection;
    bool opening = false;
    asio::steady_timer settled;  // cancelled when an opening has ended
    Error failure;               // of the last opening, where it failed
    std::size_t under_way = 0;
    std::unique_ptr<Clock::Timer> idle;
};

NatsSender::NatsSender(asio::any_io_executor executor, Clock& clock, Dialer& dialer)
    : executor_(std::move(executor)), clock_(clock), dialer_(dialer) {}

NatsSender::~NatsSender() = default;

Result<void> NatsSender::usable() {
    return nats_library().usable;
}

std::size_t NatsSender::connections() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(lines_, [](const auto& entry) { return entry.second->connection != nullptr; }));
}

Async<Opened> NatsSender::open_to(NatsServer server, NatsAccess access, Monotonic deadline) {
    auto policy = std::make_shared<ConnectionPolicy>();
    policy->addresses = access.addresses;
    policy->direct = true;
    auto stream = co_await dialer_.connect(Endpoint{server.host, server.port, false, policy, deadline});
    if (!stream) co_return stream.error();
    auto relay = LocalRelay::open(executor_, std::move(*stream));
    if (!relay) co_return relay.error();
    auto connection = std::make_shared<NatsConnection>(*relay);
    bool late = false;
    auto give_up = [&late, connection] {
        late = true;
        connection->break_off();
    };
    auto timer = clock_.call_at(deadline + patience, give_up);
    auto left = std::chrono::ceil<Milliseconds>(deadline - clock_.monotonic());
    std::function<Result<void>()> connect = [connection, &access, &server, left] {
        return connection->connect(access, server.host, left);
    };
    auto connected = co_await on_own_thread(executor_, connect, [connection] { connection->break_off(); });
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped();
    if (late) co_return Error(ErrorKind::timed_out, "NATS: no connection in time");
    if (!connected) co_return connected.error();
    if (!connection->usable()) co_return Error(ErrorKind::unreachable, "NATS: the connection broke at once");
    co_return connection;
}

// One server after the other, each with its share of the time.
Async<Opened> NatsSender::open(NatsAccess access, Monotonic deadline) {
    Error last(ErrorKind::invalid, "no NATS server is named");
    for (std::size_t i = 0; i < access.servers.size(); ++i) {
        auto share = (deadline - clock_.monotonic()) / static_cast<int>(access.servers.size() - i);
        auto opened = co_await open_to(access.servers[i], access, clock_.monotonic() + share);
        if (opened || opened.error().kind() == ErrorKind::cancelled) co_return opened;
        last =
            opened.error().while_doing(access.servers[i].host + ":" + std::to_string(access.servers[i].port));
    }
    co_return last;
}

// What is there, what another message is opening, or a new one.
Async<Opened> NatsSender::connection(std::shared_ptr<Line> line, NatsAccess access, Monotonic deadline) {
    bool waited = line->opening;
    while (line->opening) {
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop) co_return stopped();
        co_await line->settled.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    bool usable = line->connection && line->connection->usable() && line->access == access;
    if (usable) co_return line->connection;
    if (waited && line->access == access) co_return line->failure;
    line->opening = true;
    line->connection.reset();
    line->access = access;
    line->failure = Error(ErrorKind::unreachable, "NATS: the connection could not be opened");
    auto opened = co_await open(std::move(access), deadline);
    if (opened)
        line->connection = *opened;
    else if (opened.error().kind() != ErrorKind::cancelled)
        line->failure = opened.error();
    line->opening = false;
    line->settled.cancel();
    co_return opened;
}

Async<Result<NatsAck>> NatsSender::publish(std::shared_ptr<Line> line, NatsMessage message) {
    auto deadline = clock_.monotonic() + message.timeout;
    auto connection = co_await this->connection(line, message.access, deadline);
    if (!connection) co_return connection.error();
    const auto& held = *connection;
    bool late = false;
    auto timer = clock_.call_at(deadline + patience, [&late, held] {
        late = true;
        held->break_off();
    });
    auto left = std::chrono::ceil<Milliseconds>(deadline - clock_.monotonic());
    std::function<Result<NatsAck>()> work = [held, &message, left] { return held->publish(message, left); };
    auto ack = co_await on_own_thread(executor_, work, [held] { held->break_off(); });
    if (ack) co_return ack;
    // What it said of one message it would say of the next, too; and the library may know of an end that the
    // relay has not seen yet.
    auto kind = ack.error().kind();
    bool for_all = kind == ErrorKind::unauthorized || kind == ErrorKind::unreachable;
    if (line->connection == held && (for_all || !held->usable())) line->connection.reset();
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped();
    if (late) co_return Error(ErrorKind::timed_out, "NATS: the server did not answer in time");
    co_return ack;
}

Async<Result<NatsAck>> NatsSender::send(NatsMessage message) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto there = usable();
    if (!there) co_return there.error();
    auto& entry = lines_[message.target];
    if (!entry) entry = std::make_shared<Line>(executor_);
    auto line = entry;
    ++line->under_way;
    line->idle.reset();
    auto ack = co_await publish(line, std::move(message));
    if (--line->under_way == 0)
        line->idle = clock_.call_at(clock_.monotonic() + kept_idle, [weak = std::weak_ptr<Line>(line)] {
            if (auto held = weak.lock(); held && held->under_way == 0) held->connection.reset();
        });
    co_return ack;
}

}  // namespace basewatch::net
