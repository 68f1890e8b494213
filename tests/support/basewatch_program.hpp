#pragma once
// The real binary, with a folder, a configuration, a state file and a socket of its own.

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::test {

class BasewatchProgram {
public:
    // `configuration` is the YAML below `daemon:`, which is written here (state file and socket in the
    // folder).
    explicit BasewatchProgram(const std::string& configuration);

    std::string config_path() const { return folder_ / "basewatch.yaml"; }
    std::string state_path() const { return folder_ / "state.db"; }
    std::string socket_path() const { return folder_ / "api.sock"; }
    const TemporaryFolder& folder() const { return folder_; }
    void write_configuration(const std::string& configuration) const;
    // As another process finds it in its environment.
    std::map<std::string, std::string> environment;
    // What is run: the program, or one that a test built around it.
    std::string binary = BASEWATCH_BINARY;

    // `run`, until stop() or kill().
    void start();
    bool ready(std::chrono::seconds limit = std::chrono::seconds(20));
    // Exactly so many bases are watched, and what the registry said of each is recorded, without an error.
    bool has_recorded(std::size_t bases) const;
    void reload() const;
    // SIGTERM; the exit code.
    int stop();
    // SIGKILL.
    void kill();
    std::string log() const;
    pid_t id() const { return daemon_->id(); }
    bool running() const { return daemon_->running(); }

    // Any other verb, to its end, with `-c` set.
    Outcome verb(std::vector<std::string> arguments, const std::string& input = "") const;
    // A verb's answer with --json; throws when it is none.
    nlohmann::json json(std::vector<std::string> arguments) const;

private:
    TemporaryFolder folder_;
    std::unique_ptr<Process> daemon_;
    std::string earlier_log_;
};

// The binary without a configuration of ours.
Outcome basewatch(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                  const std::string& input = "");

}  // namespace basewatch::test
