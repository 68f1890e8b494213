// Which bases are watched, and what is known of them.

#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>
#include <utility>

namespace basewatch::watch {

namespace {

constexpr std::size_t states_at_once = 1000;

std::map<std::string, std::string> names_by_alias(const rules::PlanningTable* planning) {
    std::map<std::string, std::string> found;
    if (planning == nullptr) return found;
    for (const auto& [base, names] : planning->aliases)
        for (const auto& name : names) found.emplace(name, base);
    return found;
}

}  // namespace

Watcher::State::State(asio::any_io_executor executor_, Clock& clock_, registry::RegistryClient& registry_,
                      store::Store& store_, jq::Worker& conditions_,
                      std::function<void(const std::vector<std::string>&)> committed_, std::uint64_t seed_)
    : executor(std::move(executor_)),
      clock(clock_),
      registry(registry_),
      store(store_),
      conditions(conditions_),
      committed(std::move(committed_)),
      bell(executor),
      seed(seed_),
      dice(seed_) {}

KnownBase* Watcher::State::find(const std::string& name) {
    auto found = bases.find(name);
    return found == bases.end() ? nullptr : &found->second;
}

const KnownBase* Watcher::State::find(const std::string& name) const {
    auto found = bases.find(name);
    return found == bases.end() ? nullptr : &found->second;
}

Lane& Watcher::State::lane_of(const model::Reference& base) {
    return lanes.try_emplace(base.registry(), seed).first->second;
}

const Lane* Watcher::State::lane_of(const model::Reference& base) const {
    auto found = lanes.find(base.registry());
    return found == lanes.end() ? nullptr : &found->second;
}

Async<Result<void>> Watcher::State::use(std::shared_ptr<const WatchTable> next) {
    auto next_listings = listings_of(*next);
    auto found = co_await find_bases(next, next_listings);
    if (!found) co_return found.error();
    // Before anything is counted, or asked, by the new table.
    if (next->registries) registry.replace_settings(next->registries);
    bool forget = take_bases(*next, *found);
    // Without its bases: all that is needed of them is in `bases`, and 100,000 would be held twice.
    auto rest = std::make_shared<WatchTable>();
    rest->patterns = next->patterns;
    rest->newer = next->newer;
    rest->newer_interval = next->newer_interval;
    table = std::move(rest);
    planning = next->planning;
    aliases = names_by_alias(planning.get());
    take_listings(std::move(next_listings));
    if (!loaded) {
        failpoint("states-to-be-loaded");
        auto hosts = co_await store.host_memories();
        if (!hosts) co_return hosts.error();
        registry.remember(*hosts);
        auto others = co_await load_states();
        if (!others) co_return others.error();
        forget = forget || *others;
    }
    schedule_all();
    bell.ring();
    bases_to_forget = bases_to_forget || forget;
    co_await forget_others();
    co_return Result<void>();
}

Async<void> Watcher::State::forget_others() {
    // What is being recorded may be watched as soon as it is.
    others_to_forget = lists_recording > 0;
    if (others_to_forget) co_return;
    if (bases_to_forget) {
        auto forgotten = co_await store.forget_bases_but(watched(), clock.now());
        bases_to_forget = !forgotten;
        if (!forgotten) co_return owe_forgetting(forgotten.error());
    }
    // A pattern that comes back later begins with a baseline.
    std::vector<std::string> repositories;
    for (const auto& [name, listing] : listings) repositories.push_back(name);
    auto forgotten = co_await store.forget_tag_lists_but(std::move(repositories));
    if (!forgotten) owe_forgetting(forgotten.error());
}

void Watcher::State::owe_forgetting(const Error& error) {
    others_to_forget = true;
    log::warning("what is not watched any more is forgotten when the state can be written",
                 {{"error", error.message()}});
}

void Watcher::State::schedule_all() {
    auto now = clock.monotonic();
    for (const auto& [name, known] : bases) {
        auto base = model::Reference::parse(name);
        if (base)
            lane_of(*base).schedule.add(*base, known.settings->interval, now, known.observation.empty());
        if (base && known.settling && known.settling->holds()) hasten(*base, known.settling->until);
    }
    count_bases();
    if (running) warn_of_slow_registries();
}

void Watcher::State::count_bases() {
    std::map<std::string, std::size_t> tags;  // by repository
    for (auto& [registry_name, lane] : lanes) lane.intervals.clear();
    auto repository = tags.end();
    for (const auto& [name, known] : bases) {
        auto base = model::Reference::parse(name);
        if (!base) continue;
        // Tags of one repository mostly stand side by side.
        auto its = base->name();
        if (repository == tags.end() || repository->first != its)
            repository = tags.try_emplace(std::move(its)).first;
        ++repository->second;
        ++lane_of(*base).intervals[known.settings->interval];
    }
    registry.expect_tags(std::move(tags));
}

std::vector<model::Reference> Watcher::State::watched() const {
    std::vector<model::Reference> references;
    references.reserve(order.size());
    for (const auto* name : order)
        if (auto reference = model::Reference::parse(*name)) references.push_back(std::move(*reference));
    return references;
}

std::pair<const std::string, KnownBase>& Watcher::State::put_base(const Watched& watched) {
    auto& entry = *bases.try_emplace(watched.base.text()).first;
    auto& known = entry.second;
    auto settings = shared.of(watched);
    // What was refused for its platforms may be what is wanted now.
    if (known.settings && known.settings->platforms != settings->platforms && known.trouble)
        known.trouble->refused = model::Digest();
    known.settings = std::move(settings);
    return entry;
}

bool Watcher::State::take_bases(const WatchTable& next, const std::vector<Found>& found) {
    shared = SharedSettings();
    for (auto& [name, known] : bases) known.taken = false;
    bases.reserve(next.bases.size() + found.size());
    by_name.clear();
    order.clear();
    order.reserve(next.bases.size() + found.size());
    auto take = [&](const Watched& each) -> KnownBase* {
        auto& [name, known] = put_base(each);
        if (std::exchange(known.taken, true)) return nullptr;
        order.push_back(&name);
        known.exact = false;
        known.pattern = -1;
        return &known;
    };
    for (const auto& each : next.bases)
        if (auto* known = take(each)) known->exact = true;
    for (const auto& each : found) {
        auto* exact = find(each.base.base.text());
        if (exact != nullptr && exact->exact && exact->taken)
            exact->pattern = each.pattern;
        else if (auto* known = take(each.base))
            known->pattern = each.pattern;
    }
    std::vector<std::string> gone;
    for (const auto& [name, known] : bases)
        if (!known.taken) gone.push_back(name);
    for (const auto& name : gone) leave(name);
    return !gone.empty();
}

void Watcher::State::leave(const std::string& name) {
    auto reference = model::Reference::parse(name);
    auto known = bases.find(name);
    if (!reference || known == bases.end()) return;
    auto& lane = lane_of(*reference);
    lane.schedule.remove(*reference);
    lane.leave(known->second.settings->interval);
    unname(name);
    bases.erase(known);
}

Async<Result<bool>> Watcher::State::load_states() {
    bool others = false;
    for (std::int64_t after = 0;;) {
        auto page = co_await store.base_page(after, states_at_once);
        if (!page) co_return page.error();
        if (page->rows.empty()) break;
        after = page->last;
        for (const auto& state : page->rows) {
            auto* known = find(state.reference.text());
            if (known != nullptr) known->take(state);
            others = others || known == nullptr;
        }
    }
    loaded = true;
    co_return others;
}

// Only this base's state is behind, but states are read all at once: this happens when somebody changed the
// file under a running daemon, which is as good as never.
Async<Result<void>> Watcher::State::reload(model::Reference base) {
    auto stored = co_await store.bases();
    if (!stored) co_return stored.error();
    auto* known = find(base.text());
    if (known == nullptr) co_return Result<void>();
    for (const auto& state : *stored)
        if (state.reference == base) known->take(state);
    co_return Result<void>();
}

// --- what others ask ---

void CheckReport::add(CheckReport other) {
    if (other.outcome == Outcome::changed && outcome != Outcome::failed) outcome = Outcome::changed;
    if (before.empty()) before = other.before;
    std::move(other.changes.begin(), other.changes.end(), std::back_inserter(changes));
    deliveries += other.deliveries;
}

Watcher::Watcher(asio::any_io_executor executor, Clock& clock, registry::RegistryClient& registry,
                 store::Store& store, jq::Worker& conditions,
                 std::function<void(const std::vector<std::string>& targets)> committed, std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(executor), clock, registry, store, conditions,
                                     std::move(committed), seed)) {}

Watcher::~Watcher() = default;

Async<Result<void>> Watcher::use(std::shared_ptr<const WatchTable> table) {
    co_return co_await state_->use(std::move(table));
}

Async<void> Watcher::run() {
    co_await state_->run();
}

Async<void> Watcher::check_all(model::DetectedBy by, std::function<void(std::size_t, CheckReport)> each) {
    co_await state_->check_all(by, std::move(each));
}

Async<Result<CheckReport>> Watcher::check_now(model::Reference base, model::DetectedBy by) {
    auto meant = watched_as(base);
    auto repository = state_->listed_repository(meant.value_or(base));
    std::vector<CheckReport> told;
    if (!repository.empty() && (!meant || by == model::DetectedBy::request)) {
        told = co_await state_->list_or_join(repository, by);
        meant = watched_as(base);
    }
    if (!meant) {
        const auto* listing = state_->listing_of(repository);
        if (listing != nullptr && listing->failures > 0)
            co_return Error(ErrorKind::not_found, base.text() + " is not watched, and the tags of " +
                                                      repository + " could not be listed: " + listing->error);
        co_return Error(ErrorKind::not_found, base.text() + " is not watched");
    }
    auto report = co_await state_->check_or_join(*meant, by);
    for (auto& one : told)
        if (one.base == *meant) report.add(std::move(one));
    // Without the daemon's loop nobody else saves the marks.
    if (!state_->running) co_await state_->save_marks();
    co_return report;
}

std::vector<model::BaseState> Watcher::states() const {
    std::vector<model::BaseState> states;
    states.reserve(state_->order.size());
    for (const auto* name : state_->order) {
        auto reference = model::Reference::parse(*name);
        if (reference) states.push_back(state_->bases.at(*name).state(*reference));
    }
    return states;
}

std::optional<model::BaseState> Watcher::state(const model::Reference& base) const {
    const auto* known = std::as_const(*state_).find(base.text());
    if (known == nullptr) return std::nullopt;
    return known->state(base);
}

std::optional<model::Reference> Watcher::watched_as(const model::Reference& asked) const {
    auto reference = tag_of(asked);
    std::string name = reference.text();
    if (state_->bases.contains(name)) return reference;
    auto alias = state_->aliases.find(name);
    if (alias == state_->aliases.end()) {
        auto repository = state_->listed_repository(reference);
        std::string base = repository.empty() ? "" : repository + ":" + reference.tag();
        if (!state_->bases.contains(base)) return std::nullopt;
        return *model::Reference::parse(base);
    }
    if (!state_->bases.contains(alias->second)) return std::nullopt;
    auto base = model::Reference::parse(alias->second);
    if (!base) return std::nullopt;
    return *base;
}

std::optional<Time> Watcher::next_check(const model::Reference& base) const {
    const auto* lane = std::as_const(*state_).lane_of(base);
    auto due = lane == nullptr ? std::nullopt : lane->schedule.due(base);
    if (!due) return std::nullopt;
    return state_->clock.now() + std::chrono::floor<Milliseconds>(*due - state_->clock.monotonic());
}

Watcher::Progress Watcher::progress() const {
    auto progress = state_->progress;
    progress.watched = state_->order.size();
    progress.under_way = state_->under_way.size();
    auto now = state_->clock.monotonic();
    for (const auto& [name, lane] : state_->lanes) progress.due_now += lane.schedule.due_count(now);
    for (const auto& [name, known] : state_->bases) progress.failing += known.failing() ? 1 : 0;
    return progress;
}

}  // namespace basewatch::watch
