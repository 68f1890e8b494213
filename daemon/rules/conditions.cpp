#include "rules/conditions.hpp"

#include "foundation/log.hpp"
#include "rules/event_data.hpp"
#include "rules/match.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::rules {

namespace {

using Outcome = model::Condition::Outcome;

// One output whatever the program gives: nothing is no, and of several one yes is enough. On the program's
// own lines; the bracket is not swallowed by a comment at its end.
std::string asked(const std::string& when) {
    return "[" + when + "\n]|any";
}

Async<Result<model::Condition>> ask(model::Condition condition, std::string program, std::string event,
                                    jq::Worker& worker) {
    auto answer = co_await worker.run(program, event);
    // A worker that could not be had may be there the next time.
    if (!answer && answer.error().kind() == ErrorKind::unreachable)
        answer = co_await worker.run(program, event);
    if (!answer && answer.error().kind() == ErrorKind::cancelled) co_return answer.error();
    if (!answer) {
        condition.outcome = Outcome::failed;
        condition.detail = answer.error().message();
        log::error("a condition failed, so its rule fires",
                   {{"rule", condition.rule}, {"error", condition.detail}});
    } else {
        condition.outcome = *answer == "true" ? Outcome::wanted : Outcome::unwanted;
    }
    co_return condition;
}

}  // namespace

Async<Result<std::vector<model::Condition>>> ask_conditions(model::Change change,
                                                            std::shared_ptr<const PlanningTable> table,
                                                            jq::Worker& worker, Time now) {
    std::vector<model::Condition> conditions;
    auto rules = matching(table->rules, names_of(change.base, *table), change.kind);
    std::erase_if(rules, [](const auto* rule) { return rule->when.empty(); });
    if (rules.empty()) co_return conditions;
    UlidSource ids;
    auto plan = plan_change(change, *table, ids, now);
    std::string event = plan.events.front().json;
    for (const auto* rule : rules) {
        model::Condition condition{change.id, rule->name, Outcome::wanted, ""};
        auto asked_one = co_await ask(condition, asked(rule->when), event, worker);
        if (!asked_one) co_return asked_one.error();
        conditions.push_back(std::move(*asked_one));
    }
    co_return conditions;
}

Async<Result<void>> check_condition(std::string when, jq::Worker& worker) {
    auto compiled = co_await worker.check(when);
    if (!compiled) co_return compiled;
    co_return co_await worker.check(asked(when));
}

}  // namespace basewatch::rules
