#include "watch/schedule.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string_view>
#include <unordered_set>

namespace basewatch::watch {

namespace {

// FNV-1a, then the finisher of SplitMix64: the same in every process and on every machine, and spread well
// even for names that differ in one digit. std::hash promises neither.
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

std::uint64_t stable_hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return mixed(hash);
}

// The normalised reference without tag and digest.
std::string_view repository_of(std::string_view name) {
    name = name.substr(0, name.find('@'));
    auto colon = name.rfind(':');
    auto slash = name.rfind('/');
    bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
    return tagged ? name.substr(0, colon) : name;
}

std::int64_t ticks(Monotonic time) {
    return std::chrono::floor<Milliseconds>(time.time_since_epoch()).count();
}

Monotonic at_tick(std::int64_t tick) {
    return Monotonic(Milliseconds(tick));
}

}  // namespace

// With 100,000 references this is what a base costs here: its name once, 24 bytes beside it, and two numbers
// in the index and the heap.
struct Schedule::State {
    using Number = std::uint32_t;
    static constexpr Number nowhere = 0xffffffffu;
    static constexpr std::int64_t most_spread = 10'000;  // milliseconds between a repository's tags

    struct Entry {
        std::string name;      // the normalised reference
        std::int64_t due = 0;  // milliseconds of monotonic time; kept while taken
        std::int64_t interval = 0;
        Number place = nowhere;  // in the heap; nowhere while taken
    };

    explicit State(std::uint64_t seed) : jitter_seed(seed), index(16, NameHash{this}, NameEqual{this}) {}

    // The index holds numbers only; a name that is looked for stands in `wanted` meanwhile.
    static constexpr Number sought = nowhere - 1;
    std::string_view name_of(Number number) const { return number == sought ? wanted : entries[number].name; }
    struct NameHash {
        const State* state;
        std::size_t operator()(Number number) const { return stable_hash(state->name_of(number)); }
    };
    struct NameEqual {
        const State* state;
        bool operator()(Number a, Number b) const { return state->name_of(a) == state->name_of(b); }
    };

    Number find(std::string_view name) const {
        wanted = name;
        auto found = index.find(sought);
        return found == index.end() ? nowhere : *found;
    }

    // Earlier first; at one moment in the order of names, so that a start, where everything is due at once,
    // goes through one repository after the other.
    bool before(Number a, Number b) const {
        const auto &one = entries[a], &other = entries[b];
        return one.due != other.due ? one.due < other.due : one.name < other.name;
    }
    void place(Number number, std::size_t at) {
        heap[at] = number;
        entries[number].place = static_cast<Number>(at);
    }
    void sift_up(std::size_t at) {
        Number number = heap[at];
        for (; at > 0 && before(number, heap[(at - 1) / 2]); at = (at - 1) / 2) place(heap[(at - 1) / 2], at);
        place(number, at);
    }
    void sift_down(std::size_t at) {
        Number number = heap[at];
        for (;;) {
            std::size_t child = 2 * at + 1;
            if (child >= heap.size()) break;
            if (child + 1 < heap.size() && before(heap[child + 1], heap[child])) ++child;
            if (!before(heap[child], number)) break;
            place(heap[child], at);
            at = child;
        }
        place(number, at);
    }
    void put(Number number) {
        heap.push_back(number);
        sift_up(heap.size() - 1);
    }
    void take_out(Number number) {
        std::size_t at = entries[number].place;
        if (at == nowhere) return;
        entries[number].place = nowhere;
        Number last = heap.back();
        heap.pop_back();
        if (last == number) return;
        place(last, at);
        sift_down(at);
        sift_up(entries[last].place);
    }
    void move_to(Number number, std::int64_t due) {
        take_out(number);
        entries[number].due = due;
        put(number);
    }

    // The first turn of the entry's phase after `from`, with its jitter, which may not bring it before
    // `earliest`. Phase and jitter are the repository's, so that its tags meet one token (Docker Hub's live
    // five minutes); each tag stands a little behind them, so that a large repository is no burst.
    std::int64_t turn_after(const Entry& entry, std::int64_t from, std::int64_t earliest,
                            int every = 1) const {
        std::uint64_t hash = stable_hash(repository_of(entry.name));
        auto interval = std::max<std::int64_t>(entry.interval, 1);
        auto phase = static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(interval));
        // Division rounds towards zero; time is never negative here, from - phase may be.
        std::int64_t since = from - phase;
        std::int64_t turn = (since < 0 ? -1 : since / interval) + 1;
        auto own = static_cast<std::int64_t>(mixed(hash) % static_cast<std::uint64_t>(every));
        turn += (own - turn % every + every) % every;
        std::uint64_t random = mixed(hash ^ mixed(jitter_seed + static_cast<std::uint64_t>(turn)));
        double part = static_cast<double>(random >> 11) * 0x1p-53;  // [0, 1)
        auto jitter = static_cast<std::int64_t>((part - 0.5) * 0.2 * static_cast<double>(interval));
        std::int64_t due = turn * interval + phase;
        auto spread = static_cast<std::uint64_t>(std::clamp<std::int64_t>(interval / 100, 1, most_spread));
        auto behind = static_cast<std::int64_t>(stable_hash(entry.name) % spread);
        return (due + jitter < earliest ? due : due + jitter) + behind;
    }

    void remove(Number number) {
        take_out(number);
        index.erase(number);
        auto last = static_cast<Number>(entries.size() - 1);
        if (number != last) {
            // The last one moves into the gap and takes its new number everywhere.
            index.erase(last);
            entries[number] = std::move(entries[last]);
            if (entries[number].place != nowhere) heap[entries[number].place] = number;
            entries.pop_back();
            index.insert(number);
        } else {
            entries.pop_back();
        }
    }

    std::uint64_t jitter_seed;
    std::vector<Entry> entries;
    std::vector<Number> heap;
    std::unordered_set<Number, NameHash, NameEqual> index;
    mutable std::string_view wanted;
};

Schedule::Schedule(std::uint64_t seed) : state_(std::make_unique<State>(seed)) {}
Schedule::~Schedule() = default;
Schedule::Schedule(Schedule&&) noexcept = default;
Schedule& Schedule::operator=(Schedule&&) noexcept = default;

void Schedule::add(const model::Reference& base, Milliseconds interval, Monotonic now, bool first_at_once) {
    std::string name = base.text();
    std::int64_t tick = ticks(now);
    auto number = state_->find(name);
    if (number != State::nowhere) {
        auto& entry = state_->entries[number];
        bool shorter = interval.count() < entry.interval;
        entry.interval = interval.count();
        if (shorter && entry.place != State::nowhere)
            state_->move_to(number, std::min(entry.due, state_->turn_after(entry, tick, tick)));
        return;
    }
    number = static_cast<State::Number>(state_->entries.size());
    state_->entries.push_back({std::move(name), tick, interval.count(), State::nowhere});
    auto& entry = state_->entries.back();
    if (!first_at_once) entry.due = state_->turn_after(entry, tick, tick);
    state_->index.insert(number);
    state_->put(number);
}

void Schedule::remove(const model::Reference& base) {
    auto number = state_->find(base.text());
    if (number != State::nowhere) state_->remove(number);
}

std::vector<model::Reference> Schedule::take_due(Monotonic now, std::size_t most) {
    std::vector<std::string_view> names;
    std::int64_t tick = ticks(now);
    while (names.size() < most && !state_->heap.empty()) {
        auto number = state_->heap.front();
        if (state_->entries[number].due > tick) break;
        state_->take_out(number);
        names.push_back(state_->entries[number].name);
    }
    // The names of one repository's tags differ only at their ends.
    std::sort(names.begin(), names.end());
    std::vector<model::Reference> due;
    due.reserve(names.size());
    for (auto name : names) {
        auto reference = model::Reference::parse(name);
        assert(reference);  // a reference's own text
        due.push_back(std::move(*reference));
    }
    return due;
}

void Schedule::done(const model::Reference& base, Monotonic now, int every) {
    auto number = state_->find(base.text());
    if (number == State::nowhere) return;
    // Jitter may have brought this check before its turn, or after: half an interval on, the next turn is
    // surely another one.
    const auto& entry = state_->entries[number];
    state_->move_to(number, state_->turn_after(entry, ticks(now) + entry.interval / 2, ticks(now), every));
}

void Schedule::postpone(const model::Reference& base, Monotonic when) {
    auto number = state_->find(base.text());
    if (number != State::nowhere) state_->move_to(number, ticks(when));
}

void Schedule::hurry(const model::Reference& base, Monotonic now) {
    auto number = state_->find(base.text());
    if (number != State::nowhere) state_->move_to(number, ticks(now));
}

std::optional<Monotonic> Schedule::next() const {
    if (state_->heap.empty()) return std::nullopt;
    return at_tick(state_->entries[state_->heap.front()].due);
}

std::size_t Schedule::size() const {
    return state_->entries.size();
}

std::size_t Schedule::due_count(Monotonic now) const {
    std::int64_t tick = ticks(now);
    return static_cast<std::size_t>(std::count_if(state_->heap.begin(), state_->heap.end(), [&](auto number) {
        return state_->entries[number].due <= tick;
    }));
}

std::optional<Monotonic> Schedule::due(const model::Reference& base) const {
    auto number = state_->find(base.text());
    if (number == State::nowhere || state_->entries[number].place == State::nowhere) return std::nullopt;
    return at_tick(state_->entries[number].due);
}

Milliseconds back_off(int failures, Milliseconds interval, double random01) {
    static constexpr Milliseconds first{30'000}, floor{1'000}, least_ceiling{15 * 60'000};
    auto ceiling = std::max(interval, least_ceiling);
    int doublings = std::clamp(failures - 1, 0, 30);
    auto bound = doublings >= 30 ? ceiling : std::min(ceiling, first * (std::int64_t{1} << doublings));
    // Not at once, even when the dice say so.
    return std::max(
        floor,
        Milliseconds(static_cast<std::int64_t>(std::floor(static_cast<double>(bound.count()) * random01))));
}

}  // namespace basewatch::watch
