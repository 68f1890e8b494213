// How often bases are asked, by what they and their registries let us.

#include "foundation/log.hpp"
#include "foundation/time.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>

namespace basewatch::watch {

namespace {

// What the names of all tags of its repository begin with.
std::string repository_prefix(const model::Reference& base) {
    return base.registry() + "/" + base.repository() + ":";
}

bool earlier(const std::string* a, const std::string* b) {
    return *a < *b;
}

}  // namespace

int Watcher::State::turns_of(const KnownBase& known) const {
    // Nothing is still that is held, takes turns, or was told as unreachable.
    if (known.settling || known.failing() || known.told_unreachable || known.observation.empty()) return 1;
    const auto& settings = *known.settings;
    return turns_between(
        {settings.exact_interval, settings.unreachable_after, known.observation.observed_at()}, clock.now());
}

void Watcher::State::next_turn(const model::Reference& base, const KnownBase& known) {
    lane_of(base).schedule.done(base, clock.monotonic(), turns_of(known));
}

std::pair<Watcher::State::Names::iterator, Watcher::State::Names::iterator> Watcher::State::tags_of(
    const model::Reference& repository) {
    if (by_name.empty()) {
        by_name = order;
        std::sort(by_name.begin(), by_name.end(), earlier);
    }
    auto prefix = repository_prefix(repository);
    auto first = std::lower_bound(by_name.begin(), by_name.end(), &prefix, earlier);
    ++prefix.back();
    return {first, std::lower_bound(first, by_name.end(), &prefix, earlier)};
}

void Watcher::State::name_tags(const model::Reference& repository, Names fresh) {
    if (by_name.empty() || fresh.empty()) return;
    auto [first, last] = tags_of(repository);
    fresh.insert(fresh.end(), first, last);
    std::sort(fresh.begin(), fresh.end(), earlier);
    by_name.insert(by_name.erase(first, last), fresh.begin(), fresh.end());
}

void Watcher::State::unname(const std::string& name) {
    auto place = std::lower_bound(by_name.begin(), by_name.end(), &name, earlier);
    if (place != by_name.end() && **place == name) by_name.erase(place);
}

void Watcher::State::recount(const model::Reference& repository) {
    auto [first, last] = tags_of(repository);
    registry.expect_tags(repository.name(), static_cast<std::size_t>(last - first));
}

Demand Lane::demand() const {
    Demand demand;
    for (const auto& [interval, many] : intervals) demand.add(interval, many);
    return demand;
}

void Lane::leave(Milliseconds interval) {
    auto its = intervals.find(interval);
    if (its != intervals.end() && --its->second == 0) intervals.erase(its);
}

void Watcher::State::hasten_siblings(const model::Reference& base) {
    if (hastening.moved(base.name(), clock.monotonic())) hasten_tags(base, base.text());
    bell.ring();
}

void Watcher::State::hasten_due() {
    for (const auto& repository : hastening.due(clock.monotonic()))
        if (auto reference = model::Reference::parse(repository)) hasten_tags(*reference, "");
}

void Watcher::State::hasten_tags(const model::Reference& repository, const std::string& but) {
    auto [name, last] = tags_of(repository);
    for (; name != last; ++name) {
        const auto& known = bases.at(**name);
        // One that fails is asked by its back-off, and an interval of its own is kept.
        if (known.failing() || known.settings->exact_interval || **name == but) continue;
        auto sibling = model::Reference::parse(**name);
        if (sibling) hasten(*sibling, sibling_due(known.checked_at, known.settings->interval, clock.now()));
    }
}

Supply Watcher::State::supply_of(const std::string& registry_name) const {
    auto paused = registry.paused_until(registry_name);
    auto pause = paused ? *paused - clock.monotonic() : Monotonic::duration(0);
    return {registry.checks_per_second(registry_name), std::chrono::ceil<Milliseconds>(pause)};
}

void Watcher::State::warn_of_slow_registries() const {
    for (const auto& [name, lane] : lanes) {
        auto supply = supply_of(name);
        auto demand = lane.demand();
        if (!falls_behind(demand, supply)) continue;
        auto wanted = demand.shortest;
        auto possible = effective_interval(wanted, demand, supply);
        log::warning(
            "a registry's bases cannot be asked as often as configured: lengthen `interval`, or raise "
            "`rate` where the registry allows it",
            {{"registry", name},
             {"bases", std::to_string(demand.bases)},
             {"interval", format_duration(wanted)},
             {"possible", format_duration(std::chrono::ceil<std::chrono::seconds>(possible))}});
    }
}

std::map<std::string, Watcher::Pace> Watcher::paces() const {
    std::map<std::string, Pace> paces;
    for (const auto& [name, lane] : state_->lanes) {
        auto demand = lane.demand();
        if (demand.bases == 0) continue;
        auto shortest = demand.shortest;
        paces[name] = {demand.bases, shortest, effective_interval(shortest, demand, state_->supply_of(name))};
    }
    return paces;
}

Milliseconds Watcher::asked_every(const model::Reference& base) const {
    const auto* known = std::as_const(*state_).find(base.text());
    const auto* lane = std::as_const(*state_).lane_of(base);
    if (known == nullptr || lane == nullptr) return {};
    auto interval = known->settings->interval * state_->turns_of(*known);
    auto possible =
        effective_interval(known->settings->interval, lane->demand(), state_->supply_of(base.registry()));
    return std::max(interval, possible);
}

}  // namespace basewatch::watch
