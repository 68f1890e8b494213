#include "net/happy_eyeballs.hpp"

#include "foundation/bell.hpp"
#include "foundation/task_group.hpp"

namespace basewatch::net {

namespace {

using asio::ip::tcp;

// Attempts at several addresses at once; the first that connects wins.
struct Race {
    explicit Race(const asio::any_io_executor& executor) : bell(executor) {}

    Async<void> attempt(const Connect& connect, tcp::endpoint address) {
        auto socket = co_await connect(address);
        --running;
        if (socket && !winner) winner = std::move(*socket);
        // The reason of one that lost because another won is no news.
        if (!socket && socket.error().kind() != ErrorKind::cancelled) last = socket.error();
        bell.ring();
    }

    Bell bell;
    std::size_t running = 0;
    std::optional<tcp::socket> winner;
    Error last{ErrorKind::name_lookup, "the name has no address"};
};

}  // namespace

std::vector<std::string> interleaved(const std::vector<std::string>& addresses,
                                     std::optional<bool> ipv6_first) {
    auto is_ipv6 = [](const std::string& address) { return address.find(':') != std::string::npos; };
    std::vector<std::string> families[2];
    for (const auto& address : addresses) families[is_ipv6(address) ? 1 : 0].push_back(address);
    if (addresses.empty()) return {};
    std::size_t first = ipv6_first.value_or(is_ipv6(addresses.front())) ? 1 : 0;
    std::vector<std::string> out;
    for (std::size_t i = 0; out.size() < addresses.size(); ++i) {
        if (i < families[first].size()) out.push_back(families[first][i]);
        if (i < families[1 - first].size()) out.push_back(families[1 - first][i]);
    }
    return out;
}

Async<Result<tcp::socket>> connect_to_first(asio::any_io_executor executor,
                                            std::vector<tcp::endpoint> addresses, Clock& clock,
                                            Monotonic deadline, Connect connect) {
    Race race(executor);
    TaskGroup attempts(executor);
    bool asked_to_stop = false;
    std::size_t begun = 0;
    while (!race.winner && !asked_to_stop && (begun < addresses.size() || race.running > 0)) {
        auto wake = deadline + stagger;  // every attempt ends by itself at the deadline
        if (begun < addresses.size()) {
            ++race.running;
            attempts.start("connecting", race.attempt(connect, addresses[begun++]));
            if (begun < addresses.size()) wake = clock.monotonic() + stagger;
        }
        bool rung = co_await race.bell.wait_until(clock, wake);
        asked_to_stop = !rung;
    }
    attempts.cancel();
    co_await attempts.wait();
    if (asked_to_stop) co_return Error(ErrorKind::cancelled, "stopped while connecting");
    if (!race.winner) co_return race.last;
    co_return std::move(*race.winner);
}

}  // namespace basewatch::net
