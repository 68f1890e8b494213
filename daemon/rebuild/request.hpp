#pragma once
// A rebuild that somebody asks for without a change: CVE day, the first installation.

#include "foundation/async.hpp"
#include "rules/plan.hpp"
#include "store/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace basewatch::rebuild {

// One of the two references: a dependent, or a base (every dependent that rules build on it).
struct Wish {
    std::string dependent;
    std::string base;
    std::string reason;  // at most 200 characters, required
};

struct Asked {
    std::vector<model::Rebuild> rebuilds;
    std::vector<std::string> targets;  // with something to send
    std::size_t deliveries = 0;
};

// Plans and records, all of it in one commit. invalid when the wish is incomplete or fits no rule.
Async<Result<Asked>> request(Wish wish, std::shared_ptr<const rules::PlanningTable> table,
                             std::vector<model::BaseState> bases, store::Store& store, UlidSource& ids,
                             Time now);

}  // namespace basewatch::rebuild
