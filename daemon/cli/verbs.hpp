#pragma once
// The verbs: each a function of its options that returns the exit code. Tables for people on standard output,
// JSON with
// --json, everything that went wrong on standard error.

#include <optional>
#include <string>
#include <vector>

namespace basewatch::cli {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int wrong_usage = 2;
inline constexpr int something_changed = 3;

// Options that every verb takes.
struct Common {
    std::string config = "/etc/basewatch/basewatch.yaml";
    std::string
        socket;  // of a running daemon; empty: the first Unix socket of the configuration, else the default
    bool json = false;
};

int run(const Common& common, const std::string& log_format, bool verbose);
int check(const Common& common, const std::vector<std::string>& references, bool fail_on_change);
int resolve(const Common& common, const std::string& reference, const std::string& platform);
int validate(const Common& common);
int test(const Common& common, const std::string& target, bool yes);
int simulate(const Common& common, const std::string& reference, const std::string& kind);
int verify(const Common& common, const std::string& secret_file, std::int64_t now);
int presets(const Common& common, const std::string& name);

int status(const Common& common, bool registries);
int bases(const Common& common, const std::string& reference);
int changes(const Common& common, const std::string& reference, std::size_t limit);
int deliveries(const Common& common, const std::string& target, const std::string& state,
               const std::string& reason, std::size_t limit);
int rebuilds(const Common& common, const std::string& dependent, std::size_t limit);
int rules(const Common& common);
int targets(const Common& common);
int explain(const Common& common, const std::string& what);
int check_now(const Common& common, const std::string& reference);
// `what` is `pause` or `resume`.
int steer(const Common& common, const std::string& what, const std::string& subject);
int retry(const Common& common, const std::string& delivery);
// Times are RFC 3339, or how long ago: `2h`.
struct ReplayOptions {
    std::string since, until, target, change, delivery;
    std::vector<std::string> states;
    bool dry_run = false, yes = false;
};
int replay(const Common& common, const ReplayOptions& options);
int mute(const Common& common, const std::string& subject, const std::string& until);
int rebuild(const Common& common, const std::string& dependent, const std::string& base,
            const std::string& reason);

}  // namespace basewatch::cli
