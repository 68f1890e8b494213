#include "conformance/servers/server.hpp"
#include "support/real_registry.hpp"

namespace basewatch::test {

namespace {

class Distribution3 : public Server {
public:
    explicit Distribution3(RealRegistry::Access access)
        : server_({.access = access, .program = built("distribution_3")}) {}
    std::string address() const override { return server_.address(); }
    ImagePusher images() const override { return server_.pusher(); }
    settings::RegistrySettings settings() const override { return server_.settings(); }
    bool deletes_tags() const override { return false; }

private:
    RealRegistry server_;
};

}  // namespace

std::unique_ptr<Server> open_distribution_3() {
    return std::make_unique<Distribution3>(RealRegistry::Access::open);
}

std::unique_ptr<Server> distribution_3_with_password() {
    return std::make_unique<Distribution3>(RealRegistry::Access::password);
}

std::unique_ptr<Server> distribution_3_with_token() {
    return std::make_unique<Distribution3>(RealRegistry::Access::token);
}

}  // namespace basewatch::test
