// "Is built on", followed from dependent to dependent.

#include "rules/match.hpp"

#include <algorithm>
#include <unordered_map>

namespace basewatch::rules {

namespace {

// Which rules have this image as a base: exact names by look-up, globs one by one.
class RulesByBase {
public:
    explicit RulesByBase(const std::vector<model::Rule>& rules) {
        for (const auto& rule : rules)
            for (const auto& base : rule.bases) {
                if (is_glob(base))
                    globs_.emplace_back(base, &rule);
                else
                    exact_.emplace(base, &rule);
            }
    }

    std::vector<const model::Rule*> of(const std::string& image) const {
        std::vector<const model::Rule*> found;
        auto [first, last] = exact_.equal_range(image);
        for (; first != last; ++first) found.push_back(first->second);
        for (const auto& [glob, rule] : globs_)
            if (glob_matches(glob, image)) found.push_back(rule);
        return found;
    }

private:
    std::unordered_multimap<std::string, const model::Rule*> exact_;
    std::vector<std::pair<std::string_view, const model::Rule*>> globs_;
};

std::vector<std::string> dependents_on(const std::string& image, const RulesByBase& rules) {
    std::vector<std::string> found;
    for (const auto* rule : rules.of(image))
        found.insert(found.end(), rule->dependents.begin(), rule->dependents.end());
    return found;
}

// A depth-first walk with a stack of its own: a chain of dependents may be as long as the table.
class Walk {
public:
    explicit Walk(const RulesByBase& rules) : rules_(rules) {}

    // The cycle that is reached from `start`, or nothing.
    std::vector<std::string> from(const std::string& start) {
        if (!seen_.emplace(start, true).second) return {};
        path_.push_back({start, dependents_on(start, rules_), 0});
        while (!path_.empty()) {
            auto& here = path_.back();
            if (here.next == here.onward.size()) {
                seen_[here.image] = false;
                path_.pop_back();
                continue;
            }
            std::string image = here.onward[here.next++];
            auto [place, fresh] = seen_.emplace(image, true);
            if (!fresh && place->second) return cycle_to(image);
            if (fresh) path_.push_back({image, dependents_on(image, rules_), 0});
        }
        return {};
    }

private:
    struct Place {
        std::string image;
        std::vector<std::string> onward;
        std::size_t next;
    };

    std::vector<std::string> cycle_to(const std::string& image) const {
        auto first = std::find_if(path_.begin(), path_.end(),
                                  [&](const Place& place) { return place.image == image; });
        std::vector<std::string> cycle;
        for (; first != path_.end(); ++first) cycle.push_back(first->image);
        cycle.push_back(image);
        return cycle;
    }

    const RulesByBase& rules_;
    std::unordered_map<std::string, bool> seen_;  // true: on the path that is being walked
    std::vector<Place> path_;
};

}  // namespace

std::vector<std::string> find_cycle(const std::vector<model::Rule>& rules) {
    RulesByBase by_base(rules);
    Walk walk(by_base);
    // Every image of a cycle is somebody's dependent.
    for (const auto& rule : rules)
        for (const auto& dependent : rule.dependents)
            if (auto cycle = walk.from(dependent); !cycle.empty()) return cycle;
    return {};
}

}  // namespace basewatch::rules
