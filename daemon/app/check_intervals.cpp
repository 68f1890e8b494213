#include "app/check_intervals.hpp"

#include "app/tables.hpp"
#include "foundation/counted.hpp"
#include "foundation/time.hpp"
#include "registry/host.hpp"
#include "watch/interval.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace basewatch::app {

namespace {

struct OfRegistry {
    watch::Demand demand;
    const watch::Watched* most_often = nullptr;
};

// Where a base is named: its own entry, else the first rule that names it, whatever it calls it.
Mark mark_of(const settings::Settings& settings, const std::string& base) {
    for (const auto& entry : settings.watch)
        if (entry.base.text() == base) return entry.where;
    auto rules = rules_of_bases(settings);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (std::ranges::find(rules[i].bases, base) == rules[i].bases.end()) continue;
        const auto& entry = settings.rules[i];
        auto name = std::ranges::find(entry.rule.bases, base);
        if (name == entry.rule.bases.end()) return entry.where;
        return entry.base_marks[static_cast<std::size_t>(name - entry.rule.bases.begin())];
    }
    return {};
}

// To the second, where that is fine enough.
Milliseconds as_said(Milliseconds interval) {
    using namespace std::chrono_literals;
    return interval < 10s ? interval : std::chrono::round<std::chrono::seconds>(interval);
}

// `6.67/s`
std::string rate_text(double per_second) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g/s", per_second);
    return text;
}

std::string warning(const std::string& registry, const OfRegistry& its, const watch::Supply& supply) {
    auto wanted = its.most_often->interval;
    auto possible = as_said(watch::effective_interval(wanted, its.demand, supply));
    return "asked every " + format_duration(possible) + ", not every " + format_duration(wanted) + ": the " +
           counted(its.demand.bases, "base") + " of " + registry +
           (its.demand.bases == 1 ? " wants " : " want ") + rate_text(its.demand.checks_per_second) +
           ", and it is asked at most " + rate_text(supply.checks_per_second) +
           "; lengthen `interval`, or raise `rate` of " + registry +
           " under `registries` where it allows that";
}

}  // namespace

void warn_of_intervals(const settings::Settings& settings, const std::vector<watch::Watched>& bases,
                       Problems& problems) {
    std::map<std::string, OfRegistry> registries;
    for (const auto& base : bases) {
        auto& its = registries[base.base.registry()];
        its.demand.add(base.interval);
        if (its.most_often == nullptr || base.interval < its.most_often->interval) its.most_often = &base;
    }
    for (const auto& [name, its] : registries) {
        watch::Supply supply{registry::usual_rate(name, *settings.registries), {}};
        if (!watch::falls_behind(its.demand, supply)) continue;
        problems.warning(mark_of(settings, its.most_often->base.text()), warning(name, its, supply));
    }
}

}  // namespace basewatch::app
