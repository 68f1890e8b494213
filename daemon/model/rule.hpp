#pragma once
// A row of the rule table: which bases, which kinds of change, who is built on them, and what is fired.

#include "model/change.hpp"

#include <string>
#include <vector>

namespace basewatch::model {

struct Rule {
    std::string name;
    // Normalised references, or globs over them (`docker.io/library/ruby:*`): `*` stands for any run of
    // characters but `/`, `**` for any run, `?` for one character but `/`.
    std::vector<std::string> bases;
    std::vector<ChangeKind> on{ChangeKind::content, ChangeKind::reverted};
    std::vector<std::string> dependents;  // normalised references
    std::vector<std::string> fire;        // target names
    std::string origin = "file";          // `file` or `api`
};

// What is known of a dependent beyond its name.
struct Dependent {
    Reference reference;
    std::string owner;
    std::optional<Milliseconds> deadline;           // for a rebuild, once asked for
    std::map<std::string, std::string> parameters;  // `with:`
};

}  // namespace basewatch::model
