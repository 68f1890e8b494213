#pragma once
// When messages go: `group` of targets and of rules, `quiet` of targets (README, "Fewer messages").

#include "foundation/yaml.hpp"
#include "model/delivery.hpp"
#include "model/rule.hpp"

#include <optional>
#include <string>

namespace basewatch::settings {

struct TargetSettings;

// A duration, or {wait, most}; both from 1 s to 24 h. Nothing where it is neither, which is told.
std::optional<model::Grouping> read_grouping(const YamlValue& value, const std::string& whose,
                                             Problems& problems);

// The same of a rule, where it may also be `none`.
std::optional<model::RuleGroup> read_rule_group(const YamlValue& value, const std::string& whose,
                                                Problems& problems);

// The keys of a target that say when its messages go.
void read_message_times(YamlMap& map, Problems& problems, TargetSettings& target);

}  // namespace basewatch::settings
