#pragma once
// application/x-www-form-urlencoded (URL Standard §5.2) out of what a jq program gave.

#include "foundation/error.hpp"

#include <string>
#include <string_view>

namespace basewatch::presets {

// `json` must be an object of texts, numbers and booleans, or lists of them: a list repeats its name. What is
// null is left out. Names in the order of the alphabet. Anything else is invalid; the message names the
// member.
Result<std::string> form_of(std::string_view json);

}  // namespace basewatch::presets
