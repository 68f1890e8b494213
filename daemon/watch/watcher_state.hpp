#pragma once
// The parts of the sweep: which bases there are and what is known of them (bases.cpp), when and how many at
// once they are asked about (sweep.cpp), what one check comes to (check.cpp), what of it is held back
// (holding.cpp), and how it is kept and told (outcome.cpp).

#include "foundation/bell.hpp"
#include "foundation/task_group.hpp"
#include "foundation/ulid.hpp"
#include "watch/details.hpp"
#include "watch/interval.hpp"
#include "watch/known_base.hpp"
#include "watch/moved.hpp"
#include "watch/schedule.hpp"
#include "watch/settle.hpp"
#include "watch/watcher.hpp"

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

namespace basewatch::watch {

// The bases of one registry. Each registry has a schedule and workers of its own, so that one that hangs, or
// makes us wait, delays no other.
struct Lane {
    explicit Lane(std::uint64_t seed) : schedule(seed) {}
    Schedule schedule;
    std::size_t workers = 0;
    Demand demand;
};

// A check under way, and who else waits for it.
struct RunningCheck {
    std::optional<CheckReport> report;  // none: it was given up
    std::set<Bell*> waiting;
};

// What a good answer adds to a base's state.
struct GoodAnswer {
    CheckReport::Outcome outcome = CheckReport::Outcome::unchanged;
    model::DetectedBy by = model::DetectedBy::poll;
    model::Observation before;
    model::Observation now;
    std::vector<Classified> classified;
    std::vector<std::pair<model::Digest, model::ImageContent>> learnt;
    std::optional<model::Settling> settling;
};

struct Watcher::State {
    State(asio::any_io_executor executor, Clock& clock, registry::RegistryClient& registry,
          store::Store& store, jq::Worker& conditions,
          std::function<void(const std::vector<std::string>&)> committed);

    // --- bases.cpp: the table ---
    Async<Result<void>> use(std::shared_ptr<const WatchTable> table);
    // Adds and removes bases; returns whether one of the known was removed.
    bool take_table(const WatchTable& table);
    // Whether the store knows others than those that are watched.
    Async<Result<bool>> load_states();
    // Null when the base is not, or no longer, watched. Ask again after every wait.
    KnownBase* find(const std::string& name);
    const KnownBase* find(const std::string& name) const;
    Lane& lane_of(const model::Reference& base);
    const Lane* lane_of(const model::Reference& base) const;

    // --- sweep.cpp: when ---
    Async<void> run();
    void start_due(TaskGroup& checks);
    Monotonic next_wake() const;
    Async<void> work(Lane& lane, model::Reference first);
    Async<void> check_all(model::DetectedBy by, std::function<void(std::size_t, CheckReport)> each);
    Async<CheckReport> check_or_join(model::Reference base, model::DetectedBy by);
    bool marks_due() const;
    Async<void> save_marks();

    // --- check.cpp: what one check comes to ---
    Async<CheckReport> check(model::Reference base, model::DetectedBy by);
    // conflict: somebody else wrote this base's state.
    Async<Result<CheckReport>> ask(model::Reference base, model::DetectedBy by);
    Async<Result<CheckReport>> same(model::Reference base, model::DetectedBy by, registry::Pointer pointer);
    Async<Result<CheckReport>> first(model::Reference base, model::DetectedBy by, registry::Pointer pointer);
    Async<Result<CheckReport>> moved(model::Reference base, model::DetectedBy by, registry::Pointer pointer);
    // The new digest's details, from what is held where they are there.
    Async<Result<model::Observation>> details_of(DetailReader& reader, model::Reference base,
                                                 registry::Pointer pointer);
    // Reads what is behind an observation whose digest alone is known; not having it is no failure.
    Async<void> fill_in(DetailReader& reader, model::Observation& observation, model::Reference base);
    Async<Result<void>> reload(model::Reference base);
    // Whether a new digest may be read now, by what the registry lets us pull.
    bool may_wait_for_pulls(KnownBase& known);
    CheckReport wait_for_pulls(const model::Reference& base);

    // --- holding.cpp: what is not told yet ---
    Settlement consider(const model::Reference& base, const KnownBase& known, const model::Observation& seen);
    Async<Result<CheckReport>> hold(model::Reference base, model::DetectedBy by, model::Settling settling);
    // Asked again at `until`, unless it is sooner anyway.
    void hasten(const model::Reference& base, Time until);

    // --- outcome.cpp: keeping and telling ---
    Async<Result<CheckReport>> keep(model::Reference base, GoodAnswer answer);
    CheckReport unchanged(const model::Reference& base, KnownBase& known, const model::Digest& digest);
    Async<CheckReport> fail(model::Reference base, model::DetectedBy by, Error error);
    // The registry answered, and what it has cannot be watched.
    Async<CheckReport> refuse(model::Reference base, model::DetectedBy by, model::Observation observation);
    Async<CheckReport> note_failure(model::Reference base, model::DetectedBy by, Error error, bool answered);
    // A failure that the registry is not to blame for, or none at all: only asked again soon.
    CheckReport try_again(const model::Reference& base, const Error& error);
    Async<void> tell_unreachable(model::Reference base, model::DetectedBy by);
    model::Change change_of(const model::Reference& base, model::ChangeKind kind, model::DetectedBy by);
    void mark_unsaved(KnownBase& known);
    void mark_soon();
    double random01();

    // --- pace.cpp: how often ---
    int turns_of(const KnownBase& known) const;
    // Back in the schedule after a good answer.
    void next_turn(const model::Reference& base, const KnownBase& known);
    // The other tags of its repository are asked soon: many are pushed together.
    void hasten_siblings(const model::Reference& base);
    Supply supply_of(const std::string& registry_name) const;
    void warn_of_slow_registries() const;

    asio::any_io_executor executor;
    Clock& clock;
    registry::RegistryClient& registry;
    store::Store& store;
    jq::Worker& conditions;
    std::function<void(const std::vector<std::string>&)> committed;

    UlidSource ids;
    std::unordered_map<std::string, KnownBase> bases;  // by normalised reference
    std::vector<const std::string*> order;             // of the table; the keys of `bases`
    std::vector<const std::string*> by_name;           // the same in order of names; empty until it is needed
    std::map<std::string, Lane, std::less<>> lanes;    // by registry; a lane stays where it is
    std::map<std::string, std::string> aliases;        // other name → base
    std::shared_ptr<const rules::PlanningTable> planning;
    std::unordered_map<std::string, std::shared_ptr<RunningCheck>> under_way;
    std::optional<Monotonic> marks_since;  // when the oldest unsaved check mark was made
    Bell bell;
    Progress progress;
    std::uint64_t seed;
    std::uint64_t dice;
    bool loaded = false;
    bool running = false;
};

}  // namespace basewatch::watch
