#include "watch/interval.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace basewatch::watch {

namespace {

constexpr auto still = std::chrono::hours(7 * 24);
constexpr auto very_still = std::chrono::hours(30 * 24);
// A wait that a person would not notice is not worth a warning.
constexpr double noticed = 1.05;
constexpr Milliseconds longest = std::chrono::hours(24 * 365);

}  // namespace

int turns_between(const Stillness& base, Time now) {
    if (base.exact) return 1;
    auto age = now - base.still_since;
    int turns = age >= very_still ? 4 : age >= still ? 2 : 1;
    while (turns > 1 && turns > base.unreachable_after) turns /= 2;
    return turns;
}

Time sibling_due(Time last_look, Milliseconds interval, Time now) {
    return std::max(now, last_look + interval / 2);
}

void Demand::add(Milliseconds interval, std::size_t many) {
    shortest = bases == 0 ? interval : std::min(shortest, interval);
    bases += many;
    checks_per_second +=
        1000.0 * static_cast<double>(many) / static_cast<double>(std::max<std::int64_t>(interval.count(), 1));
}

Milliseconds effective_interval(Milliseconds interval, const Demand& demand, const Supply& supply) {
    double overload = supply.checks_per_second > 0 ? demand.checks_per_second / supply.checks_per_second
                                                   : std::numeric_limits<double>::infinity();
    double wanted = static_cast<double>(interval.count()) * std::max(overload, 1.0);
    if (!(wanted < static_cast<double>(longest.count()))) return longest;
    return std::max(Milliseconds(static_cast<std::int64_t>(std::ceil(wanted))), supply.pause);
}

bool falls_behind(const Demand& demand, const Supply& supply) {
    return demand.checks_per_second > supply.checks_per_second * noticed;
}

}  // namespace basewatch::watch
