#pragma once
// What `test` and `simulate` show of a request and its answer.

#include "cli/verbs.hpp"
#include "dispatch/dispatcher.hpp"

#include <nlohmann/json_fwd.hpp>

namespace basewatch::cli {

nlohmann::ordered_json as_json(const dispatch::Trial& trial);
std::string as_text(const dispatch::Trial& trial);

}  // namespace basewatch::cli
