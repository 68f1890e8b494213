#pragma once
// Docker Hub without a network: registry and token server, with the limits of docker_hub.json enforced by the
// virtual clock. Counts what it refused, and what each address was left with.

#include "foundation/clock.hpp"
#include "net/http_transport.hpp"
#include "support/registry_script.hpp"

#include <cstdint>
#include <deque>
#include <string>

namespace basewatch::test {

struct HubLimits {
    std::int64_t pulls = 0;
    std::chrono::seconds pulls_window{};
    std::int64_t requests = 0;
    std::chrono::seconds requests_window{};
    int token_seconds = 0;
};
// Throws std::runtime_error for what is no such file.
HubLimits read_hub_limits(const std::string& path);

class VirtualHub final : public net::HttpTransport {
public:
    VirtualHub(const Clock& clock, const HubLimits& limits);

    Async<Result<net::HttpResponse>> send(net::HttpRequest request) override;

    // Where the images are.
    RegistryScript& content() { return content_; }
    // Somebody else at the same address pulls an image: index and manifest.
    void owner_pulls();

    struct Seen {
        std::uint64_t heads = 0, pulls = 0, tokens = 0;
        std::uint64_t refused = 0;        // 429, whoever was refused
        std::uint64_t owner_refused = 0;  // of them
        std::int64_t most_pulled = 0;     // by the watcher, within the window
        std::int64_t most_requests = 0;   // within the window of the abuse limit
    };
    const Seen& seen() const { return seen_; }

private:
    // Room for one more, taken; false where there is none.
    bool pull(Monotonic now);
    std::int64_t left(Monotonic now);
    bool request(Monotonic now);
    net::HttpResponse answer(const net::HttpRequest& request);

    const Clock& clock_;
    HubLimits limits_;
    RegistryScript content_;
    std::deque<Monotonic> pulls_, own_pulls_, requests_;
    Seen seen_;
};

}  // namespace basewatch::test
