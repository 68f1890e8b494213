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
    Table hosts({"REGISTRY", "STATE", "REQUESTS", "PULLS", "PULLS LEFT", "TOKENS", "FAILURES"});
    if (const auto* registries = array_member(answer, "registries"))
        for (const auto& host : *registries)
            hosts.add({cell(host, "host"), cell(host, "state"), cell(host, "requests"), cell(host, "pulls"),
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

}  // namespace

int status(const Common& common) {
    return ask(common, "GET", "/api/v1/status", {}, "", show_status);
}

}  // namespace basewatch::cli
