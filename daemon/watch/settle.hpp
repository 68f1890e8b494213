#pragma once
// Whether what a registry answered is told now, or held until it has settled (README, "Settling"). Publishers
// push architecture by architecture, and caches behind one name may answer in turns; neither is news yet.
// Pure: what is remembered, what was seen, and the time go in; what to do, and what to remember, come out.
//
// A hold never moves what is recorded of a base: the change that fires in the end leads from the digest
// before the first move to the last one seen, and an answer that goes back in time was nothing.

#include "model/observation.hpp"

#include <string>
#include <vector>

namespace basewatch::watch {

// An answer like the one before the present one, within this time, means that the registry flaps.
inline constexpr Milliseconds flap_window{3'600'000};
// How soon a flapping registry's new answer is asked for again: it takes two in a row.
inline constexpr Milliseconds second_read_after{60'000};

// No hold of a settle time is longer, however often the index moves and whatever is missing in it.
Milliseconds longest_hold(Milliseconds settle);

// How far a move has come, on the watched platforms of both observations.
struct Progression {
    bool complete = false;  // every one of them moved
    std::vector<model::Platform> missing;
};
Progression progression(const model::Observation& before, const model::Observation& after,
                        const std::vector<model::Platform>& watched);

struct Settlement {
    enum class Action {
        nothing,  // what was answered is what is recorded
        hold,     // not yet; asked again by `next.until` at the latest
        fire
    };
    Action action = Action::nothing;
    model::Settling next;
    bool began_to_flap = false;
};

// What is recorded of a base, what was answered now (`seen`, with its details where it differs), and what is
// remembered of the answers between.
struct SettleInput {
    model::Settling state;
    model::Observation recorded;
    model::Observation seen;
    std::vector<model::Platform> platforms;  // watched; empty: all
    Milliseconds settle{};
};
Settlement settle(const SettleInput& input, Time now);

// Whether anything in it still matters.
bool worth_keeping(const model::Settling& state, Time now);

}  // namespace basewatch::watch
