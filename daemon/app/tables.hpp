#pragma once
// From settings to the tables that the parts run on. Pure: only settings that check_settings() found no error
// in make sense here.

#include "dispatch/dispatcher.hpp"
#include "settings/settings.hpp"
#include "watch/watcher.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::app {

// Every other name of a base → the base.
std::map<std::string, std::string> bases_by_alias(const settings::Settings& settings);

// A pattern of `watch`, compiled.
struct TagPattern {
    const settings::PatternSettings* settings;
    rules::TagFilter chosen;
    // Whether it may come to stand for this reference: of its repository, and a tag that fits.
    bool fits(const model::Reference& reference) const;
    // The same of its aliases; the reference in its own repository.
    std::optional<model::Reference> aliased(const model::Reference& reference) const;
};
// Those that compile.
std::vector<TagPattern> tag_patterns(const settings::Settings& settings);

// The rules with every alias that one names as its base replaced by the base itself.
std::vector<model::Rule> rules_of_bases(const settings::Settings& settings);

// The entries of `watch`, then every base that a rule names exactly, in the order of the file, each once.
std::vector<watch::Watched> watched_bases(const settings::Settings& settings);

std::shared_ptr<const watch::WatchTable> watch_table(const settings::Settings& settings,
                                                     const std::string& hostname);

std::shared_ptr<const dispatch::DispatchTable> dispatch_table(
    const settings::Settings& settings, std::shared_ptr<const rules::PlanningTable> planning);

}  // namespace basewatch::app
