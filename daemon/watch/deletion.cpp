#include "watch/deletion.hpp"

#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>

namespace basewatch::watch {

namespace {

constexpr int least_answers = 3;

}  // namespace

Time told_at_earliest(const MissingTag& tag) {
    return tag.since + 2 * tag.interval;
}

Deletion deletion(const MissingTag& tag, Time now) {
    if (tag.answers < least_answers || now < told_at_earliest(tag)) return Deletion::not_yet;
    return tag.listed_at < tag.since ? Deletion::needs_list : Deletion::confirm;
}

MissingTag Watcher::State::missing_tag(const model::Reference& base, const KnownBase& known) const {
    MissingTag tag;
    tag.answers = known.trouble->no_such_tag;
    tag.since = known.trouble->no_such_tag_since;
    tag.interval = known.settings->interval;
    auto listing = listings.find(base.name());
    if (listing != listings.end()) tag.listed_at = listing->second.listed_at;
    return tag;
}

Async<CheckReport> Watcher::State::not_answered(model::Reference base, model::DetectedBy by, Error error) {
    auto* known = find(base.text());
    bool no_such_tag = error.kind() == ErrorKind::not_found && known != nullptr && known->pattern >= 0;
    if (!no_such_tag) {
        // Whatever it is: the registry did not say once more that there is no such tag.
        if (known != nullptr && known->trouble) known->trouble->no_such_tag = 0;
        co_return co_await fail(base, by, error);
    }
    auto now = clock.now();
    auto& trouble = known->in_trouble();
    if (trouble.no_such_tag == 0) trouble.no_such_tag_since = now;
    // A clock that was set back must not make it wait for longer than it would have.
    trouble.no_such_tag_since = std::min(trouble.no_such_tag_since, now);
    ++trouble.no_such_tag;
    auto verdict = deletion(missing_tag(base, *known), now);
    if (verdict == Deletion::needs_list) {
        const auto& listing = listings.at(base.name());
        if (listing.failures == 0) lane_of(base).lists.hurry(listing.repository, clock.monotonic());
        bell.ring();
    }
    if (verdict != Deletion::confirm) co_return co_await fail(base, by, error);

    auto gone = co_await registry.is_gone(base);
    if (gone && *gone) {
        failpoint("tag-confirmed-gone");
        auto told = co_await tell_deleted(base, by);
        if (told) co_return std::move(*told);
        co_return co_await fail(base, by, told.error());
    }
    known = find(base.text());
    if (known != nullptr) known->in_trouble().no_such_tag = 0;
    co_return co_await fail(base, by, gone ? error : gone.error());
}

void Watcher::State::ask_for_missing(const Listing& listing) {
    for (const auto* name : listing.found) {
        const auto& known = bases.at(*name);
        if (!known.trouble || known.trouble->no_such_tag == 0) continue;
        auto base = model::Reference::parse(*name);
        if (base && deletion(missing_tag(*base, known), clock.now()) == Deletion::confirm)
            lane_of(*base).schedule.hurry(*base, clock.monotonic());
    }
    bell.ring();
}

Async<Result<CheckReport>> Watcher::State::tell_deleted(model::Reference base, model::DetectedBy by) {
    const auto* known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    store::Finding finding;
    finding.state = known->state(base);
    finding.tag_gone = true;
    // A tag that was only ever listed is left without a word.
    if (!known->observation.empty()) {
        auto change = change_of(base, model::ChangeKind::tag_deleted, by);
        change.before = finding.state.current;
        change.changed_platforms = watched_platforms(change.before, known->settings->platforms);
        finding.changes.push_back(std::move(change));
    }
    auto planned = co_await plan(finding);
    if (!planned) co_return planned.error();
    known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    finding.forgets = !known->exact;
    CheckReport report;
    report.base = base;
    report.outcome = CheckReport::Outcome::changed;
    report.before = finding.state.current.digest;
    report.changes = finding.changes;
    report.deliveries = finding.deliveries.size();
    Told told;
    told.add(finding);
    failpoint("tag-deletion-to-be-recorded");
    auto recorded = co_await record_list(store.record(std::move(finding)));
    if (!recorded) co_return recorded.error();
    failpoint("tag-deletion-recorded");
    tell(told);
    leave_deleted(base);
    co_return report;
}

void Watcher::State::leave_deleted(const model::Reference& base) {
    auto name = base.text();
    auto place = bases.find(name);
    if (place == bases.end()) return;
    auto* known = &place->second;
    if (auto* listing = listing_of(base.name())) {
        std::erase(listing->found, &place->first);
        if (listing->tags > 0) --listing->tags;
    }
    known->pattern = -1;
    if (known->exact) {
        // It is named itself: it goes on to be asked about, as one that fails.
        lane_of(base).schedule.done(base, clock.monotonic());
        return;
    }
    std::erase(order, &place->first);
    leave(name);
    recount(base);
}

}  // namespace basewatch::watch
