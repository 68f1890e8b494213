#pragma once
// When each base is due. Every repository has a phase of its own, computed from its name, so that restarts
// and reloads do not bunch checks together, and a jitter of ±10 % around it; its tags of one interval follow
// within ten seconds and share a token. Nothing is replayed after a pause: a base that is overdue is due
// once. Pure: time goes in.

#include "foundation/clock.hpp"
#include "model/reference.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::watch {

class Schedule {
public:
    // `seed` varies the jitter.
    explicit Schedule(std::uint64_t seed);
    ~Schedule();
    Schedule(Schedule&&) noexcept;
    Schedule& operator=(Schedule&&) noexcept;

    // Twice the same reference is one. A base that is already there keeps its due time unless its interval
    // became shorter. `first_at_once`: a base never observed is due now rather than at its phase.
    void add(const model::Reference& base, Milliseconds interval, Monotonic now, bool first_at_once);
    void remove(const model::Reference& base);
    // The bases that are due, at most `most`, oldest first, ordered so that one repository's tags stand
    // together; they are out of the schedule until done() or postpone().
    std::vector<model::Reference> take_due(Monotonic now, std::size_t most);
    // Back at the next turn of its phase; at the next that is one of every so many, which ones being the
    // repository's own, so that bases that are asked rarely are still spread.
    void done(const model::Reference& base, Monotonic now, int every = 1);
    // Back at `when`.
    void postpone(const model::Reference& base, Monotonic when);
    // Due now, wherever it stands.
    void hurry(const model::Reference& base, Monotonic now);
    std::optional<Monotonic> next() const;
    std::size_t size() const;
    // How many are due and not taken.
    std::size_t due_count(Monotonic now) const;
    std::optional<Monotonic> due(const model::Reference& base) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// After `failures` errors in a row: the wait before asking again, doubling from 30 s up to the interval or 15
// min, whichever is more, with full jitter from `random01` in [0, 1), at least 1 s.
Milliseconds back_off(int failures, Milliseconds interval, double random01);

}  // namespace basewatch::watch
