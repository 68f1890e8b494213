#pragma once
// squid as the proxy of a network: plain requests and CONNECT, with or without a user and a password, spoken
// to by TLS where it has a certificate, and with host names that it alone knows. Stopped by its process id.

#include "support/certificates.hpp"
#include "support/process.hpp"

#include <memory>
#include <optional>
#include <string>

namespace basewatch::test {

class ForwardProxy {
public:
    // `hosts`: lines of /etc/hosts.
    explicit ForwardProxy(const std::string& hosts = "", bool asks_for_password = false,
                          const std::optional<CertificateFiles>& certificate = std::nullopt);
    ~ForwardProxy();

    static std::string username() { return "poller"; }
    static std::string password() { return "s3cret-of-the-proxy"; }
    // `http://127.0.0.1:port` (`https` where it has a certificate), with `login` (`user:password`) in it
    // where there is one.
    std::string address(const std::string& login = "") const;
    // Requests in its access log that begin like this: `CONNECT registry.test`.
    std::size_t count(const std::string& request) const;

private:
    TemporaryFolder folder_;
    int port_ = free_port();
    bool tls_ = false;
    std::unique_ptr<Process> server_;
};

}  // namespace basewatch::test
