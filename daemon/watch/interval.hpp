#pragma once
// How often a base is asked. What never moves is asked at every second of its turns after a week and at every
// fourth after thirty days; what moved is asked at every turn again, and its siblings, the other tags of its
// repository, half an interval after their last look at the latest. And how often the bases of one registry
// can be asked at all, by its rate, its pause and its pulls. Pure: time goes in.

#include "foundation/clock.hpp"

namespace basewatch::watch {

struct Stillness {
    bool exact = false;         // the user gave this base an interval of its own, which is kept
    int unreachable_after = 4;  // intervals: what is asked more rarely would be told so much later
    Time still_since{};
};

// Every how many of its turns a base is asked: 1, 2 or 4, and no more than `unreachable_after`.
int turns_between(const Stillness& base, Time now);

// When a base is to be asked at the latest whose sibling moved just now.
Time sibling_due(Time last_look, Milliseconds interval, Time now);

// What the bases of one registry come to, as they are configured.
struct Demand {
    std::size_t bases = 0;
    double checks_per_second = 0;
    Milliseconds shortest{};  // interval among them

    void add(Milliseconds interval, std::size_t many = 1);
};

// What their registry gives.
struct Supply {
    double checks_per_second = 0;
    Milliseconds pause{};  // that is left
};

// How often a base of this interval can be asked, when all are made to wait alike.
Milliseconds effective_interval(Milliseconds interval, const Demand& demand, const Supply& supply);

// Whether so much more is wanted that a person would notice it.
bool falls_behind(const Demand& demand, const Supply& supply);

}  // namespace basewatch::watch
