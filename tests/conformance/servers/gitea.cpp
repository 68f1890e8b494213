#include "conformance/servers/server.hpp"
#include "support/process.hpp"

#include <sstream>
#include <stdexcept>

namespace basewatch::test {

namespace {

// Tokens for everybody who asks, private packages for their owner alone.
class Gitea : public Server {
public:
    Gitea() : port_(free_port()), address_("127.0.0.1:" + std::to_string(port_)) {
        write_configuration();
        must({"migrate"});
        must({"admin", "user", "create", "--username", owner, "--password", owners_password, "--email",
              "poller@example.com", "--must-change-password=false"});
        server_ = std::make_unique<Process>(command({"web"}), environment());
        if (!accepts_connections(port_))
            throw std::runtime_error("Gitea did not start: " + server_->output() + server_->errors());
    }
    std::string address() const override { return address_; }
    ImagePusher images() const override { return pusher_to(address_, true); }
    settings::RegistrySettings settings() const override { return settings_for(true); }
    std::string repository() const override { return std::string(owner) + "/base"; }

private:
    void write_configuration() {
        std::ostringstream text;
        text << "RUN_MODE = prod\nI_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\n"
             << "[server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = " << port_ << "\nROOT_URL = http://" << address_
             << "/\nDISABLE_SSH = true\nOFFLINE_MODE = true\nSTATIC_ROOT_PATH = " << built("gitea-files")
             << "\n[database]\nDB_TYPE = sqlite3\nPATH = " << folder_ / "gitea.db"
             << "\n[security]\nINSTALL_LOCK = true\nSECRET_KEY = a-key-of-a-test\n"
             << "PASSWORD_HASH_ALGO = pbkdf2_v1\n[log]\nMODE = console\nLEVEL = warn\n"
             << "[service]\nDISABLE_REGISTRATION = true\nDEFAULT_USER_VISIBILITY = private\n"
             << "[service.explore]\nREQUIRE_SIGNIN_VIEW = true\n[cron]\nENABLED = false\n";
        folder_.write("app.ini", text.str());
    }
    std::vector<std::string> command(const std::vector<std::string>& arguments) const {
        std::vector<std::string> all{built("gitea"), "--config", folder_ / "app.ini", "--work-path",
                                     folder_ / "data"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }
    std::map<std::string, std::string> environment() const { return {{"HOME", folder_ / ""}}; }
    void must(const std::vector<std::string>& arguments) const {
        auto outcome = run(command(arguments), environment());
        if (outcome.exit_code != 0)
            throw std::runtime_error("gitea " + arguments[0] + " failed: " + outcome.errors + outcome.output);
    }

    TemporaryFolder folder_;
    int port_;
    std::string address_;
    std::unique_ptr<Process> server_;
};

}  // namespace

std::unique_ptr<Server> gitea() {
    return std::make_unique<Gitea>();
}

}  // namespace basewatch::test
