#include "support/basewatch_program.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace basewatch::test {

namespace {

std::vector<std::string> command(const std::string& binary, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), binary);
    return arguments;
}

}  // namespace

Outcome basewatch(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                  const std::string& input) {
    return run(command(BASEWATCH_BINARY, std::move(arguments)), std::move(environment), input);
}

BasewatchProgram::BasewatchProgram(const std::string& configuration) {
    write_configuration(configuration);
}

void BasewatchProgram::write_configuration(const std::string& configuration) const {
    folder_.write("basewatch.yaml", "daemon: {state: \"" + state_path() +
                                        "\", listen: [\"unix:" + socket_path() + "\"]}\n" + configuration);
}

void BasewatchProgram::start() {
    if (daemon_) earlier_log_ += daemon_->errors();
    daemon_ = std::make_unique<Process>(command(binary, {"-c", config_path(), "run", "--log", "text"}),
                                        environment);
}

bool BasewatchProgram::ready(std::chrono::seconds limit) {
    return daemon_->wait_for_output(" ready ", limit);
}

bool BasewatchProgram::has_recorded(std::size_t bases) const {
    auto items = json({"bases"})["items"];
    return items.size() == bases &&
           std::all_of(items.begin(), items.end(), [](const auto& base) { return base["state"] == "ok"; });
}

void BasewatchProgram::reload() const {
    daemon_->signal(SIGHUP);
}

int BasewatchProgram::stop() {
    daemon_->signal(SIGTERM);
    return daemon_->wait();
}

void BasewatchProgram::kill() {
    daemon_->signal(SIGKILL);
    daemon_->wait();
}

std::string BasewatchProgram::log() const {
    return earlier_log_ + (daemon_ ? daemon_->errors() : "");
}

Outcome BasewatchProgram::verb(std::vector<std::string> arguments, const std::string& input) const {
    arguments.insert(arguments.begin(), {"-c", config_path()});
    return run(command(BASEWATCH_BINARY, std::move(arguments)), environment, input);
}

nlohmann::json BasewatchProgram::json(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    auto outcome = verb(arguments);
    auto answer = nlohmann::json::parse(outcome.output, nullptr, false);
    if (answer.is_discarded())
        throw std::runtime_error("no JSON from `" + arguments.front() + "`: " + outcome.errors);
    return answer;
}

}  // namespace basewatch::test
