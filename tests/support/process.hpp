#pragma once
// A program that a test starts, talks to and stops, by process id. Its output goes to files in a folder of
// its own.

#include "support/temporary_folder.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace basewatch::test {

struct Outcome {
    int exit_code = -1;  // 128 + signal when it was killed
    std::string output;
    std::string errors;
};

class Process {
public:
    // Starts `arguments[0]` (found through PATH) with `environment` on top of ours.
    explicit Process(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                     std::string input = "");
    // SIGKILL if it still runs, and waits for it.
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t id() const { return id_; }
    void signal(int number) const;
    bool running();
    // Its exit code; kills it and gives up with an exception when it has not ended by then.
    int wait(std::chrono::seconds limit = std::chrono::seconds(30));
    std::string output() const;
    std::string errors() const;
    // Waits until its standard output, or its standard error, holds `text`.
    bool wait_for_output(const std::string& text, std::chrono::seconds limit = std::chrono::seconds(20));

private:
    TemporaryFolder folder_;
    pid_t id_ = -1;
    std::optional<int> exit_code_;
};

// Runs a program to its end.
Outcome run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
            std::string input = "", std::chrono::seconds limit = std::chrono::seconds(60));

// Asks again until `done` says yes or the time is up; false then. For what another process does.
bool eventually(const std::function<bool()>& done, std::chrono::seconds limit = std::chrono::seconds(20));

// A TCP port on 127.0.0.1 that was free a moment ago.
int free_port();
// Waits until something accepts connections there.
bool accepts_connections(int port, std::chrono::seconds limit = std::chrono::seconds(20));

}  // namespace basewatch::test
