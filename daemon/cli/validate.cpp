#include "app/parts.hpp"
#include "cli/offline.hpp"
#include "cli/verbs.hpp"
#include "foundation/counted.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace basewatch::cli {

namespace {

std::string as_json(const Problems& problems) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const auto& problem : problems.sorted())
        rows.push_back({{"file", problem.where.file},
                        {"line", problem.where.line},
                        {"column", problem.where.column},
                        {"severity", problem.warning ? "warning" : "error"},
                        {"message", problem.what}});
    return nlohmann::ordered_json{{"valid", !problems.failed()}, {"problems", std::move(rows)}}.dump(2) +
           "\n";
}

// `1 pattern, `; nothing where there is none.
std::string patterns_of(const app::Configuration& configuration) {
    auto count = configuration.watch->patterns.size();
    return count == 0 ? "" : counted(count, "pattern") + ", ";
}

}  // namespace

int validate(const Common& common) {
    Problems problems;
    auto configuration = app::load_to_judge(common.config, settings::Environment::of_process(), problems);
    if (configuration) {
        app::Outside outside(configuration->settings.registries);
        outside.wait_for(
            [](app::Outside& parts, const settings::Settings& settings, Problems& found) -> Async<bool> {
                co_await app::check_programs(settings, parts.jq, found);
                co_return true;
            }(outside, configuration->settings, problems));
    }
    if (common.json)
        print(as_json(problems));
    else
        std::fputs(app::report(problems).c_str(), problems.failed() ? stderr : stdout);
    if (problems.failed()) return wrong_usage;
    if (!common.json)
        print(common.config + ": valid; " + counted(configuration->watch->bases.size(), "base") + ", " +
              patterns_of(*configuration) + counted(configuration->settings.rules.size(), "rule") + ", " +
              counted(configuration->settings.targets.size(), "target") + "\n");
    return done;
}

}  // namespace basewatch::cli
