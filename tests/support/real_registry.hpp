#pragma once
// Debian's docker-registry on a free loopback port, with a folder of its own: open, behind a password, behind
// a token server, with or without TLS. Stopped by its process id.

#include "settings/registry_settings.hpp"
#include "support/certificates.hpp"
#include "support/image_pusher.hpp"
#include "support/process.hpp"
#include "support/token_server.hpp"

#include <memory>
#include <string>

namespace basewatch::test {

class RealRegistry {
public:
    enum class Access { open, password, token };
    struct Options {
        Access access = Access::open;
        bool tls = false;
        std::string program = "docker-registry";  // or another build of distribution
        std::string cache_of{};                   // the address of a registry: a pull-through cache
    };
    RealRegistry();
    explicit RealRegistry(const Options& options);
    ~RealRegistry();
    RealRegistry(const RealRegistry&) = delete;
    RealRegistry& operator=(const RealRegistry&) = delete;

    // As references and settings name it: `127.0.0.1:41234`.
    const std::string& address() const { return address_; }
    std::string url() const;
    std::string reference(const std::string& repository, const std::string& tag) const;
    static std::string username() { return "poller"; }
    static std::string password() { return "s3cret-of-poller"; }
    // The authority behind its certificate.
    std::string ca_file() const { return authority_.file(); }
    // What a client needs to read everything in it.
    settings::RegistrySettings settings() const;
    TokenServer& tokens() { return *tokens_; }

    // With what is needed to write.
    ImagePusher pusher() const;
    model::Digest push(const std::string& repository, const std::string& tag, const Built& built);

    // With every tag that points to it.
    void remove(const std::string& repository, const model::Digest& manifest);

    model::Digest push_with_tools(const std::string& repository, const std::string& tag,
                                  const ToolImage& image = {});

    // Requests in its access log: of this method, whose target begins like this.
    std::size_t count(const std::string& method, const std::string& target) const;

    // SIGKILL; and again with the same data and port.
    void stop();
    void start();

private:
    void write_configuration(const Options& options);

    Options options_;
    TemporaryFolder folder_;
    CertificateAuthority authority_;
    std::unique_ptr<TokenServer> tokens_;
    int port_;
    std::string address_;
    std::unique_ptr<Process> server_;
    std::string earlier_log_;
};

}  // namespace basewatch::test
