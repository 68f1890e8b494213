#include "dispatch/quiet.hpp"

namespace basewatch::dispatch {

namespace {

// Where they begin on the day before or on the same day, in local time.
std::optional<Time> end_of(const settings::QuietHours& hours, Time now) {
    auto today = std::chrono::floor<std::chrono::days>(hours.zone->local(now));
    for (auto day : {today - std::chrono::days(1), today}) {
        auto last = hours.to > hours.from ? day : day + std::chrono::days(1);
        auto begins = hours.zone->moment(day + hours.from), ends = hours.zone->moment(last + hours.to);
        if (begins <= now && now < ends) return ends;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Time> quiet_until(const std::vector<settings::QuietHours>& quiet, Time now) {
    constexpr std::chrono::hours a_week{24 * 7};
    std::optional<Time> until;
    for (bool later = true; later;) {
        later = false;
        for (const auto& hours : quiet) {
            auto end = end_of(hours, until.value_or(now));
            if (!end || *end > now + a_week) continue;
            until = end;
            later = true;
        }
    }
    return until;
}

}  // namespace basewatch::dispatch
