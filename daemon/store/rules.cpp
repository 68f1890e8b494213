// The rule table: rows of the configuration file are replaced whole, rows made through the API stay.

#include "foundation/json.hpp"
#include "model/rule.hpp"
#include "store/rows.hpp"
#include "store/worker.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::store {

namespace {

using Json = nlohmann::json;

std::string body_text(const model::Rule& rule) {
    Json kinds = Json::array();
    for (auto kind : rule.on) kinds.push_back(std::string(model::to_string(kind)));
    Json body{{"bases", rule.bases},
              {"on", std::move(kinds)},
              {"dependents", rule.dependents},
              {"fire", rule.fire}};
    if (!rule.when.empty()) body["when"] = rule.when;
    if (rule.group) {
        const auto& together = rule.group->together;
        body["group"] = together ? Json{together->wait.count(), together->most.count()} : Json::array();
    }
    return to_text(body);
}

std::vector<std::string> strings_in(const Json& body, const char* name) {
    const auto* list = array_member(body, name);
    if (list == nullptr) throw Unreadable(std::string("a rule without its ") + name);
    return strings_of(to_text(*list));
}

// [wait, most] in milliseconds; empty: each is told on its own.
model::RuleGroup group_of(const model::Rule& rule, const Json& body) {
    const auto* times = array_member(body, "group");
    bool numbers = times != nullptr && times->size() == 2 && (*times)[0].is_number_integer() &&
                   (*times)[1].is_number_integer();
    if (times == nullptr || (!numbers && !times->empty()))
        throw Unreadable("rule " + rule.name + " with a group that is none");
    if (times->empty()) return {};
    return {model::Grouping{Milliseconds((*times)[0].get<std::int64_t>()),
                            Milliseconds((*times)[1].get<std::int64_t>()), rule.name}};
}

model::Rule rule_of(std::string name, std::string origin, const std::string& text) {
    auto body = parse_json(text);
    if (!body) throw Unreadable("rule " + name + " is not JSON");
    model::Rule rule;
    rule.name = std::move(name);
    rule.origin = std::move(origin);
    rule.bases = strings_in(*body, "bases");
    rule.on.clear();
    for (const auto& kind : strings_in(*body, "on")) {
        auto known = model::change_kind(kind);
        if (!known) throw Unreadable("rule " + rule.name + " with an unknown kind of change");
        rule.on.push_back(*known);
    }
    rule.dependents = strings_in(*body, "dependents");
    rule.fire = strings_in(*body, "fire");
    rule.when = string_member(*body, "when").value_or("");
    if (body->contains("group")) rule.group = group_of(rule, *body);
    return rule;
}

Result<std::vector<model::Rule>> all_rules(Connection& connection) {
    std::vector<model::Rule> rules;
    Query row(connection, "SELECT name, origin, body FROM rules ORDER BY origin = 'api', seq");
    while (row.next()) {
        auto name = row.text();
        auto origin = row.text();
        rules.push_back(rule_of(std::move(name), std::move(origin), row.text()));
    }
    return rules;
}

using Row = std::pair<std::string, std::string>;  // name, body

Result<void> replace(Connection& connection, const std::vector<Row>& rows) {
    std::vector<Row> stored;
    {
        Query row(connection, "SELECT name, body FROM rules WHERE origin = 'file' ORDER BY seq");
        while (row.next()) {
            auto name = row.text();
            stored.emplace_back(std::move(name), row.text());
        }
    }
    if (stored == rows) return {};  // a start with the same file costs no flush
    Query(connection, "DELETE FROM rules WHERE origin = 'file'").run();
    for (const auto& [name, body] : rows)
        Query(connection, "INSERT INTO rules (name, origin, body) VALUES (?, 'file', ?)", name, body).run();
    return {};
}

}  // namespace

Async<Result<void>> Store::replace_file_rules(std::vector<model::Rule> rules) {
    std::vector<Row> rows;
    for (const auto& rule : rules) rows.emplace_back(rule.name, body_text(rule));
    return worker_->write<void>(
        [rows = std::move(rows)](Connection& connection) { return replace(connection, rows); });
}

Async<Result<std::vector<model::Rule>>> Store::rules() {
    return worker_->read<std::vector<model::Rule>>(all_rules);
}

}  // namespace basewatch::store
