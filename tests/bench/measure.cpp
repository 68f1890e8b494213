#include "bench/measure.hpp"

#include "support/blocking_http.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace basewatch::bench {

namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double kib_field(const std::string& text, const std::string& name) {
    auto at = text.find("\n" + name + ":");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
}

[[noreturn]] void execute(const std::vector<std::string>& arguments, const std::string& output) {
    int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int nothing = open("/dev/null", O_RDONLY);
    if (file < 0 || dup2(nothing, 0) < 0 || dup2(file, 1) < 0 || dup2(file, 2) < 0) _exit(126);
    std::vector<char*> raw;
    for (const auto& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    execvp(raw[0], raw.data());
    _exit(127);
}

}  // namespace

Cost measure(const std::vector<std::string>& arguments, const std::string& folder) {
    std::string output = folder + "/output";
    auto start = std::chrono::steady_clock::now();
    pid_t child = fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) execute(arguments, output);
    int status = 0;
    rusage used{};
    if (wait4(child, &status, 0, &used) != child) throw std::runtime_error("cannot wait for " + arguments[0]);
    Cost cost;
    cost.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    cost.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    cost.cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
    cost.peak_mib = static_cast<double>(used.ru_maxrss) / 1024;
    cost.output = test::read_file(output);
    return cost;
}

Cost succeed(const std::vector<std::string>& arguments, const std::string& folder) {
    auto cost = measure(arguments, folder);
    if (cost.exit_code != 0)
        throw std::runtime_error(arguments[0] + " ended with " + std::to_string(cost.exit_code) + ": " +
                                 cost.output.substr(0, 2000));
    return cost;
}

Cost middle(std::vector<Cost> costs) {
    std::sort(costs.begin(), costs.end(), [](const Cost& a, const Cost& b) { return a.wall < b.wall; });
    return costs[costs.size() / 2];
}

double cpu_of_this_process() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Usage usage_of(pid_t process) {
    std::string folder = "/proc/" + std::to_string(process);
    Usage usage;
    std::string status = test::read_file(folder + "/status");
    usage.resident_mib = kib_field(status, "VmRSS") / 1024;
    usage.peak_mib = kib_field(status, "VmHWM") / 1024;
    // proc(5): the name in brackets may hold anything, what follows are words; user and system time are the
    // 12th and 13th of them.
    std::string text = test::read_file(folder + "/stat");
    std::istringstream words(text.substr(text.rfind(')') + 1));
    std::string word;
    double ticks = 0;
    for (int at = 1; words >> word && at <= 13; ++at)
        if (at >= 12) ticks += std::stod(word);
    usage.cpu = ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    return usage;
}

double metric(const std::string& socket, const std::string& name) {
    std::string told = test::http_over(socket, "GET", "/metrics").body;
    auto at = told.find("\n" + name);
    auto end = told.find('\n', at + 1);
    if (at == std::string::npos) return 0;
    std::string line = told.substr(at + 1, end - at - 1);
    return std::stod(line.substr(line.rfind(' ')));
}

double most_resident(std::size_t references) {
    if (references <= 1'000) return 24;
    return references <= 5'000 ? 32 : 120;
}

}  // namespace basewatch::bench
