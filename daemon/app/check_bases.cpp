#include "app/check_bases.hpp"

#include "app/tables.hpp"
#include "model/tag_version.hpp"
#include "rules/match.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace basewatch::app {

namespace {

bool any_glob(const settings::Settings& settings) {
    return std::ranges::any_of(settings.rules, [](const settings::RuleSettings& entry) {
        return std::ranges::any_of(entry.rule.bases, rules::is_glob);
    });
}

// What can be a base: what is watched, and every dependent that a pattern may come to stand for.
struct Bases {
    explicit Bases(const settings::Settings& settings)
        : by_alias(bases_by_alias(settings)), patterns(tag_patterns(settings)) {
        // There may be 100,000 names, and only globs ask for them.
        if (!any_glob(settings)) return;
        for (const auto& base : watched_bases(settings)) names.push_back(base.base.text());
        for (const auto& rule : settings.rules)
            for (const auto& dependent : rule.rule.dependents) add_found(dependent);
    }

    // Those that a rule's change can come from: its exact ones, and what stands under its globs.
    std::vector<std::string> behind(const std::vector<std::string>& globs) const {
        std::vector<std::string> out;
        for (const auto& glob : globs) {
            if (!rules::is_glob(glob)) {
                out.push_back(glob);
                continue;
            }
            for (const auto& base : names)
                if (rules::glob_matches(glob, base)) out.push_back(base);
            for (const auto& [alias, base] : by_alias)
                if (rules::glob_matches(glob, alias)) out.push_back(base);
        }
        return out;
    }

    std::string name_of(const std::string& image) const {
        auto alias = by_alias.find(image);
        if (alias != by_alias.end()) return alias->second;
        auto reference = model::Reference::parse(image);
        for (const auto& pattern : patterns)
            if (auto base = reference ? pattern.aliased(*reference) : std::nullopt) return base->text();
        return image;
    }

    std::map<std::string, std::string> by_alias;
    std::vector<TagPattern> patterns;
    std::vector<std::string> names;  // where a rule has a glob

private:
    void add_found(const std::string& dependent) {
        auto reference = model::Reference::parse(name_of(dependent));
        bool found = reference && std::ranges::any_of(patterns, [&](const TagPattern& pattern) {
                         return pattern.fits(*reference);
                     });
        if (found) names.push_back(reference->text());
    }
};

// Whether the tags of a pattern's repository, or of an alias of it, can stand under this glob of a rule.
bool may_find(const TagPattern& pattern, std::string_view glob) {
    auto slash = glob.rfind('/');
    auto colon = glob.find(':', slash == std::string_view::npos ? 0 : slash);
    auto repository = glob.substr(0, colon);
    auto covers = [&](const model::Reference& one) { return rules::glob_matches(repository, one.name()); };
    const auto& watch = pattern.settings->watch;
    return covers(watch.base) || std::ranges::any_of(watch.aliases, covers);
}

// The rules with bases spelt out and every image under its one name, a dependent that is its own base left
// out: what is left goes round only in a cycle.
struct Spelt {
    std::vector<model::Rule> rules;
    std::vector<std::pair<Mark, std::string>> own_bases;
};

Spelt spelt_out(const settings::Settings& settings) {
    Spelt spelt;
    Bases all(settings);
    spelt.rules = rules_of_bases(settings);
    for (std::size_t i = 0; i < spelt.rules.size(); ++i) {
        auto& rule = spelt.rules[i];
        rule.bases = all.behind(rule.bases);
        std::set<std::string_view> bases(rule.bases.begin(), rule.bases.end());
        std::vector<std::string> dependents;
        for (std::size_t j = 0; j < rule.dependents.size(); ++j) {
            auto image = all.name_of(rule.dependents[j]);
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
    Bases all(settings);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (std::ranges::find(rules[i].bases, base) == rules[i].bases.end()) continue;
        const auto& entry = settings.rules[i];
        for (std::size_t j = 0; j < entry.rule.dependents.size(); ++j) {
            if (all.name_of(entry.rule.dependents[j]) == dependent) return entry.dependent_marks[j];
        }
    }
    return settings.rules.front().where;
}

// What to do about a glob under which nothing is watched.
std::string idle_base(const std::string& glob) {
    std::string text =
        "no watched base matches " + glob + ": this rule never fires for it; name its bases under `watch`";
    auto slash = glob.rfind('/');
    auto colon = glob.find(':', slash == std::string::npos ? 0 : slash);
    auto repository = glob.substr(0, colon);
    if (colon == std::string::npos || rules::is_glob(repository)) return text;
    auto reference = model::Reference::parse(repository);
    if (!reference) return text;
    auto familiar = reference->with_tag("latest").familiar();
    return text + ", or its tags: `- {image: " + familiar.substr(0, familiar.rfind(':')) +
           ", tags: {glob: \"" + glob.substr(colon + 1) + "\"}}`";
}

}  // namespace

void check_patterns(const settings::Settings& settings, Problems& problems) {
    auto check = [&](const model::TagChoice& part, const Mark& where, std::string_view name) {
        auto compiled = rules::TagFilter::compile(part);
        if (!compiled) problems.error(where, "`" + std::string(name) + "`: " + compiled.error().message());
    };
    for (const auto& pattern : settings.patterns) {
        check({.glob = pattern.tags.glob}, pattern.glob_at, "glob");
        check({.regex = pattern.tags.regex}, pattern.regex_at, "regex");
        for (std::size_t i = 0; i < pattern.tags.exclude.size(); ++i)
            check({.exclude = {pattern.tags.exclude[i]}}, pattern.exclude_marks[i], "exclude");
    }
}

void check_names_of_bases(const settings::Settings& settings, Problems& problems) {
    std::unordered_map<std::string, const Mark*> watched;
    watched.reserve(settings.watch.size());
    for (const auto& watch : settings.watch) {
        auto [first, fresh] = watched.try_emplace(watch.base.text(), &watch.where);
        if (!fresh)
            problems.error(watch.where, watch.base.text() + " is watched twice, first at " +
                                            first->second->text() + ": keep one of them");
    }
    std::map<std::string, std::pair<Mark, std::string>> claimed;
    for (const auto& watch : settings.watch) {
        for (std::size_t i = 0; i < watch.aliases.size(); ++i) {
            std::string alias = watch.aliases[i].text();
            const auto& where = watch.alias_marks[i];
            auto [first, fresh] = claimed.try_emplace(alias, where, watch.base.text());
            if (auto base = watched.find(alias); base != watched.end()) {
                problems.error(where, "the alias " + alias + " is itself watched, at " +
                                          base->second->text() + ": remove it here or there");
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

void warn_of_idle_kinds(const settings::Settings& settings, Problems& problems) {
    Bases all(settings);
    auto in_pattern = [&](const std::string& base) {
        auto reference = model::Reference::parse(all.name_of(base));
        return std::ranges::any_of(all.patterns, [&](const TagPattern& pattern) {
            return rules::is_glob(base) ? may_find(pattern, base) : reference && pattern.fits(*reference);
        });
    };
    auto says_version = [](const std::string& base) {
        auto reference = model::Reference::parse(base);
        return reference && model::TagVersion::parse(reference->tag());
    };
    for (const auto& entry : settings.rules) {
        const auto& bases = entry.rule.bases;
        for (std::size_t i = 0; i < entry.on_marks.size(); ++i) {
            auto kind = entry.rule.on[i];
            bool of_tags = kind == model::ChangeKind::tag_created || kind == model::ChangeKind::tag_deleted;
            if (of_tags && std::ranges::none_of(bases, in_pattern))
                problems.warning(
                    entry.on_marks[i],
                    "`" + std::string(model::to_string(kind)) +
                        "` is told of tags that a pattern finds, and none is over the bases "
                        "of this rule: add one under `watch`, as {image: REPOSITORY, tags: {glob: "
                        "\"3.*\"}}");
            if (kind == model::ChangeKind::newer_version && std::ranges::none_of(bases, says_version))
                problems.warning(entry.on_marks[i],
                                 "`newer_version` compares with the tag that a rule names, and none of this "
                                 "rule's says a version: name one, such as ruby:3.3-alpine");
        }
    }
}

void warn_of_idle_names(const settings::Settings& settings, Problems& problems) {
    Bases all(settings);
    std::set<std::string> named;
    for (const auto& entry : settings.rules) {
        named.insert(entry.rule.dependents.begin(), entry.rule.dependents.end());
        for (std::size_t i = 0; i < entry.rule.bases.size(); ++i) {
            const auto& base = entry.rule.bases[i];
            bool found =
                std::ranges::any_of(all.patterns, [&](const auto& one) { return may_find(one, base); });
            if (!found && all.behind({base}).empty()) problems.warning(entry.base_marks[i], idle_base(base));
        }
    }
    for (const auto& entry : settings.dependents)
        if (!named.contains(entry.dependent.reference.text()))
            problems.warning(entry.where, "no rule names the dependent " + entry.dependent.reference.text() +
                                              ": nothing is asked to rebuild it");
}

}  // namespace basewatch::app
