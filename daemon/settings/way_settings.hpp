#pragma once
// What a target says when its way out is not a request over HTTP: the program that it runs. One function for
// each way; each takes its keys from the target's mapping. Which keys fit a target's preset is checked where
// presets are known.

#include "foundation/yaml.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::settings {

// `command`: an argument vector, never read by a shell. An argument that is `{name}` and nothing else is a
// place, filled at the moment of sending; the program itself, an absolute path, is none.
std::vector<std::string> read_command(YamlMap& map, Problems& problems);

// The name in an argument that is a place.
std::optional<std::string_view> place_in(std::string_view argument);

}  // namespace basewatch::settings
