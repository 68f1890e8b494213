#pragma once
// The sweep: asks the registries about the bases that are due, decides whether an answer is news, plans what
// follows and has it all recorded in one commit. Nothing else writes observations. Loop thread only.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "jq/worker.hpp"
#include "model/change.hpp"
#include "registry/registry_client.hpp"
#include "rules/plan.hpp"
#include "store/store.hpp"

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::watch {

// Platforms, shared by all that have the same: of 100,000 bases most have.
class SharedPlatforms {
public:
    SharedPlatforms() = default;
    SharedPlatforms(std::vector<model::Platform> platforms)
        : platforms_(std::make_shared<const std::vector<model::Platform>>(std::move(platforms))) {}
    SharedPlatforms(std::initializer_list<model::Platform> platforms)
        : SharedPlatforms(std::vector<model::Platform>(platforms)) {}
    const std::vector<model::Platform>& all() const {
        static const std::vector<model::Platform> none;
        return platforms_ ? *platforms_ : none;
    }

private:
    std::shared_ptr<const std::vector<model::Platform>> platforms_;
};

// One base as configured.
struct Watched {
    model::Reference base;
    Milliseconds interval{};
    SharedPlatforms platforms;  // none: all
    std::vector<std::string> ignore_labels;
    int unreachable_after = 4;
    Milliseconds settle{};        // how long a change must stand before it is told
    bool exact_interval = false;  // the interval is this base's own: it is never slowed
};

// What a (re)load decides, shared and never changed.
struct WatchTable {
    std::vector<Watched> bases;
    std::shared_ptr<const rules::PlanningTable> planning;
};

// What one check came to, for the `check` verb's table and for `check-now`.
struct CheckReport {
    enum class Outcome { baseline, unchanged, held, changed, failed };
    model::Reference base;
    Outcome outcome = Outcome::unchanged;
    model::Digest before;
    model::Digest after;
    std::vector<model::Change> changes;
    std::size_t deliveries = 0;
    std::string error;                              // of failed
    ErrorKind error_kind = ErrorKind::unreachable;  // of failed
    Time held_until{};                              // of held
    std::string held_because;
};

class Watcher {
public:
    // `conditions` runs what rules say under `when`. `committed` is called after each commit that holds
    // deliveries, with the names of their targets.
    Watcher(asio::any_io_executor executor, Clock& clock, registry::RegistryClient& registry,
            store::Store& store, jq::Worker& conditions,
            std::function<void(const std::vector<std::string>& targets)> committed);
    ~Watcher();

    // Loads states from the store and takes the table; again at each reload.
    Async<Result<void>> use(std::shared_ptr<const WatchTable> table);

    // The daemon's loop: until cancelled, then what is under way is finished or given up within its deadline.
    Async<void> run();

    // Every base of the table once, at once, whatever the schedule and whatever failed before (the `check`
    // verb). Only where five in a row of one registry brought no answer at all (no connection, or none in
    // time) the rest of its bases fail with the last of them unasked. `each` is given every report when it is
    // there, with its place in the table: 100,000 of them would be large. The table is not to be replaced
    // meanwhile.
    Async<void> check_all(model::DetectedBy by, std::function<void(std::size_t place, CheckReport)> each);
    // One base, now. not_found when it is not watched.
    Async<Result<CheckReport>> check_now(model::Reference base, model::DetectedBy by);

    // The states as they are in memory, newer than the store by at most a minute of check marks.
    std::vector<model::BaseState> states() const;
    std::optional<model::BaseState> state(const model::Reference& base) const;
    // The base that this reference means: itself, or the one it is an alias of.
    std::optional<model::Reference> watched_as(const model::Reference& reference) const;
    // When each base is due next, wall time.
    std::optional<Time> next_check(const model::Reference& base) const;

    struct Progress {
        std::uint64_t checks = 0, failures = 0, changes = 0;
        Time last_check{};
        std::size_t due_now = 0;
        std::size_t watched = 0;    // bases
        std::size_t failing = 0;    // bases whose last check failed
        std::size_t under_way = 0;  // checks at this moment
    };
    Progress progress() const;

    // How often the bases of a registry are to be asked, and can be.
    struct Pace {
        std::size_t bases = 0;
        Milliseconds interval{};   // the shortest that is configured
        Milliseconds effective{};  // what comes of it
    };
    // By registry.
    std::map<std::string, Pace> paces() const;
    // How often a base is asked at present: what never moves more rarely than configured.
    Milliseconds asked_every(const model::Reference& base) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace basewatch::watch
