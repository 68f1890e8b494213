#include "app/configuration.hpp"

#include "app/check_intervals.hpp"
#include "app/check_settings.hpp"
#include "app/tables.hpp"
#include "foundation/heap.hpp"
#include "jq/program_line.hpp"
#include "net/url.hpp"
#include "rules/conditions.hpp"

#include <array>
#include <unistd.h>

namespace basewatch::app {

namespace {

std::string hostname() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

std::shared_ptr<const api::ApiTable> api_table(const settings::Settings& settings,
                                               std::shared_ptr<const rules::PlanningTable> planning) {
    auto table = std::make_shared<api::ApiTable>();
    table->access.tokens = settings.daemon.api_tokens;
    if (auto url = net::Url::parse(settings.daemon.public_url)) table->access.hosts.push_back(url->host);
    table->planning = std::move(planning);
    return table;
}

// A fault of a jq program, at its own line.
void tell(const Mark& start, const std::string& whose, const Error& error, Problems& problems) {
    auto fault = jq::located(start, error.message());
    problems.error(fault.where, whose + ": " + fault.what);
}

std::optional<Configuration> load(const std::string& file, const settings::Environment& environment,
                                  bool to_judge, Problems& problems) {
    auto settings = settings::read_what_is_readable(file, environment, problems);
    check_settings(settings, problems);
    if (problems.failed()) return std::nullopt;
    Configuration made;
    made.watch = watch_table(settings, hostname());
    if (to_judge) warn_of_intervals(settings, made.watch->bases, problems);
    made.dispatch = dispatch_table(settings, made.watch->planning);
    made.api = api_table(settings, made.watch->planning);
    // The watch table holds what is needed of them: 100,000 would take tens of megabytes a second time.
    settings.watch = std::vector<settings::WatchSettings>();
    // What a large file was read into leaves holes all over the heap, which are kept unless they are asked
    // for.
    trim_heap();
    made.settings = std::move(settings);
    return made;
}

}  // namespace

std::optional<Configuration> load(const std::string& file, const settings::Environment& environment,
                                  Problems& problems) {
    return load(file, environment, false, problems);
}

std::optional<Configuration> load_to_judge(const std::string& file, const settings::Environment& environment,
                                           Problems& problems) {
    return load(file, environment, true, problems);
}

Async<void> check_programs(const settings::Settings& settings, jq::Worker& jq, Problems& problems) {
    for (const auto& [name, target] : settings.targets) {
        if (!target.fields.body) continue;
        std::string program = *target.fields.body;
        auto compiled = co_await jq.check(std::move(program));
        if (!compiled) tell(target.fields.body_at, "`body` of target " + name, compiled.error(), problems);
    }
    for (const auto& entry : settings.rules) {
        if (entry.rule.when.empty()) continue;
        auto compiled = co_await rules::check_condition(entry.rule.when, jq);
        if (!compiled)
            tell(entry.when_at, "`when` of rule \"" + entry.rule.name + "\"", compiled.error(), problems);
    }
}

std::string report(const Problems& problems) {
    std::string text;
    for (const auto& problem : problems.sorted())
        text += problem.where.text() + (problem.warning ? ": warning: " : ": error: ") + problem.what + "\n";
    return text;
}

}  // namespace basewatch::app
