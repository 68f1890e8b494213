// The verbs that print a list of what a running daemon knows.
#include "cli/daemon_client.hpp"
#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::cli {

namespace {

using nlohmann::json;

std::string joined(const json& row, std::string_view name) {
    std::string text;
    if (const auto* list = array_member(row, name))
        for (const auto& one : *list)
            if (one.is_string()) text += (text.empty() ? "" : ", ") + one.get<std::string>();
    return text;
}

std::string flaps_cell(const json& row) {
    return array_member(row, "flaps_between") == nullptr ? "" : "yes";
}

std::string mirror_cell(const json& row) {
    const auto* mirror = object_member(row, "mirror");
    return mirror == nullptr ? "" : cell(*mirror, "name") + " since " + cell(*mirror, "behind_since");
}

Column list_column(std::string heading, std::string name) {
    return {std::move(heading), [name = std::move(name)](const json& row) { return joined(row, name); }};
}

Column digest_column(std::string heading, std::string outer) {
    return {std::move(heading), [outer = std::move(outer)](const json& row) {
                const auto* look = object_member(row, outer);
                return look == nullptr ? std::string() : digest_cell(*look, "digest");
            }};
}

// What the patterns stand for, before the bases themselves.
void show_patterns(const json& answer) {
    Table table({"REPOSITORY", "PATTERN", "STATE", "BASES", "OF TAGS", "NEXT LIST", "ERROR"});
    if (const auto* patterns = array_member(answer, "patterns"))
        for (const auto& row : *patterns) {
            const auto* bases = array_member(row, "bases");
            table.add({cell(row, "repository"), cell(row, "pattern"), cell(row, "state"),
                       std::to_string(bases == nullptr ? 0 : bases->size()), cell(row, "listed"),
                       cell(row, "next_list"), cell(row, "error")});
        }
    if (!table.empty()) print(table.text() + "\n");
}

Query with_limit(std::size_t limit) {
    return {{"limit", std::to_string(limit)}};
}

void add(Query& query, const std::string& name, const std::string& value) {
    if (!value.empty()) query.emplace_back(name, value);
}

}  // namespace

int bases(const Common& common, const std::string& reference) {
    if (!reference.empty())
        return ask(common, "GET", "/api/v1/bases", {{"reference", reference}}, "", [](const json& answer) {
            return show_items(json{{"items", {answer}}},
                              {column("BASE", "reference"),
                               column("STATE", "state"),
                               column("DIGEST", "digest"),
                               column("SINCE", "observed_at"),
                               column("ASKED EVERY", "asked_every"),
                               column("NEXT CHECK", "next_check"),
                               column("HELD UNTIL", "held_until"),
                               column("PIN", "pin"),
                               {"FLAPS", flaps_cell},
                               {"MIRROR BEHIND", mirror_cell},
                               column("ERROR", "error")},
                              "");
        });
    return ask(common, "GET", "/api/v1/bases", with_limit(1000), "", [](const json& answer) {
        show_patterns(answer);
        return show_items(answer,
                          {column("BASE", "reference"),
                           column("STATE", "state"),
                           {"DIGEST", [](const json& row) { return digest_cell(row, "digest"); }},
                           column("SINCE", "observed_at"),
                           column("CHECKED", "checked_at"),
                           column("EVERY", "asked_every"),
                           column("HELD UNTIL", "held_until"),
                           column("PIN", "pin"),
                           {"FLAPS", flaps_cell},
                           {"MIRROR BEHIND", mirror_cell},
                           column("ERROR", "error")},
                          "no base is watched");
    });
}

int changes(const Common& common, const std::string& reference, std::size_t limit) {
    Query query = with_limit(limit);
    add(query, "reference", reference);
    return ask(common, "GET", "/api/v1/changes", query, "", [](const json& answer) {
        return show_items(answer,
                          {column("CHANGE", "id"),
                           column("WHEN", "detected_at"),
                           column("KIND", "kind"),
                           column("BASE", "base"),
                           digest_column("OLD", "old"),
                           digest_column("NEW", "new"),
                           {"DIFFERENCES",
                            [](const json& row) {
                                auto newer = joined(row, "newer_tags");
                                return newer.empty() ? joined(row, "differences") : "newer: " + newer;
                            }}},
                          "no change was seen yet");
    });
}

int deliveries(const Common& common, const std::string& target, const std::string& state,
               const std::string& reason, std::size_t limit) {
    Query query = with_limit(limit);
    add(query, "target", target);
    add(query, "state", state);
    add(query, "reason", reason);
    return ask(common, "GET", "/api/v1/deliveries", query, "", [](const json& answer) {
        return show_items(
            answer,
            {column("DELIVERY", "id"), column("STATE", "state"), column("TARGET", "target"),
             column("DEPENDENT", "dependent"), column("ATTEMPTS", "attempts"),
             column("CREATED", "created_at"), column("NEXT TRY", "due_at"), column("HELD BY", "held_by"),
             column("REASON", "reason"), column("ERROR", "last_error")},
            "there are no such deliveries");
    });
}

int rebuilds(const Common& common, const std::string& dependent, std::size_t limit) {
    Query query = with_limit(limit);
    add(query, "dependent", dependent);
    return ask(common, "GET", "/api/v1/rebuilds", query, "", [](const json& answer) {
        return show_items(
            answer,
            {column("REBUILD", "id"), column("WHEN", "requested_at"), column("DEPENDENT", "dependent"),
             column("BASE", "base"), column("REASON", "reason"), column("STATE", "state")},
            "no rebuild was asked for yet");
    });
}

int rules(const Common& common) {
    return ask(common, "GET", "/api/v1/rules", {}, "", [](const json& answer) {
        return show_items(answer,
                          {column("RULE", "name"), column("ORIGIN", "origin"), list_column("BASE", "base"),
                           list_column("ON", "on"), list_column("DEPENDENTS", "dependents"),
                           list_column("FIRE", "fire"), column("GROUP", "group")},
                          "there are no rules");
    });
}

int targets(const Common& common) {
    return ask(common, "GET", "/api/v1/targets", {}, "", [](const json& answer) {
        return show_items(
            answer,
            {column("TARGET", "name"), column("STATE", "state"), column("SINCE", "since"),
             column("DELIVERED", "delivered"), column("FAILED", "failed"), column("IN FLIGHT", "in_flight"),
             column("LAST", "last_delivery"), column("ERROR", "last_error")},
            "there are no targets");
    });
}

}  // namespace basewatch::cli
