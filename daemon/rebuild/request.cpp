#include "rebuild/request.hpp"

#include <algorithm>
#include <set>

namespace basewatch::rebuild {

namespace {

constexpr std::size_t longest_reason = 200;

Error incomplete(std::string why) {
    return Error(ErrorKind::invalid, std::move(why));
}

// The base that a name means, itself or as the alias of another.
std::string base_named(const std::string& name, const rules::PlanningTable& table) {
    for (const auto& [base, aliases] : table.aliases)
        for (const auto& alias : aliases)
            if (alias == name) return base;
    return name;
}

// What is known of the bases that the wish is about: of the one it names, else of all.
std::map<std::string, model::BaseState> bases_meant(const Wish& wish, std::vector<model::BaseState> bases,
                                                    const rules::PlanningTable& table) {
    std::string only = wish.base.empty() ? "" : base_named(model::Reference::parse(wish.base)->text(), table);
    std::map<std::string, model::BaseState> known;
    for (auto& base : bases) {
        std::string name = base.reference.text();
        if (only.empty() || only == name) known.emplace(std::move(name), std::move(base));
    }
    return known;
}

// The dependents that are wished for, normalised.
Result<std::vector<std::string>> dependents_of(const Wish& wish, const rules::PlanningTable& table) {
    if (wish.dependent.empty() == wish.base.empty())
        return incomplete("say what to rebuild: one of `dependent` and `base`, with an image reference");
    if (wish.reason.empty())
        return incomplete("say why: `reason` is what the people who get the rebuild will read");
    if (wish.reason.size() > longest_reason) return incomplete("`reason` has at most 200 characters");
    auto reference = model::Reference::parse(wish.dependent.empty() ? wish.base : wish.dependent);
    if (!reference) return reference.error();
    if (!wish.dependent.empty()) {
        auto name = reference->text();
        bool built = std::ranges::any_of(table.rules, [&](const auto& rule) {
            return std::ranges::find(rule.dependents, name) != rule.dependents.end();
        });
        if (!built) return incomplete("no rule builds " + name);
        return std::vector<std::string>{std::move(name)};
    }
    auto dependents = rules::dependents_of(base_named(reference->text(), table), table);
    if (dependents.empty()) return incomplete("no rule builds anything on " + reference->text());
    return dependents;
}

}  // namespace

Async<Result<Asked>> request(Wish wish, std::shared_ptr<const rules::PlanningTable> table,
                             std::vector<model::BaseState> bases, store::Store& store, UlidSource& ids,
                             Time now) {
    auto dependents = dependents_of(wish, *table);
    if (!dependents) co_return dependents.error();
    auto known = bases_meant(wish, std::move(bases), *table);
    store::Finding finding;
    Asked asked;
    std::set<std::string> targets;
    for (const auto& dependent : *dependents) {
        auto plan = rules::plan_request(dependent, known, wish.reason, *table, ids, now);
        if (!plan) co_return plan.error();
        std::move(plan->events.begin(), plan->events.end(), std::back_inserter(finding.events));
        std::move(plan->rebuilds.begin(), plan->rebuilds.end(), std::back_inserter(finding.rebuilds));
        std::move(plan->deliveries.begin(), plan->deliveries.end(), std::back_inserter(finding.deliveries));
    }
    for (const auto& delivery : finding.deliveries) targets.insert(delivery.target);
    asked.rebuilds = finding.rebuilds;
    asked.deliveries = finding.deliveries.size();
    asked.targets.assign(targets.begin(), targets.end());
    auto recorded = co_await store.record(std::move(finding));
    if (!recorded) co_return recorded.error().while_doing("recording the rebuilds");
    co_return asked;
}

}  // namespace basewatch::rebuild
