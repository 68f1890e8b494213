#pragma once
// The ways out: most targets are told by a request over HTTP, some by a program that is run or a mail. What
// differs between them in the configuration is here; how they are sent is dispatch's.

#include "presets/render.hpp"

#include <string>
#include <utility>
#include <vector>

namespace basewatch::presets {

// The keys that stand in a target and mean nothing for the way of its preset: where, and what would be right.
std::vector<std::pair<Mark, std::string>> misplaced_keys(const settings::TargetSettings& target,
                                                         const Preset& preset);

// What `with` of a dependent must give: the places in the address or the command, {token} and build
// parameters aside.
std::vector<std::string> places(const Target& target);

// Whether the client library that this way needs is there: unsupported, with the package to install, where it
// is not. Loads it.
Result<void> usable(Way way);

}  // namespace basewatch::presets
