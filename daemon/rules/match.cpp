#include "rules/match.hpp"

#include <algorithm>
#include <cstdint>

namespace basewatch::rules {

namespace {

// One step of a pattern.
struct Step {
    enum class Kind : std::uint8_t { character, one, run, any_run } kind;
    char character = 0;

    bool takes(char c) const {
        switch (kind) {
            case Kind::character:
                return c == character;
            case Kind::one:
            case Kind::run:
                return c != '/';
            case Kind::any_run:
                return true;
        }
        return false;
    }
    bool repeats() const { return kind == Kind::run || kind == Kind::any_run; }
};

std::vector<Step> steps_of(std::string_view pattern) {
    std::vector<Step> steps;
    steps.reserve(pattern.size());
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '?') {
            steps.push_back({Step::Kind::one});
        } else if (pattern[i] != '*') {
            steps.push_back({Step::Kind::character, pattern[i]});
        } else {
            bool several = false;
            for (; i + 1 < pattern.size() && pattern[i + 1] == '*'; ++i) several = true;
            steps.push_back({several ? Step::Kind::any_run : Step::Kind::run});
        }
    }
    return steps;
}

}  // namespace

bool is_glob(std::string_view text) {
    return text.find_first_of("*?") != std::string_view::npos;
}

// All ways through the pattern are followed side by side, one character of the text at a time, so that the
// time is bounded by the product of both lengths; going back over the text can take exponentially long.
bool glob_matches(std::string_view pattern, std::string_view text) {
    if (!is_glob(pattern)) return pattern == text;
    const auto steps = steps_of(pattern);
    // at[i]: the first i steps match what has been read of the text.
    std::vector<char> at(steps.size() + 1, 0), next(steps.size() + 1, 0);
    auto skip_empty_runs = [&](std::vector<char>& places) {
        for (std::size_t i = 0; i < steps.size(); ++i)
            if (places[i] && steps[i].repeats()) places[i + 1] = 1;
    };
    at[0] = 1;
    skip_empty_runs(at);
    for (char c : text) {
        std::fill(next.begin(), next.end(), 0);
        for (std::size_t i = 0; i < steps.size(); ++i)
            if (at[i] && steps[i].takes(c)) next[steps[i].repeats() ? i : i + 1] = 1;
        skip_empty_runs(next);
        at.swap(next);
    }
    return at.back() != 0;
}

std::vector<const model::Rule*> matching(const std::vector<model::Rule>& rules,
                                         const std::vector<std::string>& names, model::ChangeKind kind) {
    auto names_one = [&](const std::string& pattern) {
        return std::any_of(names.begin(), names.end(),
                           [&](const std::string& name) { return glob_matches(pattern, name); });
    };
    std::vector<const model::Rule*> found;
    for (const auto& rule : rules) {
        bool fires = std::find(rule.on.begin(), rule.on.end(), kind) != rule.on.end();
        if (fires && std::any_of(rule.bases.begin(), rule.bases.end(), names_one)) found.push_back(&rule);
    }
    return found;
}

}  // namespace basewatch::rules
