// Which tags the patterns stand for.

#include "foundation/log.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>
#include <chrono>

namespace basewatch::watch {

namespace {

using namespace std::chrono_literals;

// Whoever lists a table's tags while it is taken up may keep a list; the next round sees it.
constexpr int most_rounds = 5;

Milliseconds period_of(const Listing& listing, const WatchTable& table) {
    auto interval = listing.named.empty() ? 0ms : table.newer_interval;
    for (auto pattern : listing.patterns) {
        auto own = table.patterns[static_cast<std::size_t>(pattern)].each.interval;
        interval = interval == 0ms ? own : std::min(interval, own);
    }
    return list_period(interval);
}

// Once for each, until a tag fits or the configuration is read again.
void warn_of_idle(const WatchTable& table, const Listing& listing, const std::set<std::int32_t>& told) {
    for (auto number : listing.idle) {
        if (told.contains(number)) continue;
        const auto& pattern = table.patterns[static_cast<std::size_t>(number)];
        log::warning("no tag of a repository fits a pattern: nothing is watched by it",
                     {{"repository", listing.repository.name()}, {"pattern", rules::in_words(pattern.tags)}});
    }
}

}  // namespace

std::vector<Found> found_among(const WatchTable& table, const Listing& listing,
                               const std::vector<std::string>& tags, std::set<std::int32_t>* idle) {
    std::vector<Found> found;
    std::set<std::string> taken;
    if (idle != nullptr) idle->clear();
    for (auto number : listing.patterns) {
        const auto& pattern = table.patterns[static_cast<std::size_t>(number)];
        auto chosen = pattern.chosen.choose(tags);
        if (idle != nullptr && chosen.empty() && !tags.empty()) idle->insert(number);
        for (auto& tag : chosen) {
            if (!taken.insert(tag).second) continue;
            Found one{pattern.each, number};
            one.base.base = pattern.each.base.with_tag(std::move(tag));
            found.push_back(std::move(one));
        }
    }
    return found;
}

Milliseconds list_period(Milliseconds interval) {
    return std::max<Milliseconds>(1h, 4 * interval);
}

std::map<std::string, Listing> Watcher::State::listings_of(const WatchTable& next) const {
    std::map<std::string, Listing> made;
    auto listing = [&](const model::Reference& reference) -> Listing& {
        auto [place, fresh] = made.try_emplace(reference.name());
        if (!fresh) return place->second;
        if (auto old = listings.find(place->first); old != listings.end()) place->second = old->second;
        place->second.repository = reference.with_tag("latest");
        place->second.patterns.clear();
        place->second.named.clear();
        place->second.found.clear();
        return place->second;
    };
    for (std::size_t i = 0; i < next.patterns.size(); ++i)
        listing(next.patterns[i].each.base).patterns.push_back(static_cast<std::int32_t>(i));
    for (const auto& base : next.newer) listing(base).named.push_back(base.tag());
    return made;
}

Async<Result<std::vector<Found>>> Watcher::State::find_bases(std::shared_ptr<const WatchTable> next,
                                                             std::map<std::string, Listing>& next_listings) {
    std::vector<Found> found;
    for (int round = 0; round < most_rounds; ++round) {
        auto kept = lists_kept;
        found.clear();
        for (auto& [name, listing] : next_listings) {
            auto list = co_await store.tag_list(name);
            if (!list) co_return list.error();
            listing.tags = list->tags.size();
            listing.known = list->revision != 0;
            auto among = found_among(*next, listing, list->tags, &listing.idle);
            std::move(among.begin(), among.end(), std::back_inserter(found));
        }
        if (lists_kept == kept && lists_recording == 0) break;
    }
    co_return found;
}

void Watcher::State::take_listings(std::map<std::string, Listing> next) {
    for (const auto& [name, listing] : listings)
        if (!next.contains(name)) lane_of(listing.repository).lists.remove(listing.repository);
    listings = std::move(next);
    auto now = clock.monotonic();
    for (auto& [name, listing] : listings) {
        lane_of(listing.repository)
            .lists.add(listing.repository, period_of(listing, *table), now, !listing.known);
        warn_of_idle(*table, listing, {});
    }
    for (const auto* name : order) {
        const auto& known = bases.at(*name);
        if (known.pattern < 0) continue;
        const auto& pattern = table->patterns[static_cast<std::size_t>(known.pattern)];
        listings.at(pattern.each.base.name()).found.push_back(name);
    }
}

Listing* Watcher::State::listing_of(const std::string& repository) {
    auto found = listings.find(repository);
    return found == listings.end() ? nullptr : &found->second;
}

std::string Watcher::State::listed_repository(const model::Reference& reference) const {
    auto name = reference.name();
    if (listings.contains(name)) return name;
    if (planning == nullptr) return "";
    for (const auto& alias : planning->pattern_aliases)
        if (std::find(alias.names.begin(), alias.names.end(), name) != alias.names.end())
            return alias.repository;
    return "";
}

std::vector<model::Reference> Watcher::State::unfound(const Listing& listing,
                                                      const std::vector<std::string>& tags) const {
    std::set<std::string> there;
    for (const auto& each : found_among(*table, listing, tags)) there.insert(each.base.base.text());
    std::vector<model::Reference> gone;
    for (const auto* name : listing.found)
        if (!there.contains(*name) && !bases.at(*name).exact)
            if (auto reference = model::Reference::parse(*name)) gone.push_back(std::move(*reference));
    return gone;
}

void Watcher::State::adopt(Listing& listing, const std::vector<std::string>& tags) {
    auto gone = unfound(listing, tags);
    if (!gone.empty()) {
        std::set<const std::string*> names;
        for (const auto& base : gone) names.insert(&bases.find(base.text())->first);
        std::erase_if(order, [&](const std::string* name) { return names.contains(name); });
    }
    for (const auto* name : listing.found) bases.at(*name).pattern = -1;
    listing.found.clear();
    for (const auto& base : gone) leave(base.text());

    auto now = clock.monotonic();
    Names came;
    auto idle_before = listing.idle;
    auto among = found_among(*table, listing, tags, &listing.idle);
    warn_of_idle(*table, listing, idle_before);
    for (const auto& each : among) {
        auto name = each.base.base.text();
        bool fresh = !bases.contains(name);
        // What the file names itself keeps its own settings.
        auto* known = fresh ? &put_base(each.base).second : find(name);
        known->pattern = each.pattern;
        const auto* key = &bases.find(name)->first;
        listing.found.push_back(key);
        if (!fresh) continue;
        order.push_back(key);
        came.push_back(key);
        auto& lane = lane_of(each.base.base);
        lane.schedule.add(each.base.base, each.base.interval, now, true);
        ++lane.intervals[each.base.interval];
    }
    bool changed = !gone.empty() || !came.empty();
    name_tags(listing.repository, std::move(came));
    if (changed) recount(listing.repository);
    bell.ring();
}

std::vector<PatternReport> Watcher::patterns() const {
    std::vector<PatternReport> reports;
    if (!state_->table) return reports;
    for (const auto& pattern : state_->table->patterns) {
        PatternReport report;
        report.repository = pattern.each.base;
        report.tags = pattern.tags;
        reports.push_back(std::move(report));
    }
    for (const auto& [name, listing] : state_->listings) {
        auto due = std::as_const(*state_).lane_of(listing.repository)->lists.due(listing.repository);
        for (auto number : listing.patterns) {
            auto& report = reports[static_cast<std::size_t>(number)];
            report.known = listing.known;
            report.idle = listing.idle.contains(number);
            report.listed = listing.tags;
            report.listed_at = listing.listed_at;
            report.error = listing.error;
            if (listing.failures > 0) report.failing_since = listing.failing_since;
            if (due)
                report.next_list =
                    state_->clock.now() + std::chrono::floor<Milliseconds>(*due - state_->clock.monotonic());
        }
        for (const auto* base : listing.found) {
            auto number = state_->bases.at(*base).pattern;
            auto reference = model::Reference::parse(*base);
            if (number >= 0 && reference)
                reports[static_cast<std::size_t>(number)].bases.push_back(std::move(*reference));
        }
    }
    return reports;
}

}  // namespace basewatch::watch
