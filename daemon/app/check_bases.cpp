#include "app/check_bases.hpp"

#include "app/tables.hpp"
#include "rules/match.hpp"

#include <algorithm>
#include <set>

namespace basewatch::app {

namespace {

// The bases that a rule's change can come from: its exact ones, and what is watched under its patterns.
std::vector<std::string> bases_behind(const std::vector<std::string>& patterns,
                                      const std::vector<watch::Watched>& watched,
                                      const std::map<std::string, std::string>& by_alias) {
    std::vector<std::string> out;
    for (const auto& pattern : patterns) {
        if (!rules::is_glob(pattern)) {
            out.push_back(pattern);
            continue;
        }
        for (const auto& base : watched)
            if (rules::glob_matches(pattern, base.base.text())) out.push_back(base.base.text());
        for (const auto& [alias, base] : by_alias)
            if (rules::glob_matches(pattern, alias)) out.push_back(base);
    }
    return out;
}

// The rules with bases spelt out and every image under its one name, a dependent that is its own base left
// out: what is left goes round only in a cycle.
struct Spelt {
    std::vector<model::Rule> rules;
    std::vector<std::pair<Mark, std::string>> own_bases;
};

Spelt spelt_out(const settings::Settings& settings) {
    Spelt spelt;
    auto by_alias = bases_by_alias(settings);
    auto watched = watched_bases(settings);
    spelt.rules = rules_of_bases(settings);
    for (std::size_t i = 0; i < spelt.rules.size(); ++i) {
        auto& rule = spelt.rules[i];
        rule.bases = bases_behind(rule.bases, watched, by_alias);
        std::set<std::string_view> bases(rule.bases.begin(), rule.bases.end());
        std::vector<std::string> dependents;
        for (std::size_t j = 0; j < rule.dependents.size(); ++j) {
            auto alias = by_alias.find(rule.dependents[j]);
            const auto& image = alias == by_alias.end() ? rule.dependents[j] : alias->second;
            if (bases.contains(image)) {
                spelt.own_bases.emplace_back(settings.rules[i].dependent_marks[j], rule.dependents[j]);
            } else {
                dependents.push_back(image);
            }
        }
        rule.dependents = std::move(dependents);
    }
    return spelt;
}

// Where the rules say that `dependent` is built on `base`.
Mark place_of(const settings::Settings& settings, const std::vector<model::Rule>& rules,
              const std::string& base, const std::string& dependent) {
    auto by_alias = bases_by_alias(settings);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (std::ranges::find(rules[i].bases, base) == rules[i].bases.end()) continue;
        const auto& entry = settings.rules[i];
        for (std::size_t j = 0; j < entry.rule.dependents.size(); ++j) {
            auto alias = by_alias.find(entry.rule.dependents[j]);
            const auto& image = alias == by_alias.end() ? entry.rule.dependents[j] : alias->second;
            if (image == dependent) return entry.dependent_marks[j];
        }
    }
    return settings.rules.front().where;
}

}  // namespace

void check_names_of_bases(const settings::Settings& settings, Problems& problems) {
    std::map<std::string, Mark> watched;
    for (const auto& watch : settings.watch) {
        auto [first, fresh] = watched.try_emplace(watch.base.text(), watch.where);
        if (!fresh)
            problems.error(watch.where, watch.base.text() + " is watched twice, first at " +
                                            first->second.text() + ": keep one of them");
    }
    std::map<std::string, std::pair<Mark, std::string>> claimed;
    for (const auto& watch : settings.watch) {
        for (std::size_t i = 0; i < watch.aliases.size(); ++i) {
            std::string alias = watch.aliases[i].text();
            const auto& where = watch.alias_marks[i];
            auto [first, fresh] = claimed.try_emplace(alias, where, watch.base.text());
            if (auto base = watched.find(alias); base != watched.end()) {
                problems.error(where, "the alias " + alias + " is itself watched, at " + base->second.text() +
                                          ": remove it here or there");
            } else if (!fresh) {
                problems.error(where, "the alias " + alias + " is also one of " + first->second.second +
                                          ", at " + first->second.first.text() + ": an alias has one base");
            }
        }
    }
}

void check_dependents(const settings::Settings& settings, Problems& problems) {
    auto spelt = spelt_out(settings);
    for (const auto& [where, dependent] : spelt.own_bases)
        problems.error(where, dependent +
                                  " would be built on itself: it is a base of this rule and its "
                                  "dependent; name the image that is built");
    auto cycle = rules::find_cycle(spelt.rules);
    if (cycle.size() < 2) return;
    std::string way;
    for (const auto& image : cycle) way += (way.empty() ? "" : " → ") + image;
    problems.error(place_of(settings, spelt.rules, cycle[0], cycle[1]),
                   "a cycle: " + way +
                       " (an arrow leads from a base to what is built on it); every change "
                       "would rebuild them for ever: remove one of the rules");
}

void warn_of_idle_names(const settings::Settings& settings, Problems& problems) {
    auto watched = watched_bases(settings);
    auto by_alias = bases_by_alias(settings);
    std::set<std::string> named;
    for (const auto& entry : settings.rules) {
        named.insert(entry.rule.dependents.begin(), entry.rule.dependents.end());
        for (std::size_t i = 0; i < entry.rule.bases.size(); ++i)
            if (bases_behind({entry.rule.bases[i]}, watched, by_alias).empty())
                problems.warning(entry.base_marks[i],
                                 "no watched base matches " + entry.rule.bases[i] +
                                     ": this rule never fires for it; name its bases under `watch`");
    }
    for (const auto& entry : settings.dependents)
        if (!named.contains(entry.dependent.reference.text()))
            problems.warning(entry.where, "no rule names the dependent " + entry.dependent.reference.text() +
                                              ": nothing is asked to rebuild it");
}

}  // namespace basewatch::app
