#pragma once
// The internet on loopback: connections to names and addresses of the world go, without TLS, to a port of
// this machine that the test names. What was not named is unreachable. It keeps the policy of each
// connection, for the guard stands behind the real dialer, which tests of its own prove.

#include "net/byte_stream.hpp"
#include "net/http_message.hpp"

#include <map>
#include <memory>
#include <string>

namespace basewatch::test {

class LoopbackDialer final : public net::Dialer {
public:
    explicit LoopbackDialer(net::Dialer& real) : real_(real) {}

    void lead(const std::string& host, int port) { ports_[host] = port; }
    Async<Result<std::unique_ptr<net::ByteStream>>> connect(const net::Endpoint& endpoint) override {
        auto found = ports_.find(endpoint.host);
        if (found == ports_.end()) co_return Error(ErrorKind::unreachable, "nobody plays " + endpoint.host);
        policies_[endpoint.host] = endpoint.policy;
        net::Endpoint here = endpoint;
        here.host = "127.0.0.1";
        here.port = static_cast<std::uint16_t>(found->second);
        here.tls = false;
        here.policy = std::make_shared<const net::ConnectionPolicy>();
        auto stream = co_await real_.connect(here);
        co_return stream;
    }
    // Of the last connection to this host; null: there was none.
    std::shared_ptr<const net::ConnectionPolicy> policy(const std::string& host) const {
        auto found = policies_.find(host);
        return found == policies_.end() ? nullptr : found->second;
    }

private:
    net::Dialer& real_;
    std::map<std::string, int> ports_;
    std::map<std::string, std::shared_ptr<const net::ConnectionPolicy>> policies_;
};

}  // namespace basewatch::test
