#include "conformance/servers/server.hpp"
#include "support/process.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace basewatch::test {

namespace {

class Zot : public Server {
public:
    explicit Zot(bool password)
        : password_(password), port_(free_port()), address_("127.0.0.1:" + std::to_string(port_)) {
        nlohmann::json http{{"address", "127.0.0.1"}, {"port", std::to_string(port_)}};
        if (password_)
            http["auth"]["htpasswd"]["path"] =
                folder_.write("htpasswd", htpasswd_line(owner, owners_password));
        nlohmann::json all{
            {"storage", {{"rootDirectory", folder_ / "data"}}}, {"http", http}, {"log", {{"level", "warn"}}}};
        server_ = std::make_unique<Process>(
            std::vector<std::string>{built("zot"), "serve", folder_.write("config.json", all.dump())});
        if (!accepts_connections(port_))
            throw std::runtime_error("zot did not start: " + server_->output() + server_->errors());
    }
    std::string address() const override { return address_; }
    ImagePusher images() const override { return pusher_to(address_, password_); }
    settings::RegistrySettings settings() const override { return settings_for(password_); }
    bool takes_docker() const override { return false; }

private:
    TemporaryFolder folder_;
    bool password_;
    int port_;
    std::string address_;
    std::unique_ptr<Process> server_;
};

}  // namespace

std::unique_ptr<Server> open_zot() {
    return std::make_unique<Zot>(false);
}

std::unique_ptr<Server> zot_with_password() {
    return std::make_unique<Zot>(true);
}

}  // namespace basewatch::test
