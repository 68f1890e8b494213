// What is told of tags that appeared: the look at each of them, and the findings that are recorded with the
// list.

#include "foundation/log.hpp"
#include "rules/conditions.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>

namespace basewatch::watch {

namespace {

// A list that brings more is told in rounds.
constexpr std::size_t most_looks = 200;

CheckReport report_of(const store::Finding& finding) {
    CheckReport report;
    report.outcome = CheckReport::Outcome::changed;
    report.base = finding.changes.front().base;
    report.before = finding.changes.front().before.digest;
    report.after = finding.changes.front().after.digest;
    report.changes = finding.changes;
    report.deliveries = finding.deliveries.size();
    return report;
}

}  // namespace

// Of what is newer only the newest that is there has to be known: each chain is followed to its first.
Async<SeenTags> Watcher::State::look_at(model::Reference repository,
                                        std::vector<std::vector<std::string>> chains) {
    SeenTags seen;
    std::size_t looks = 0;
    for (const auto& chain : chains) {
        for (const auto& tag : chain) {
            if (seen.tags.contains(tag)) break;
            if (seen.unseen.contains(tag)) continue;
            seen.more = seen.more || looks >= most_looks;
            if (seen.more || seen.refused) {
                seen.unseen.insert(tag);
                continue;
            }
            ++looks;
            auto reference = repository.with_tag(tag);
            auto found = co_await look_at_tag(reference);
            if (found) {
                seen.tags.emplace(tag, std::move(*found));
                break;
            }
            log::debug("a new tag could not be looked at yet",
                       {{"tag", reference.text()}, {"error", found.error().message()}});
            seen.unseen.insert(tag);
            auto kind = found.error().kind();
            seen.refused = kind == ErrorKind::rate_limited || kind == ErrorKind::cancelled;
        }
    }
    co_return seen;
}

Async<Result<SeenTag>> Watcher::State::look_at_tag(model::Reference tag) {
    auto pointer = co_await registry.look_up(tag);
    if (!pointer) co_return pointer.error();
    SeenTag seen;
    seen.observation.digest = pointer->digest;
    seen.observation.media_type = pointer->media_type;
    seen.observation.observed_at = clock.now();
    if (!reads_at_once(tag)) co_return seen;
    DetailReader reader(registry, store, tag);
    auto read = co_await reader.observe(pointer->digest, seen.observation.observed_at);
    // Without its details it is told all the same: they are read when they are needed.
    if (read) seen.observation = std::move(*read);
    seen.learnt = reader.learnt();
    co_return seen;
}

store::TagsFound Watcher::State::findings_of(const Listing& listing, const TagNews& news,
                                             const SeenTags& seen, model::DetectedBy by) {
    store::TagsFound found;
    found.listed_at = clock.now();
    // What could not be looked at is new again in the next list.
    std::remove_copy_if(news.known.begin(), news.known.end(), std::back_inserter(found.tags),
                        [&](const std::string& tag) { return seen.unseen.contains(tag); });
    found.dropped = unfound(listing, found.tags);
    for (const auto& each : found_among(*table, listing, found.tags)) {
        auto tag = seen.tags.find(each.base.base.tag());
        bool created = tag != seen.tags.end() &&
                       std::binary_search(news.created.begin(), news.created.end(), each.base.base.tag());
        // One without a watched platform is a base that fails, and says so.
        if (created && !nothing_watched(tag->second.observation, each.base.platforms.all()))
            found.findings.push_back(created_finding(each.base, tag->second, by));
    }
    for (const auto& [named, newer] : news.newer) {
        std::vector<std::string> tags;
        std::remove_copy_if(newer.begin(), newer.end(), std::back_inserter(tags),
                            [&](const std::string& tag) { return seen.unseen.contains(tag); });
        if (!tags.empty())
            found.findings.push_back(
                newer_finding(listing.repository.with_tag(named), std::move(tags), seen, by));
    }
    return found;
}

store::Finding Watcher::State::created_finding(const Watched& base, const SeenTag& seen,
                                               model::DetectedBy by) {
    store::Finding finding;
    // A base that is named itself has a state of its own, which its checks write.
    if (find(base.base.text()) == nullptr) {
        finding.state.reference = base.base;
        finding.state.current = seen.observation;
        finding.state.checked_at = clock.now();
    }
    finding.images = seen.learnt;
    auto change = change_of(base.base, model::ChangeKind::tag_created, by);
    change.after = seen.observation;
    change.changed_platforms = watched_platforms(seen.observation, base.platforms.all());
    finding.changes.push_back(std::move(change));
    return finding;
}

store::Finding Watcher::State::newer_finding(const model::Reference& base, std::vector<std::string> tags,
                                             const SeenTags& seen, model::DetectedBy by) {
    store::Finding finding;
    auto change = change_of(base, model::ChangeKind::newer_version, by);
    if (const auto* known = find(base.text())) change.before = known->observation.unpacked();
    change.after = seen.tags.at(tags.front()).observation;
    change.newer_tags = std::move(tags);
    finding.changes.push_back(std::move(change));
    return finding;
}

Async<Result<void>> Watcher::State::plan(store::Finding& finding) {
    auto rules = planning;
    rules::Plan planned;
    for (const auto& change : finding.changes) {
        auto asked = co_await rules::ask_conditions(change, rules, conditions, clock.now());
        if (!asked) co_return asked.error();
        auto more = rules::plan_change(change, *rules, ids, clock.now(), *asked);
        planned = rules::joined(std::move(planned), std::move(more));
        std::move(asked->begin(), asked->end(), std::back_inserter(finding.conditions));
    }
    add_plan(finding, std::move(planned));
    co_return Result<void>();
}

std::vector<CheckReport> Watcher::State::reports_of(const std::vector<store::Finding>& findings) {
    std::vector<CheckReport> reports;
    for (const auto& finding : findings) reports.push_back(report_of(finding));
    return reports;
}

// What was created was looked at already: it is known from its first moment.
void Watcher::State::take_created(const std::vector<model::Change>& changes) {
    for (const auto& change : changes) {
        auto* known = find(change.base.text());
        if (change.kind != model::ChangeKind::tag_created || known == nullptr || known->exact) continue;
        known->observation = PackedObservation(change.after);
        known->profile = model::accept_profile;
        known->checked_at = clock.now();
        next_turn(change.base, *known);
    }
}

}  // namespace basewatch::watch
