// Which bases are watched, and what is known of them.

#include "foundation/bytes.hpp"
#include "foundation/failpoint.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace basewatch::watch {

namespace {

constexpr std::size_t states_at_once = 1000;

std::uint64_t random_number() {
    std::uint64_t number = 0;
    std::string bytes = random_bytes(sizeof number);
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

std::map<std::string, std::string> names_by_alias(const rules::PlanningTable* planning) {
    std::map<std::string, std::string> found;
    if (planning == nullptr) return found;
    for (const auto& [base, names] : planning->aliases)
        for (const auto& name : names) found.emplace(name, base);
    return found;
}

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

}  // namespace

Watcher::State::State(asio::any_io_executor executor_, Clock& clock_, registry::RegistryClient& registry_,
                      store::Store& store_, jq::Worker& conditions_,
                      std::function<void(const std::vector<std::string>&)> committed_)
    : executor(std::move(executor_)),
      clock(clock_),
      registry(registry_),
      store(store_),
      conditions(conditions_),
      committed(std::move(committed_)),
      bell(executor),
      seed(random_number()),
      dice(random_number()) {}

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

Async<Result<void>> Watcher::State::use(std::shared_ptr<const WatchTable> table) {
    bool forget = take_table(*table);
    if (!loaded) {
        failpoint("states-to-be-loaded");
        auto hosts = co_await store.host_memories();
        if (!hosts) co_return hosts.error();
        registry.remember(*hosts);
        auto others = co_await load_states();
        if (!others) co_return others.error();
        forget = forget || *others;
    }
    planning = table->planning;
    aliases = names_by_alias(planning.get());

    auto now = clock.monotonic();
    std::map<std::string, std::size_t> tags;  // by repository
    for (auto& [registry_name, lane] : lanes) lane.demand = {};
    for (const auto& watched : table->bases) {
        const auto& known = bases.at(watched.base.text());
        ++tags[watched.base.name()];
        lane_of(watched.base).demand.add(watched.interval);
        lane_of(watched.base).schedule.add(watched.base, watched.interval, now, known.observation.empty());
        if (known.settling && known.settling->holds()) hasten(watched.base, known.settling->until);
    }
    registry.expect_tags(std::move(tags));
    bell.ring();
    if (running) warn_of_slow_registries();
    if (!forget) co_return Result<void>();
    std::vector<model::Reference> watched;
    watched.reserve(table->bases.size());
    for (const auto& each : table->bases) watched.push_back(each.base);
    co_return co_await store.forget_bases_but(std::move(watched));
}

bool Watcher::State::take_table(const WatchTable& table) {
    SharedSettings shared;
    std::unordered_set<std::string_view> watched;
    order.clear();
    by_name.clear();
    for (const auto& each : table.bases) {
        auto [place, fresh] = bases.try_emplace(each.base.text());
        auto settings = shared.of(each);
        auto& known = place->second;
        // What was refused for its platforms may be what is wanted now.
        if (known.settings && known.settings->platforms != settings->platforms && known.trouble)
            known.trouble->refused = model::Digest();
        known.settings = std::move(settings);
        if (watched.insert(place->first).second) order.push_back(&place->first);
    }
    std::vector<std::string> gone;
    for (const auto& [name, known] : bases)
        if (!watched.contains(name)) gone.push_back(name);
    for (const auto& name : gone) {
        auto reference = model::Reference::parse(name);
        if (reference) lane_of(*reference).schedule.remove(*reference);
        bases.erase(name);
    }
    return !gone.empty();
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

Watcher::Watcher(asio::any_io_executor executor, Clock& clock, registry::RegistryClient& registry,
                 store::Store& store, jq::Worker& conditions,
                 std::function<void(const std::vector<std::string>& targets)> committed)
    : state_(std::make_unique<State>(std::move(executor), clock, registry, store, conditions,
                                     std::move(committed))) {}

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
    if (!meant) co_return Error(ErrorKind::not_found, base.text() + " is not watched");
    auto report = co_await state_->check_or_join(*meant, by);
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

std::optional<model::Reference> Watcher::watched_as(const model::Reference& reference) const {
    std::string name = reference.text();
    if (state_->bases.contains(name)) return reference;
    auto alias = state_->aliases.find(name);
    if (alias == state_->aliases.end() || !state_->bases.contains(alias->second)) return std::nullopt;
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
