#pragma once
// What an image hands down to whatever is built on it (image-spec config.md): layers, the members of its
// configuration that a build inherits, and the labels that say something. Pure.

#include "model/observation.hpp"

#include <string>
#include <vector>

namespace basewatch::watch {

// The names of what differs: `layers`, `config.Env`, `label maintainer`; empty when a build would inherit the
// same from both. A member that is missing, null or empty is one and the same: nothing.
std::vector<std::string> inherited_differences(const model::ImageContent& before,
                                               const model::ImageContent& after,
                                               const std::vector<std::string>& ignored_labels);

}  // namespace basewatch::watch
