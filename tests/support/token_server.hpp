#pragma once
// A token server for a real registry (distribution's docs/spec/auth/token.md): signs JSON web tokens with a
// key whose certificate the registry trusts, and counts who asked for what. A thread and a port of its own.

#include "net/http_server.hpp"
#include "support/certificates.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>

namespace basewatch::test {

class TokenServer {
public:
    // Knows one user; what it gives to others is what is public.
    TokenServer(std::string username, std::string password);
    ~TokenServer();

    std::string realm() const { return "http://" + address_ + "/token"; }
    std::string service() const { return "test-registry"; }
    std::string issuer() const { return "test-issuer"; }
    // PEM of the authority that the registry is to trust.
    std::string authority_file() const { return authority_.file(); }

    void make_public(const std::string& repository);
    // A token that may do these actions, as for a push: `pull,push`.
    std::string token(const std::string& repository, const std::string& actions);
    // Answered requests so far.
    std::size_t requests() const { return requests_; }

private:
    Async<net::ServerResponse> answer(net::ServerRequest request);

    std::string username_, password_;
    CertificateAuthority authority_;
    CertificateFiles key_;
    std::set<std::string> public_;  // touched on the server's thread only
    std::atomic<std::size_t> requests_{0};
    asio::io_context loop_{1};
    SystemClock clock_{loop_.get_executor()};
    net::HttpServer server_;
    TaskGroup tasks_{loop_.get_executor()};
    std::string address_;
    std::thread thread_;
};

}  // namespace basewatch::test
