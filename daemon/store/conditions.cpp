// What rules said of a change by their `when`, for `explain`.

#include "store/rows.hpp"
#include "store/worker.hpp"

namespace basewatch::store {

void put_condition(Connection& connection, const model::Condition& condition) {
    Query(connection, "INSERT INTO conditions (change_id, rule, outcome, detail) VALUES (?, ?, ?, ?)",
          condition.change_id, condition.rule, model::to_string(condition.outcome), condition.detail)
        .run();
}

Async<Result<std::vector<model::Condition>>> Store::conditions_of_change(std::string change_id) {
    return worker_->read<std::vector<model::Condition>>([id = std::move(change_id)](Connection& connection) {
        std::vector<model::Condition> conditions;
        Query row(connection,
                  "SELECT change_id, rule, outcome, detail FROM conditions WHERE change_id = ? ORDER BY seq",
                  id);
        while (row.next()) {
            auto& condition = conditions.emplace_back();
            condition.change_id = row.text();
            condition.rule = row.text();
            auto outcome = model::condition_outcome(row.text());
            if (!outcome) throw Unreadable("a condition of " + id + " with an unknown outcome");
            condition.outcome = *outcome;
            condition.detail = row.text();
        }
        return conditions;
    });
}

}  // namespace basewatch::store
