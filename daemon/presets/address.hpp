#pragma once
// Addresses with places: `https://gitlab.example.com/api/v4/projects/{project}/trigger/pipeline`. A place is
// filled with the value percent-encoded whole, `/` too: a value can never become more of a path, a query or a
// host than the one part that it stands for. Pure.

#include "foundation/error.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::presets {

// The names in `{…}`, each once, in the order of the address, `{token}` aside.
std::vector<std::string> places(std::string_view address);

// invalid when a place has no value, or one that would be a step in a path (`.`, `..`). The message names the
// place, never the address.
Result<std::string> filled(std::string_view address, const std::map<std::string, std::string>& values,
                           std::string_view token);

// `address` with `path` behind it, where it has no path of its own but `/`.
std::string with_path(std::string_view address, std::string_view path);

// `name=value` added to the query, both percent-encoded.
std::string with_parameter(std::string address, std::string_view name, std::string_view value);

// `text` with every `{token}` replaced.
std::string with_token(std::string_view text, std::string_view token);

}  // namespace basewatch::presets
