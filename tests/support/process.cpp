#include "support/process.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace basewatch::test {

namespace {

using Steady = std::chrono::steady_clock;

int exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

void open_as(const std::string& path, int flags, int descriptor) {
    int file = ::open(path.c_str(), flags, 0600);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
}

}  // namespace

Process::Process(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                 std::string input) {
    std::string input_path = folder_.write("input", input);
    std::string output_path = folder_.write("output", "");
    std::string errors_path = folder_.write("errors", "");
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        std::string text = *variable;
        if (!environment.contains(text.substr(0, text.find('=')))) variables.push_back(text);
    }
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    std::vector<char*> raw_arguments, raw_variables;
    for (auto& argument : arguments) raw_arguments.push_back(argument.data());
    for (auto& variable : variables) raw_variables.push_back(variable.data());
    raw_arguments.push_back(nullptr);
    raw_variables.push_back(nullptr);
    pid_t parent = getpid();
    id_ = fork();
    if (id_ < 0) throw std::runtime_error("cannot fork");
    if (id_ == 0) {
        // A test that is killed takes its programs with it.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(126);
        open_as(input_path, O_RDONLY, 0);
        open_as(output_path, O_WRONLY | O_APPEND, 1);
        open_as(errors_path, O_WRONLY | O_APPEND, 2);
        execvpe(raw_arguments[0], raw_arguments.data(), raw_variables.data());
        _exit(127);
    }
}

Process::~Process() {
    if (!running()) return;
    kill(id_, SIGKILL);
    int status = 0;
    waitpid(id_, &status, 0);
}

void Process::signal(int number) const {
    if (!exit_code_) kill(id_, number);
}

bool Process::running() {
    if (exit_code_) return false;
    int status = 0;
    if (waitpid(id_, &status, WNOHANG) != id_) return true;
    exit_code_ = exit_code_of(status);
    return false;
}

int Process::wait(std::chrono::seconds limit) {
    if (!eventually([this] { return !running(); }, limit)) {
        std::string text = errors();
        kill(id_, SIGKILL);
        throw std::runtime_error("a program did not end in time; its standard error: " + text);
    }
    return *exit_code_;
}

std::string Process::output() const {
    return read_file(folder_ / "output");
}
std::string Process::errors() const {
    return read_file(folder_ / "errors");
}

bool Process::wait_for_output(const std::string& text, std::chrono::seconds limit) {
    auto said = [&] {
        return output().find(text) != std::string::npos || errors().find(text) != std::string::npos;
    };
    return eventually([&] { return said() || !running(); }, limit) && said();
}

Outcome run(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
            std::string input, std::chrono::seconds limit) {
    Process process(std::move(arguments), std::move(environment), std::move(input));
    int code = process.wait(limit);
    return {code, process.output(), process.errors()};
}

bool eventually(const std::function<bool()>& done, std::chrono::seconds limit) {
    auto until = Steady::now() + limit;
    for (;;) {
        if (done()) return true;
        if (Steady::now() >= until) return false;
        poll(nullptr, 0, 10);  // another process's progress has no event of ours
    }
}

int free_port() {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    if (descriptor < 0 || bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::runtime_error("no free port");
    close(descriptor);
    return ntohs(address.sin_port);
}

bool accepts_connections(int port, std::chrono::seconds limit) {
    return eventually(
        [port] {
            int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            sockaddr_in address = loopback(port);
            bool connected = connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
            close(descriptor);
            return connected;
        },
        limit);
}

}  // namespace basewatch::test
