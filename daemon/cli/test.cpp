#include "app/parts.hpp"
#include "cli/offline.hpp"
#include "cli/trial.hpp"
#include "cli/verbs.hpp"
#include "foundation/suggest.hpp"

#include <nlohmann/json.hpp>

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
    auto trial =
        outside.wait_for(dispatch::try_target(*target, event, dependent, with, true, outside.clock,
                                              outside.http, outside.registry, outside.jq, outside.mail));
    print(common.json ? as_json(trial).dump(2) + "\n" : as_text(trial));
    return trial.sent && trial.succeeded ? done : failed;
}

}  // namespace basewatch::cli
