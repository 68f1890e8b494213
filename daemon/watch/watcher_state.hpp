#pragma once
// The parts of the sweep: which bases there are and what is known of them (bases.cpp), when and how many at
// once they are asked about (sweep.cpp), what one check comes to (check.cpp), what of it is held back
// (holding.cpp), and how it is kept and told (outcome.cpp); which tags the patterns stand for (patterns.cpp),
// and what a list of tags comes to (listing.cpp).

#include "foundation/bell.hpp"
#include "foundation/task_group.hpp"
#include "foundation/ulid.hpp"
#include "watch/deletion.hpp"
#include "watch/details.hpp"
#include "watch/hastening.hpp"
#include "watch/interval.hpp"
#include "watch/known_base.hpp"
#include "watch/moved.hpp"
#include "watch/schedule.hpp"
#include "watch/settle.hpp"
#include "watch/tag_news.hpp"
#include "watch/watcher.hpp"

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

namespace basewatch::watch {

// Hands out one object for equal settings. Neighbours in a table mostly have the same.
class SharedSettings {
public:
    std::shared_ptr<const CheckSettings> of(const Watched& watched) {
        if (!last_ || !same(*last_, watched)) {
            CheckSettings settings{watched.interval,      watched.platforms.all(),
                                   watched.ignore_labels, watched.unreachable_after,
                                   watched.settle,        watched.exact_interval};
            last_ = shared_[settings];
            if (!last_) last_ = shared_[settings] = std::make_shared<const CheckSettings>(settings);
        }
        return last_;
    }

private:
    static bool same(const CheckSettings& settings, const Watched& watched) {
        return settings.interval == watched.interval && settings.platforms == watched.platforms.all() &&
               settings.ignore_labels == watched.ignore_labels &&
               settings.unreachable_after == watched.unreachable_after && settings.settle == watched.settle &&
               settings.exact_interval == watched.exact_interval;
    }

    std::map<CheckSettings, std::shared_ptr<const CheckSettings>> shared_;
    std::shared_ptr<const CheckSettings> last_;
};

// The bases of one registry. Each registry has a schedule and workers of its own, so that one that hangs, or
// makes us wait, delays no other.
struct Lane {
    explicit Lane(std::uint64_t seed) : schedule(seed), lists(seed) {}
    Schedule schedule;
    std::size_t workers = 0;
    std::map<Milliseconds, std::size_t> intervals;  // and how many bases have each
    Schedule lists;  // of repositories whose tags are listed, as references to `latest`
    std::size_t listers = 0;

    Demand demand() const;
    // A base of this interval is not watched any more.
    void leave(Milliseconds interval);
};

// A repository whose tags are listed.
struct Listing {
    model::Reference repository;            // to `latest`, as in the schedule
    std::vector<std::int32_t> patterns;     // of the table
    std::vector<std::string> named;         // the tags for which newer ones are wanted
    std::vector<const std::string*> found;  // keys of `bases`: what the patterns stand for
    std::set<std::int32_t> idle;            // the patterns that no tag of the list fits, where it has any
    bool known = false;                     // it was listed once, by whichever process
    std::size_t tags = 0;                   // that it is known with
    Time listed_at{};                       // by this process; 0: not yet
    Time short_since{};                     // lists have been too short since then; 0: they are not
    int unseen = 0;                         // lists in a row with new tags that could not all be looked at
    int failures = 0;                       // in a row
    Time failing_since{};
    std::string error;
    Monotonic held_until{};  // the registry asked us to wait
};

// A base that a pattern stands for.
struct Found {
    Watched base;
    std::int32_t pattern = -1;
};

// What the table's patterns find among these tags of one repository; a tag belongs to the first. `idle`
// becomes those that find none, where there is a tag.
std::vector<Found> found_among(const WatchTable& table, const Listing& listing,
                               const std::vector<std::string>& tags, std::set<std::int32_t>* idle = nullptr);

// A tag that appeared, as it was answered.
struct SeenTag {
    model::Observation observation;
    std::vector<std::pair<model::Digest, model::ImageContent>> learnt;
};
struct SeenTags {
    std::map<std::string, SeenTag> tags;
    std::set<std::string> unseen;  // could not be looked at
    bool more = false;             // there were too many for one round
    bool refused = false;          // the registry does not want to be asked now
};

// What is told of findings after they were committed.
struct Told {
    std::vector<model::Change> changes;
    std::map<std::string, std::size_t> deliveries;  // by change
    std::set<std::string> targets;
    void add(const store::Finding& finding);
};

// A check under way, and who else waits for it.
struct RunningCheck {
    std::optional<CheckReport> report;  // none: it was given up
    std::set<Bell*> waiting;
};

// Rings for everybody who joined a check, however it ends.
class RunningGuard {
public:
    RunningGuard(std::unordered_map<std::string, std::shared_ptr<RunningCheck>>& all, std::string name)
        : all_(all), name_(std::move(name)), running_(std::make_shared<RunningCheck>()) {
        all_.emplace(name_, running_);
    }
    RunningGuard(const RunningGuard&) = delete;
    RunningGuard& operator=(const RunningGuard&) = delete;
    ~RunningGuard() {
        all_.erase(name_);
        for (auto* bell : running_->waiting) bell->ring();
    }
    void finish(const CheckReport& report) { running_->report = report; }

private:
    std::unordered_map<std::string, std::shared_ptr<RunningCheck>>& all_;
    std::string name_;
    std::shared_ptr<RunningCheck> running_;
};

// Counts a worker of a lane until it ends.
class WorkerCount {
public:
    // Of those that were counted when it was started.
    WorkerCount(std::size_t& workers, Bell& bell) : workers_(workers), bell_(bell) {}
    WorkerCount(const WorkerCount&) = delete;
    WorkerCount& operator=(const WorkerCount&) = delete;
    ~WorkerCount() {
        --workers_;
        bell_.ring();
    }

private:
    std::size_t& workers_;
    Bell& bell_;
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

// Lists are long and rare: no registry is asked for more of them at once.
inline constexpr std::size_t lists_per_registry = 2;

// Puts a plan into a finding.
void add_plan(store::Finding& finding, rules::Plan plan);

struct Watcher::State {
    State(asio::any_io_executor executor, Clock& clock, registry::RegistryClient& registry,
          store::Store& store, jq::Worker& conditions,
          std::function<void(const std::vector<std::string>&)> committed, std::uint64_t seed);

    // --- bases.cpp: the table ---
    Async<Result<void>> use(std::shared_ptr<const WatchTable> table);
    // What is not watched any more has no state. Owed while that cannot be written.
    Async<void> forget_others();
    void owe_forgetting(const Error& error);
    // Adds and removes bases; returns whether one of the known was removed.
    bool take_bases(const WatchTable& next, const std::vector<Found>& found);
    // Adds the base, or gives it these settings.
    std::pair<const std::string, KnownBase>& put_base(const Watched& watched);
    void take_listings(std::map<std::string, Listing> next);
    void schedule_all();
    // What is asked of each registry, and how many tags of each repository: of a whole table. When some come
    // or go later, it is kept right by what they are, for there may be 100,000 others.
    void count_bases();
    std::vector<model::Reference> watched() const;
    // Whether the store knows others than those that are watched.
    Async<Result<bool>> load_states();
    // Null when the base is not, or no longer, watched. Ask again after every wait.
    KnownBase* find(const std::string& name);
    const KnownBase* find(const std::string& name) const;
    Lane& lane_of(const model::Reference& base);
    const Lane* lane_of(const model::Reference& base) const;

    // --- patterns.cpp: tags that come and go ---
    // What is listed for a table, with what is known of it so far.
    std::map<std::string, Listing> listings_of(const WatchTable& next) const;
    // What its patterns stand for, by the lists that are remembered.
    Async<Result<std::vector<Found>>> find_bases(std::shared_ptr<const WatchTable> next,
                                                 std::map<std::string, Listing>& next_listings);
    Listing* listing_of(const std::string& repository);
    // Also by an alias of a pattern; empty where nothing is listed.
    std::string listed_repository(const model::Reference& reference) const;
    // Watches what is found among these tags, and leaves what no pattern stands for any more.
    void adopt(Listing& listing, const std::vector<std::string>& tags);
    // The bases that adopt() would leave.
    std::vector<model::Reference> unfound(const Listing& listing, const std::vector<std::string>& tags) const;
    void leave(const std::string& name);
    // After tags of it came or went.
    void recount(const model::Reference& repository);

    // --- listing.cpp: what a list comes to ---
    void start_lists(TaskGroup& checks, Lane& lane, Monotonic now);
    Async<void> list_due(Lane& lane, model::Reference repository);
    // The reports of what it told. Somebody who comes while it is under way waits for it, and has none.
    Async<std::vector<CheckReport>> list_or_join(std::string repository, model::DetectedBy by);
    Async<std::vector<CheckReport>> list_all(model::DetectedBy by);
    Async<std::vector<CheckReport>> list(std::string repository, model::DetectedBy by);
    Async<Result<std::vector<CheckReport>>> keep_list(std::string repository, registry::TagList listed,
                                                      model::DetectedBy by);
    // Awaits what changes a list in the state. Meanwhile no table is taken up, and nothing forgotten, by what
    // was read before.
    Async<Result<void>> record_list(Async<Result<void>> recording);
    void note_list_failure(Listing& listing, const Error& error);
    void note_list(Listing& listing, std::size_t tags, bool suspicious);
    // Tags that could not be looked at are listed again sooner.
    void note_unseen(Listing& listing, const SeenTags& seen);

    // --- tag_findings.cpp: what is told of tags that appeared ---
    Async<SeenTags> look_at(model::Reference repository, std::vector<std::vector<std::string>> chains);
    Async<Result<SeenTag>> look_at_tag(model::Reference tag);
    store::TagsFound findings_of(const Listing& listing, const TagNews& news, const SeenTags& seen,
                                 model::DetectedBy by);
    store::Finding created_finding(const Watched& base, const SeenTag& seen, model::DetectedBy by);
    store::Finding newer_finding(const model::Reference& base, std::vector<std::string> tags,
                                 const SeenTags& seen, model::DetectedBy by);
    // What follows from the finding's changes, by the rules and their conditions.
    Async<Result<void>> plan(store::Finding& finding);
    static std::vector<CheckReport> reports_of(const std::vector<store::Finding>& findings);
    void take_created(const std::vector<model::Change>& changes);

    // --- deletion.cpp: tags that are not there any more ---
    MissingTag missing_tag(const model::Reference& base, const KnownBase& known) const;
    // The look-up failed.
    Async<CheckReport> not_answered(model::Reference base, model::DetectedBy by, Error error);
    Async<Result<CheckReport>> tell_deleted(model::Reference base, model::DetectedBy by);
    void leave_deleted(const model::Reference& base);
    // Asks at once for what only waited for this list.
    void ask_for_missing(const Listing& listing);

    // --- sweep.cpp: when ---
    // Waits for what is under way by this name, if anything is. False: we were asked to stop.
    Async<bool> join(std::string name, std::optional<CheckReport>& report);
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
    // The images of the watched platforms; not having one is no failure.
    Async<void> read_images(DetailReader& reader, const model::Observation& observation,
                            std::vector<model::Platform> platforms);
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
    // After the commit.
    void tell(Told& told);
    double random01();

    // --- pace.cpp: how often ---
    int turns_of(const KnownBase& known) const;
    // Back in the schedule after a good answer.
    void next_turn(const model::Reference& base, const KnownBase& known);
    // The other tags of its repository are asked soon: many are pushed together (hastening.hpp).
    void hasten_siblings(const model::Reference& base);
    // Those of repositories of which others moved meanwhile.
    void hasten_due();
    // All but this one.
    void hasten_tags(const model::Reference& repository, const std::string& but);
    // The place of the repository's tags in `by_name`, which is made where it is not there.
    using Names = std::vector<const std::string*>;
    std::pair<Names::iterator, Names::iterator> tags_of(const model::Reference& repository);
    // Its tags are these too.
    void name_tags(const model::Reference& repository, Names fresh);
    void unname(const std::string& name);
    Supply supply_of(const std::string& registry_name) const;
    void warn_of_slow_registries() const;

    asio::any_io_executor executor;
    Clock& clock;
    registry::RegistryClient& registry;
    store::Store& store;
    jq::Worker& conditions;
    std::function<void(const std::vector<std::string>&)> committed;

    UlidSource ids;
    std::shared_ptr<const WatchTable> table;           // as it was taken up, without its bases
    std::unordered_map<std::string, KnownBase> bases;  // by normalised reference
    std::vector<const std::string*> order;    // of the table, then what was found; the keys of `bases`
    std::vector<const std::string*> by_name;  // the same in order of names; empty until it is needed
    std::map<std::string, Listing> listings;  // by repository
    Hastening hastening;
    SharedSettings shared;
    std::uint64_t lists_kept = 0;                    // so far
    std::size_t lists_recording = 0;                 // of which it is not known yet whether they are kept
    std::map<std::string, Lane, std::less<>> lanes;  // by registry; a lane stays where it is
    std::map<std::string, std::string> aliases;      // other name → base
    std::shared_ptr<const rules::PlanningTable> planning;
    std::unordered_map<std::string, std::shared_ptr<RunningCheck>> under_way;
    std::optional<Monotonic> marks_since;  // when the oldest unsaved check mark was made
    Bell bell;
    Progress progress;
    std::uint64_t seed;
    std::uint64_t dice;
    bool loaded = false;
    bool others_to_forget = false;  // what is not watched is still in the state
    bool bases_to_forget = false;   // and there are bases among it
    bool running = false;
};

}  // namespace basewatch::watch
