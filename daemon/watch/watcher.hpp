#pragma once
// The sweep: asks the registries about the bases that are due, decides whether an answer is news, plans what
// follows and has it all recorded in one commit. Nothing else writes observations. Loop thread only.

#include "foundation/async.hpp"
#include "foundation/bytes.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "jq/worker.hpp"
#include "model/change.hpp"
#include "registry/registry_client.hpp"
#include "rules/plan.hpp"
#include "rules/tag_filter.hpp"
#include "store/store.hpp"

#include <cstdint>
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

// What is watched of `tag@digest`: the tag.
inline model::Reference tag_of(const model::Reference& reference) {
    return reference.tag().empty() ? reference : reference.with_tag(reference.tag());
}

// Tags that are watched as they come and go.
struct Pattern {
    Watched each;             // how each of them is checked; `base` is the repository, its tag says nothing
    model::TagChoice tags;    // as it was written
    rules::TagFilter chosen;  // at most most_tags_of_pattern of them
};
inline constexpr std::size_t most_tags_of_pattern = 1000;

// How often the tags of a repository are listed whose bases are checked that often: much more rarely.
Milliseconds list_period(Milliseconds interval);

// What a (re)load decides, shared and never changed.
struct WatchTable {
    std::vector<Watched> bases;
    std::vector<Pattern> patterns;  // a tag belongs to the first that chooses it
    // Bases for which newer versions are wanted, and how often the shortest of them is checked.
    std::vector<model::Reference> newer;
    Milliseconds newer_interval{};
    std::shared_ptr<const rules::PlanningTable> planning;
    // How the registries are asked about all that; null: as before.
    std::shared_ptr<const settings::RegistriesSettings> registries;
};

// A pattern and what it stands for at present.
struct PatternReport {
    model::Reference repository;
    model::TagChoice tags;
    std::vector<model::Reference> bases;
    bool known = false;      // its repository was listed once
    bool idle = false;       // none of the repository's tags fits
    std::size_t listed = 0;  // tags that the repository has, as far as we know
    Time listed_at{};        // the last list that was read to its end; 0: not by this process
    std::optional<Time> next_list{};
    std::string error;  // of the last list; empty when it was good
    std::optional<Time> failing_since{};
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
    // Something else that was told of the same base.
    void add(CheckReport other);
};

class Watcher {
public:
    // `conditions` runs what rules say under `when`. `committed` is called after each commit that holds
    // deliveries, with the names of their targets. `seed` is what turns and back-offs are rolled with.
    Watcher(asio::any_io_executor executor, Clock& clock, registry::RegistryClient& registry,
            store::Store& store, jq::Worker& conditions,
            std::function<void(const std::vector<std::string>& targets)> committed,
            std::uint64_t seed = random_number());
    ~Watcher();

    // Loads states from the store and takes the table; again at each reload, when an error leaves the old one
    // in place. What the state holds of others is forgotten then, or as soon as it can be written.
    Async<Result<void>> use(std::shared_ptr<const WatchTable> table);

    // The daemon's loop: until cancelled, then what is under way is finished or given up within its deadline.
    Async<void> run();

    // Every base of the table once, at once, whatever the schedule and whatever failed before (the `check`
    // verb): first the patterns' repositories are listed, then the bases are asked about. Only where five in
    // a row of one registry brought no answer at all (no connection, or none in time) the rest of its bases
    // fail with the last of them unasked. `each` is given every report when it is there, with its place in
    // the table, what the patterns stand for at the end: 100,000 of them would be large. The table is not to
    // be replaced meanwhile.
    Async<void> check_all(model::DetectedBy by, std::function<void(std::size_t place, CheckReport)> each);
    // One base, now. not_found when it is not watched. Where a pattern is over its repository and somebody
    // asked, or the tag is not known yet, the tags are listed first.
    Async<Result<CheckReport>> check_now(model::Reference base, model::DetectedBy by);

    // In the table's order.
    std::vector<PatternReport> patterns() const;

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
