// What a list of a repository's tags comes to: which bases the patterns stand for from now on. A list that
// fails, or that is not whole, takes nothing away.

#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>
#include <chrono>

namespace basewatch::watch {

namespace {

using namespace std::chrono_literals;

// How long lists may be too short before that is how things are.
constexpr auto short_lists_believed_after = 24h;
// When tags that could not be looked at are listed again at first; and when those are that were too many.
constexpr Milliseconds unseen_again_after = 15min;
constexpr Milliseconds next_round_after = 1min;
constexpr int most_conflicts = 3;

// What is listed and cannot be looked at may stay so for ever: it doubles, up to the list's own period.
Milliseconds again_after(const SeenTags& seen, int lists_in_a_row) {
    constexpr int most_doublings = 10;
    if (seen.more) return next_round_after;
    if (seen.refused) return unseen_again_after;
    return unseen_again_after * (1 << std::min(lists_in_a_row - 1, most_doublings));
}

}  // namespace

void Watcher::State::start_lists(TaskGroup& checks, Lane& lane, Monotonic now) {
    for (auto& repository : lane.lists.take_due(now, lists_per_registry - lane.listers)) {
        ++lane.listers;
        checks.start("list", list_due(lane, std::move(repository)));
    }
}

Async<void> Watcher::State::list_due(Lane& lane, model::Reference repository) {
    WorkerCount counted(lane.listers, bell);
    co_await list_or_join(repository.name(), model::DetectedBy::poll);
    // Whoever knew better when to ask again has already put it back.
    if (!lane.lists.due(repository)) lane.lists.done(repository, clock.monotonic());
}

Async<std::vector<CheckReport>> Watcher::State::list_all(model::DetectedBy by) {
    std::map<std::string, std::vector<std::string>> repositories;  // by registry
    for (const auto& [name, listing] : listings) repositories[listing.repository.registry()].push_back(name);
    std::vector<CheckReport> reports;
    auto drain = [](State& state, std::vector<std::string>& names, std::vector<CheckReport>& into,
                    model::DetectedBy how) -> Async<void> {
        while (!names.empty()) {
            bool asked_to_stop = co_await stop_requested();
            if (asked_to_stop || names.empty()) co_return;
            auto name = std::move(names.back());
            names.pop_back();
            auto told = co_await state.list_or_join(std::move(name), how);
            std::move(told.begin(), told.end(), std::back_inserter(into));
        }
    };
    TaskGroup group(executor);
    for (auto& [registry_name, names] : repositories) {
        std::reverse(names.begin(), names.end());
        for (std::size_t i = 0; i < std::min(lists_per_registry, names.size()); ++i)
            group.start("list", drain(*this, names, reports, by));
    }
    co_await group.wait();
    co_return reports;
}

Async<std::vector<CheckReport>> Watcher::State::list_or_join(std::string repository, model::DetectedBy by) {
    std::optional<CheckReport> theirs;
    bool free = co_await join(repository, theirs);
    if (!free || theirs) co_return std::vector<CheckReport>();
    RunningGuard running_list(under_way, repository);
    auto reports = co_await list(repository, by);
    bool asked_to_stop = co_await stop_requested();
    if (!asked_to_stop) running_list.finish(CheckReport());
    co_return reports;
}

Async<std::vector<CheckReport>> Watcher::State::list(std::string repository, model::DetectedBy by) {
    std::vector<CheckReport> none;
    auto* listing = listing_of(repository);
    if (listing == nullptr) co_return none;
    auto reference = listing->repository;
    auto now = clock.monotonic();
    auto paused = registry.paused_until(reference.registry()).value_or(now);
    auto held = std::max(listing->held_until, paused);
    if (by == model::DetectedBy::poll && held > now) {
        lane_of(reference).lists.postpone(reference, held);
        co_return none;
    }
    Error error(ErrorKind::storage, "the tags are written by somebody else again and again");
    for (int round = 0; round < most_conflicts; ++round) {
        auto listed = co_await registry.tags(reference);
        if (listed) failpoint("tags-listed");
        auto kept = Result<std::vector<CheckReport>>(none);
        if (listed)
            kept = co_await keep_list(repository, std::move(*listed), by);
        else
            kept = listed.error();
        if (kept) co_return std::move(*kept);
        error = kept.error();
        if (error.kind() != ErrorKind::conflict) break;
    }
    listing = listing_of(repository);
    if (listing != nullptr && error.kind() != ErrorKind::cancelled) note_list_failure(*listing, error);
    co_return none;
}

Async<Result<std::vector<CheckReport>>> Watcher::State::keep_list(std::string repository,
                                                                  registry::TagList listed,
                                                                  model::DetectedBy by) {
    auto known = co_await store.tag_list(repository);
    if (!known) co_return known.error();
    auto* listing = listing_of(repository);
    if (listing == nullptr) co_return std::vector<CheckReport>();
    auto taken = table;
    TagNewsInput input;
    if (known->revision != 0) input.known = std::move(known->tags);
    input.listed = std::move(listed.tags);
    input.complete = listed.complete;
    for (auto number : listing->patterns)
        input.patterns.push_back(&taken->patterns[static_cast<std::size_t>(number)].chosen);
    input.named = listing->named;
    input.believe_short =
        listing->short_since != Time() && clock.now() - listing->short_since >= short_lists_believed_after;
    auto news = tag_news(input);
    std::vector<std::vector<std::string>> chains;
    for (const auto& tag : news.created) chains.push_back({tag});
    for (const auto& [named, newer] : news.newer) chains.push_back(newer);
    auto seen = co_await look_at(listing->repository, std::move(chains));
    failpoint("tags-looked-at");
    // What it was decided by is not what holds now.
    Error outdated(ErrorKind::conflict, "the configuration was read again meanwhile");
    if (table != taken) co_return outdated;
    listing = listing_of(repository);
    if (listing == nullptr) co_return std::vector<CheckReport>();
    auto found = findings_of(*listing, news, seen, by);
    found.repository = repository;
    found.revision = known->revision;
    for (auto& finding : found.findings) {
        auto planned = co_await plan(finding);
        if (!planned) co_return planned.error();
    }
    if (table != taken) co_return outdated;
    bool same = input.known && *input.known == found.tags && found.dropped.empty();
    Told told;
    for (const auto& finding : found.findings) told.add(finding);
    auto reports = reports_of(found.findings);
    auto tags = found.tags;
    if (!same) {
        failpoint("tags-to-be-recorded");
        auto recorded = co_await record_list(store.record_tags(std::move(found)));
        if (!recorded) co_return recorded.error();
        failpoint("tags-recorded");
    }
    tell(told);
    listing = listing_of(repository);
    if (listing == nullptr) co_return reports;
    note_list(*listing, tags.size(), news.suspicious);
    adopt(*listing, tags);
    ask_for_missing(*listing);
    take_created(told.changes);
    if (!told.changes.empty()) failpoint("tags-taken-up");
    note_unseen(*listing, seen);
    co_return reports;
}

void Watcher::State::note_unseen(Listing& listing, const SeenTags& seen) {
    listing.unseen = seen.unseen.empty() ? 0 : listing.unseen + 1;
    if (listing.unseen == 0) return;
    auto& lists = lane_of(listing.repository).lists;
    auto again = clock.monotonic() + again_after(seen, listing.unseen);
    auto due = lists.due(listing.repository);
    if (!due || again < *due) lists.postpone(listing.repository, again);
}

Async<Result<void>> Watcher::State::record_list(Async<Result<void>> recording) {
    ++lists_recording;
    auto recorded = co_await std::move(recording);
    --lists_recording;
    if (recorded) ++lists_kept;
    co_return recorded;
}

void Watcher::State::note_list(Listing& listing, std::size_t tags, bool suspicious) {
    if (!listing.known)
        log::info("tags are listed for the first time",
                  {{"repository", listing.repository.name()}, {"tags", std::to_string(tags)}});
    listing.known = true;
    listing.tags = tags;
    listing.listed_at = clock.now();
    listing.failures = 0;
    listing.error.clear();
    listing.held_until = Monotonic();
    if (suspicious && listing.short_since == Time()) {
        listing.short_since = clock.now();
        log::warning("a tag list lacks much of what was there, and is not believed yet",
                     {{"repository", listing.repository.name()}});
    }
    if (!suspicious) listing.short_since = Time();
    lane_of(listing.repository).lists.done(listing.repository, clock.monotonic());
}

void Watcher::State::note_list_failure(Listing& listing, const Error& error) {
    if (listing.failures == 0) {
        listing.failing_since = clock.now();
        log::warning("the tags of a repository could not be listed",
                     {{"repository", listing.repository.name()}, {"error", error.message()}});
    }
    ++listing.failures;
    listing.error = error.message();
    auto& lists = lane_of(listing.repository).lists;
    auto now = clock.monotonic();
    // A list without an end will have none in a minute, and has cost a thousand requests.
    if (error.kind() == ErrorKind::too_large) {
        lists.done(listing.repository, now);
        return;
    }
    auto wait = back_off(listing.failures, list_period(Milliseconds(0)), random01());
    if (auto asked = error.retry_after()) {
        listing.held_until = now + *asked;
        wait = std::max(wait, *asked);
    }
    lists.postpone(listing.repository, now + wait);
}

}  // namespace basewatch::watch
