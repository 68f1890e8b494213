#pragma once
// A row of the rule table: which bases, which kinds of change, who is built on them, and what is fired.

#include "model/change.hpp"
#include "model/delivery.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::model {

// What a rule says of its messages in place of its targets' `group`.
struct RuleGroup {
    std::optional<Grouping> together;  // nothing: `none`, each is a message of its own
};

struct Rule {
    std::string name;
    // Normalised references, or globs over them (`docker.io/library/ruby:*`): `*` stands for any run of
    // characters but `/`, `**` for any run, `?` for one character but `/`.
    std::vector<std::string> bases;
    std::vector<ChangeKind> on{ChangeKind::content, ChangeKind::reverted};
    std::vector<std::string> dependents;  // normalised references
    std::vector<std::string> fire;        // target names
    std::string when;                     // a jq condition over the event; empty: always
    std::optional<RuleGroup> group;       // nothing: as the target says
    std::string origin = "file";          // `file` or `api`
};

// What a rule's `when` said of a change.
struct Condition {
    enum class Outcome { wanted, unwanted, failed };
    std::string change_id;
    std::string rule;
    Outcome outcome = Outcome::wanted;
    std::string detail;  // of failed: what went wrong; the rule fires all the same
};
std::string_view to_string(Condition::Outcome outcome);
std::optional<Condition::Outcome> condition_outcome(std::string_view name);

// What is known of a dependent beyond its name.
struct Dependent {
    Reference reference;
    std::string owner;
    std::optional<Milliseconds> deadline;  // for a rebuild, once asked for
    Priority priority = Priority::routine;
    std::map<std::string, std::string> parameters;  // `with:`
};

}  // namespace basewatch::model
