#pragma once
// The part of check_settings() that is about images: bases, their aliases, and what is built on what.

#include "foundation/yaml.hpp"
#include "settings/settings.hpp"

namespace basewatch::app {

// Patterns over tags that do not compile.
void check_patterns(const settings::Settings& settings, Problems& problems);

// A base watched twice, an alias that two bases claim or that is itself watched.
void check_names_of_bases(const settings::Settings& settings, Problems& problems);

// A dependent that is its own base, and cycles.
void check_dependents(const settings::Settings& settings, Problems& problems);

// Kinds in a rule that none of its bases can ever have.
void warn_of_idle_kinds(const settings::Settings& settings, Problems& problems);

// Patterns over which nothing is watched, dependents that no rule names: right, and without effect.
void warn_of_idle_names(const settings::Settings& settings, Problems& problems);

}  // namespace basewatch::app
