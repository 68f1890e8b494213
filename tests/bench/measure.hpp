#pragma once
// Runs a program to its end and says what it cost: time on the wall, processor time of it and of the
// processes that it waited for, and the most memory that was resident.

#include <string>
#include <sys/types.h>
#include <vector>

namespace basewatch::bench {

struct Cost {
    int exit_code = -1;
    double wall = 0;      // seconds
    double cpu = 0;       // seconds
    double peak_mib = 0;  // of the largest single process
    std::string output;   // standard output and standard error
};

// Output goes through a file below `folder`.
Cost measure(const std::vector<std::string>& arguments, const std::string& folder);

// The same of what has to end with 0; throws with its output otherwise.
Cost succeed(const std::vector<std::string>& arguments, const std::string& folder);

// The one in the middle, by wall time.
Cost middle(std::vector<Cost> costs);

// A running process: seconds of processor time so far, and KiB now and at most.
struct Usage {
    double cpu = 0;
    double resident_mib = 0;
    double peak_mib = 0;
};
Usage usage_of(pid_t process);

// Seconds of processor time that this process has taken so far.
double cpu_of_this_process();

// A figure that the daemon tells at /metrics, by the beginning of its line; 0 where there is none.
double metric(const std::string& socket, const std::string& name);

// The most MiB that so many references may keep resident.
double most_resident(std::size_t references);

}  // namespace basewatch::bench
