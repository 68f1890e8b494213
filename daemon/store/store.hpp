#pragma once
// The state, as operations in the domain's own words. SQLite stands behind them (WAL, synchronous=FULL), one
// thread owns it, and every operation is answered only after the commit that holds it.
//
// Group commit: the store thread drains its queue into one transaction with a savepoint per operation, so
// that an operation that fails undoes itself alone, and commits once for all of them. An operation is
// therefore atomic and durable when it answers, and a burst of them costs one flush of the disk.
// Claims end with the process, so they are atomic alone, and neither flush the disk nor wait for a flush.
//
// One process writes: open() takes a lock beside the file (FILE.lock) and refuses a second writer with a
// sentence that says who holds it.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "model/change.hpp"
#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/host_memory.hpp"
#include "model/rebuild.hpp"
#include "model/rule.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace basewatch::store {

// What one check of one base found: everything in it is committed together or not at all.
struct Finding {
    // The base's state from now on. A state whose observation differs from the stored one adds a row to its
    // history.
    model::BaseState state;
    std::vector<model::Change> changes;
    std::vector<model::Condition> conditions;  // what rules said of the changes
    std::vector<model::Event> events;
    std::vector<model::Rebuild> rebuilds;
    std::vector<model::Delivery> deliveries;
    // What images are, by manifest digest, learnt on the way.
    std::vector<std::pair<model::Digest, model::ImageContent>> images;
    // Nobody watches the base any more: its state goes.
    bool forgets = false;
    // The tag leaves the list of its repository.
    bool tag_gone = false;
};

// The tags that a repository is known with.
struct TagList {
    std::int64_t revision = 0;  // 0: never listed
    Time listed_at{};
    std::vector<std::string> tags;  // in ASCII order
};

// What a new list of a repository's tags comes to: everything in it is committed together or not at all.
struct TagsFound {
    std::string repository;     // `docker.io/library/ruby`
    std::int64_t revision = 0;  // of the list that it was compared with
    Time listed_at{};
    std::vector<std::string> tags;  // in ASCII order
    std::vector<Finding> findings;
    std::vector<model::Reference> dropped;  // bases that nobody watches any more
};

struct Failing {
    Time since{};
    int failures = 0;
    std::string last_error;
    std::string last_error_kind;
    int missing = 0;
    std::optional<Time> missing_since{};
};

// The part of a base's state that moves at every check; written in batches, at most once a minute. Small, for
// there may be 100,000 of them at once.
struct CheckMark {
    std::string base;  // normalised
    Time checked_at{};
    std::shared_ptr<const Failing> failing;  // null where nothing is wrong
};

struct ClaimedDelivery {
    model::Delivery delivery;
    std::string event_type;
    std::string event_json;
    std::vector<std::string>
        joined;  // the other events of a message, as JSON, in the order in which they came
};

// How a target's due deliveries are taken.
struct Claiming {
    std::array<model::Priority, 3> order{model::Priority::security, model::Priority::routine,
                                         model::Priority::bulk};
    // Quiet hours: until then only what is security goes, everything else is held.
    std::optional<Time> quiet_until;
    // The target can tell several events. Where it cannot any more, a message of several becomes one of its
    // own event and deliveries of the others that are due now.
    bool together = true;
};

// Somebody's wish to hear nothing of a subject for a while.
struct Mute {
    std::string subject;  // `target:NAME`, `base:REF`, `dependent:REF`, `change:ID`
    Time since{};
    Time until{};
};

// A page of a list, newest first. `cursor` is opaque; empty when there is no more.
template <class Row>
struct Page {
    std::vector<Row> rows;
    std::string cursor;
};

struct PageRequest {
    std::size_t limit = 50;  // at most 1000
    std::string cursor;
};

// A target that nothing is sent to from now on, and who is told.
struct Disabling {
    std::string target;
    Time at{};
    std::string reason;  // redacted
    std::vector<model::Event> events;
    std::vector<model::Delivery> deliveries;
};

struct DeliveryFilter {
    std::string target;
    std::string event_id;
    std::string state;
    std::string reason;  // class of the last failure
    std::string dependent;
};

// What is to be sent again: of one delivery, or of those that were created in a time; each given part
// narrows.
struct Replay {
    std::string delivery_id;
    std::string change_id;
    std::string target;
    std::optional<Time> since, until;  // of being created, `until` not included
    std::set<model::DeliveryState> states{model::DeliveryState::waiting, model::DeliveryState::delivered,
                                          model::DeliveryState::dead};  // no others
    std::set<std::string> targets;  // that may be sent to; what goes to others is left alone
};

// What a replay found: to be sent again, by target and by state, and what was left alone, by target.
struct Replayed {
    std::int64_t deliveries = 0;
    std::map<std::string, std::int64_t> targets, states, skipped;
};
inline constexpr std::size_t most_replayed = 10'000;

struct Counts {
    std::int64_t bases = 0, changes = 0, events = 0, rebuilds = 0;
    std::map<std::string, std::int64_t> deliveries;  // by state
};

// An earlier content of a base, for telling a return from a novelty.
struct SeenContent {
    model::Digest digest;                                // of index or manifest
    std::map<model::Platform, model::Digest> platforms;  // empty where never detailed
    Time observed_at{};
};

// Base states in the order in which they were first stored.
struct BasePage {
    std::vector<model::BaseState> rows;
    std::int64_t last = 0;  // where the next page begins
};

class Store {
public:
    // Creates or migrates the file (forward only). storage errors say which file and what to do; a file of a
    // newer version is refused untouched. conflict when another process holds it. `:memory:` for tests.
    // Operations are awaited on `loop`, whose thread alone may call them; one that was queued is done and
    // answered even when its caller is asked to stop.
    static Result<std::unique_ptr<Store>> open(const std::string& path, asio::any_io_executor loop);
    // Answers what is queued, checkpoints, closes.
    ~Store();

    // --- start ---
    // Every base's state.
    Async<Result<std::vector<model::BaseState>>> bases();
    // At most `most` of them, those behind `after`, which is 0 or an earlier page's `last`; none: there are
    // no more. 100,000 states at once take more room than all that is kept of them.
    Async<Result<BasePage>> base_page(std::int64_t after, std::size_t most);
    // Replaces the rows of origin `file`; rows of origin `api` stay.
    Async<Result<void>> replace_file_rules(std::vector<model::Rule> rules);
    Async<Result<std::vector<model::Rule>>> rules();
    // Deliveries that a process was sending when it ended are due at once, and nothing joins a message any
    // more that it may have sent.
    Async<Result<void>> release_claims(Time now);

    // --- the straight line ---
    // conflict when a delivery for the same (event, target, dependent) exists or the base moved on meanwhile
    // (its stored digest is not `before`'s): nothing of the finding is stored then. A finding without a base
    // is fine as long as no change in it moves a digest. A delivery with a `group` joins a message of its
    // target, group and priority that was never claimed, where there is one. A rebuild takes the place and
    // the causes of those of its dependent that its targets did not get yet: they are dead, `superseded`.
    // Details that were read later fill the newest row of the history.
    Async<Result<void>> record(Finding finding);
    // conflict when the list was written meanwhile, or as record().
    Async<Result<void>> record_tags(TagsFound found);
    Async<Result<TagList>> tag_list(std::string repository);
    Async<Result<void>> forget_tag_lists_but(std::vector<std::string> repositories);
    // Also for bases that were never observed: since when one fails is worth keeping. With what the hosts
    // taught us meanwhile, so that both are one commit; an empty memory is forgotten.
    Async<Result<void>> mark_checked(std::vector<CheckMark> marks, std::vector<model::HostMemory> hosts = {});
    Async<Result<std::vector<model::HostMemory>>> host_memories();
    // What is known of these images; unknown ones are left out.
    Async<Result<std::vector<std::pair<model::Digest, model::ImageContent>>>> images(
        std::vector<model::Digest> digests);
    // What a base pointed to before now, newest first, at most `limit`.
    Async<Result<std::vector<SeenContent>>> history(model::Reference base, std::size_t limit);
    // Forgets the state of bases that nobody watches any more (their changes and events stay, and what they
    // pointed to is the past from `at` on).
    Async<Result<void>> forget_bases_but(std::vector<model::Reference> watched, Time at);

    // --- delivery ---
    // Up to `limit` due deliveries of a target, by priority and then oldest due first, now `sending`. What is
    // muted, quiet, or about a dependent whose rebuild is in flight at this target is held instead: due
    // later, with the reason. Of several open rebuilds of one dependent only the newest, which has the causes
    // of all, is given; the others are dead, `superseded`.
    Async<Result<std::vector<ClaimedDelivery>>> claim_due(std::string target, Time now, std::size_t limit,
                                                          Claiming how = {});
    // When the next delivery of a target is due; nothing when none waits.
    Async<Result<std::optional<Time>>> next_due(std::string target);
    // Records the attempt, as the delivery's next number, and moves the delivery on. conflict when nobody was
    // sending it. One that was buried meanwhile is not tried again.
    Async<Result<void>> finish_attempt(model::Attempt attempt);
    // Puts a claimed delivery back as it was, without an attempt (we are stopping). One that is not claimed
    // stays as it is.
    Async<Result<void>> unclaim(std::string delivery_id);
    // Deliveries to targets that no longer exist are dead, with that reason, and how these fared is
    // forgotten.
    Async<Result<void>> bury_deliveries_but(std::vector<std::string> targets, Time now);

    // A delivery that waits or was given up is due now, with all its retries before it again. conflict when
    // it is pending, sending or delivered.
    Async<Result<void>> retry_delivery(std::string id, Time now);
    // The same for all that `what` names, behind everything else that is due; with `dry_run` they are only
    // counted. invalid when there are more than most_replayed.
    Async<Result<Replayed>> replay(Replay what, Time now, bool dry_run);

    // --- holding back ---
    // What is held by this (model::Delivery::held_by) is due now.
    Async<Result<void>> lift(std::string held_by, Time now);
    // Nothing about the subject is sent until then; again: another time. It ends by itself.
    Async<Result<void>> mute(Mute mute);
    // Ends it now. not_found when there is none.
    Async<Result<void>> unmute(std::string subject, Time now);
    // Those that have not ended.
    Async<Result<std::vector<Mute>>> mutes(Time now);
    // The events that a message tells beside its own.
    Async<Result<std::vector<std::string>>> joined_events(std::string delivery_id);

    // --- how targets fare ---
    // Of those that have not always been well. An attempt's `sign` is what moves it.
    Async<Result<std::vector<model::TargetHealth>>> target_health();
    // How many deliveries to a target are open.
    Async<Result<std::int64_t>> open_deliveries(std::string target);
    // With its events and deliveries, together or not at all. conflict when it is disabled already.
    Async<Result<void>> disable_target(Disabling disabling);
    Async<Result<void>> pause_target(std::string target, Time now);
    // Well again, as far as we know. What waited longer than `expire` is dead: a build that was wanted a week
    // ago is not wanted any more.
    Async<Result<void>> resume_target(std::string target, Time now, Milliseconds expire);

    // --- reading, for the API and the client verbs ---
    Async<Result<Page<model::Change>>> changes(PageRequest page, std::optional<model::Reference> base);
    Async<Result<Page<model::Event>>> events(PageRequest page);
    Async<Result<Page<model::Delivery>>> deliveries(PageRequest page, DeliveryFilter filter);
    Async<Result<Page<model::Rebuild>>> rebuilds(PageRequest page, std::optional<model::Reference> dependent);
    // not_found where there is none.
    Async<Result<model::Change>> change(std::string id);
    // In the order in which they were asked.
    Async<Result<std::vector<model::Condition>>> conditions_of_change(std::string change_id);
    Async<Result<model::Event>> event(std::string id);
    Async<Result<std::vector<model::Event>>> events_of_change(std::string change_id);
    Async<Result<model::Delivery>> delivery(std::string id);
    Async<Result<model::Rebuild>> rebuild(std::string id);
    Async<Result<std::vector<model::Attempt>>> attempts(std::string delivery_id);
    Async<Result<Counts>> counts();

    // --- care ---
    // Removes what is older: observations that were replaced before then, finished deliveries, their attempts
    // and events, changes and rebuilds without open deliveries, and the images that nothing names any more.
    // At most `limit` rows a call (attempts and images aside); says how many went.
    Async<Result<std::int64_t>> drop_older_than(Time time, std::size_t limit);

    const std::string& path() const;
    // Why the last commit failed; nothing once one went well again. What it held was answered with that
    // error.
    std::optional<Error> trouble() const;
    // Commits made so far, each one flush of the disk; for metrics, tests and the bench.
    std::uint64_t commits() const;
    // Of those, the ones that waited for the disk: all but what only claims.
    std::uint64_t flushed_commits() const;

private:
    struct Worker;
    explicit Store(std::unique_ptr<Worker> worker);
    std::unique_ptr<Worker> worker_;
};

}  // namespace basewatch::store
