#pragma once
// Names looked up by the system (getaddrinfo), so that /etc/hosts, search domains and all else works as it
// does for every program. The lookups block, so they run on threads of our own, and whoever waits gives a
// slow one up at its deadline. Askers of one name share one lookup; nothing is remembered. Loop thread only;
// the threads inside never touch anything of the loop's once the resolver is gone.

#include "net/resolver.hpp"

#include <functional>
#include <memory>

namespace basewatch::net {

class SystemResolver final : public Resolver {
public:
    // Blocks; called on a lookup thread.
    using Lookup = std::function<Result<std::vector<std::string>>(const std::string& host)>;

    SystemResolver(asio::any_io_executor executor, Clock& clock);
    SystemResolver(asio::any_io_executor executor, Clock& clock, Lookup lookup);
    // Waits for no lookup that is under way.
    ~SystemResolver() override;

    Async<Result<std::vector<std::string>>> resolve(std::string host, Monotonic deadline) override;

private:
    struct Threads;
    struct Asker;
    asio::any_io_executor executor_;
    Clock& clock_;
    std::shared_ptr<Threads> threads_;
};

// getaddrinfo itself.
Result<std::vector<std::string>> look_up(const std::string& host);

}  // namespace basewatch::net
