#include "app/parts.hpp"
#include "cli/offline.hpp"
#include "cli/trial.hpp"
#include "cli/verbs.hpp"
#include "foundation/suggest.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::cli {

namespace {

const presets::Target* find_target(const dispatch::DispatchTable& table, const std::string& name) {
    auto found = table.targets.find(name);
    if (found != table.targets.end()) return &found->second;
    std::vector<std::string_view> names;
    for (const auto& [known, target] : table.targets) names.push_back(known);
    auto near = nearest_word(name, names);
    complain("there is no target `" + name + "`" +
             (near ? ": did you mean `" + std::string(*near) + "`?" : ""));
    return nullptr;
}

// How what rules fire at the target waits for others; the test does not.
nlohmann::ordered_json groups_of(const presets::Target& target, const rules::PlanningTable& table) {
    auto groups = nlohmann::ordered_json::array();
    if (!target.tells_several) return groups;
    if (target.group && target.group->wait > Milliseconds(0))
        groups.push_back({{"group", model::to_string(target.group)}});
    for (const auto& rule : table.rules)
        if (rule.group && std::ranges::find(rule.fire, target.name) != rule.fire.end())
            groups.push_back({{"rule", rule.name}, {"group", model::to_string(rule.group->together)}});
    return groups;
}

std::string in_words(const nlohmann::ordered_json& groups) {
    std::string text;
    for (const auto& group : groups)
        text += (text.empty() ? "--- a test waits for nothing, other messages by `group`: " : "; ") +
                group["group"].get<std::string>() +
                (group.contains("rule") ? " of rule " + group["rule"].get<std::string>() : "");
    return text.empty() ? "" : text + "\n";
}

}  // namespace

int test(const Common& common, const std::string& name, bool yes) {
    auto configuration = read_configuration(common);
    if (!configuration) return wrong_usage;
    const auto* target = find_target(*configuration->dispatch, name);
    if (target == nullptr) return wrong_usage;
    if (target->test == presets::TestMode::starts && !yes) {
        complain("a test event to `" + name + "` (preset " + target->preset +
                 ") would start something there: say so with --yes");
        return wrong_usage;
    }
    app::Outside outside(configuration->settings.registries);
    bool per_dependent = target->per() == settings::Per::dependent;
    auto event =
        rules::sample_event(per_dependent, *configuration->watch->planning, outside.ids, outside.clock.now());
    // A target that fires once per dependent is tried with the first one that has parameters.
    std::string dependent;
    std::map<std::string, std::string> with;
    if (per_dependent && !configuration->dispatch->with.empty())
        std::tie(dependent, with) = *configuration->dispatch->with.begin();
    auto trial = outside.wait_for(dispatch::try_target(*target, event, dependent, with, true, outside.clock,
                                                       outside.http, outside.registry, outside.jq,
                                                       outside.mail, outside.kafka, outside.nats));
    auto groups = groups_of(*target, *configuration->watch->planning);
    auto body = as_json(trial);
    if (!groups.empty()) body["groups"] = groups;
    print(common.json ? body.dump(2) + "\n" : as_text(trial) + in_words(groups));
    return trial.sent && trial.succeeded ? done : failed;
}

}  // namespace basewatch::cli
