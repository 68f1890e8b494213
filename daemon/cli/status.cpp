#include "cli/daemon_client.hpp"
#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::cli {

namespace {

using nlohmann::json;

std::string inner(const json& answer, std::string_view outer, std::string_view name) {
    const auto* object = object_member(answer, outer);
    return object == nullptr ? "" : cell(*object, name);
}

int show_status(const json& answer) {
    print("basewatch " + cell(answer, "version") + ", " + cell(answer, "state") + ", since " +
          cell(answer, "started_at") + "\n");
    print("state file  " + cell(answer, "state_file") + "\n");
    auto trouble = cell(answer, "state_trouble");
    if (!trouble.empty()) print("TROUBLE     " + trouble + "; nothing new is told until it can be\n");
    print("bases       " + inner(answer, "bases", "watched") + " watched, " +
          inner(answer, "bases", "failing") + " failing, " + inner(answer, "bases", "due") + " due\n");
    if (auto late = inner(answer, "bases", "pins_behind"); !late.empty())
        print("pins        " + inner(answer, "bases", "pinned") + " pinned, " + late + " behind\n");
    if (inner(answer, "patterns", "watched") != "0")
        print("patterns    " + inner(answer, "patterns", "watched") + " watched, " +
              inner(answer, "patterns", "failing") + " failing\n");
    print("checks      " + inner(answer, "checks", "made") + " made, " + inner(answer, "checks", "failed") +
          " failed, last " + inner(answer, "checks", "last") + "\n");
    print("changes     " + cell(answer, "changes") + "\n");
    std::string states;
    if (const auto* deliveries = object_member(answer, "deliveries"))
        for (const auto& [state, count] : deliveries->items())
            states += (states.empty() ? "" : ", ") + to_text(count) + " " + state;
    print("deliveries  " + (states.empty() ? "none" : states) + "\n");
    Table hosts({"REGISTRY", "STATE", "BASES", "INTERVAL", "POSSIBLE", "REQUESTS", "PULLS", "PULLS LEFT",
                 "TOKENS", "FAILURES"});
    if (const auto* registries = array_member(answer, "registries"))
        for (const auto& host : *registries)
            hosts.add({cell(host, "host"), cell(host, "state"), cell(host, "bases"), cell(host, "interval"),
                       cell(host, "effective_interval"), cell(host, "requests"), cell(host, "pulls"),
                       cell(host, "pulls_remaining"), cell(host, "tokens"), cell(host, "failures")});
    if (!hosts.empty()) print("\n" + hosts.text());
    Table mirrors({"MIRROR", "OF", "STATE", "BEHIND", "SINCE", "ERROR"});
    if (const auto* known = array_member(answer, "mirrors"))
        for (const auto& mirror : *known)
            mirrors.add({cell(mirror, "mirror"), cell(mirror, "registry"), cell(mirror, "state"),
                         cell(mirror, "behind"), cell(mirror, "behind_since"), cell(mirror, "error")});
    if (!mirrors.empty()) print("\n" + mirrors.text());
    return done;
}

std::string number(const json& row, std::string_view name) {
    auto text = cell(row, name);
    // A rate is a measure: two digits behind the point say enough.
    auto point = text.find('.');
    return point == std::string::npos ? text : text.substr(0, point + 3);
}

std::string pulls_of(const json& host) {
    if (boolean_member(host, "pulls_unlimited").value_or(false)) return "not counted for this account";
    if (!integer_member(host, "pulls_limit")) return "";
    auto source = cell(host, "pulls_source");
    return cell(host, "pulls_remaining") + " of " + cell(host, "pulls_limit") + " left in " +
           cell(host, "pulls_window") + (source.empty() ? "" : ", counted for " + source);
}

int show_registries(const json& answer) {
    Table table({"REGISTRY", "WHAT", "IS", "SINCE", "UNTIL"});
    const auto* items = array_member(answer, "items");
    if (items == nullptr || items->empty()) {
        print("no registry was asked yet\n");
        return done;
    }
    for (const auto& host : *items) {
        auto name = cell(host, "host");
        auto add = [&](std::string what, std::string is, std::string since, std::string until) {
            if (is.empty()) return;
            table.add({name, std::move(what), std::move(is), std::move(since), std::move(until)});
            name.clear();
        };
        add("state", cell(host, "state"), "", cell(host, "state_until"));
        auto now = number(host, "rate_per_second"), usual = number(host, "rate_configured");
        auto rate = now + "/s";
        if (now != usual) rate.append(" of ").append(usual).append("/s");
        add("rate", std::move(rate), "", "");
        add("pulls", pulls_of(host), "", "");
        auto wanted = cell(host, "interval"), possible = cell(host, "effective_interval");
        if (wanted != possible) wanted.append(" wanted, ").append(possible).append(" possible");
        add("interval", std::move(wanted), "", "");
        if (const auto* learned = object_member(host, "learned"))
            for (const auto& [what, fact] : learned->items())
                add(what, cell(fact, "value"), cell(fact, "since"), cell(fact, "until"));
    }
    print(table.text());
    return done;
}

}  // namespace

int status(const Common& common, bool registries) {
    if (registries) return ask(common, "GET", "/api/v1/registries", {}, "", show_registries);
    return ask(common, "GET", "/api/v1/status", {}, "", show_status);
}

}  // namespace basewatch::cli
