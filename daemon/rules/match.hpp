#pragma once
// Who cares about a change. Pure.

#include "model/rule.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::rules {

// `*` any run of characters but `/`, `**` any run, `?` one character but `/`; everything else is itself.
bool glob_matches(std::string_view pattern, std::string_view text);
bool is_glob(std::string_view text);

// The rules that fire for this kind of change of this base. `names` are the base's normalised reference and
// its aliases. In the order of the table.
std::vector<const model::Rule*> matching(const std::vector<model::Rule>& rules,
                                         const std::vector<std::string>& names, model::ChangeKind kind);

// The first cycle in "is built on" (a rule's dependent that is itself a base whose rule leads back), as the
// references along it, first one repeated at the end; empty when there is none.
std::vector<std::string> find_cycle(const std::vector<model::Rule>& rules);

}  // namespace basewatch::rules
