#include "presets/program.hpp"

#include "foundation/secret.hpp"
#include "settings/way_settings.hpp"

#include <algorithm>

namespace basewatch::presets {

namespace {

bool is_build_parameter(std::string_view name) {
    return std::ranges::find(build_parameter_names, name) != build_parameter_names.end();
}

Result<std::string> value_of(const std::string& name, const RenderInput& input) {
    if (is_build_parameter(name)) {
        // Not every event has all of them; an empty argument says so.
        auto known = input.build.find(name);
        return known == input.build.end() ? std::string() : known->second;
    }
    auto found = input.with.find(name);
    if (found == input.with.end() || found->second.empty())
        return Error(ErrorKind::invalid,
                     "`command` has the place {" + name + "}, and `with` gives no value for it");
    return found->second;
}

Result<std::string> filled(const std::string& argument, const RenderInput& input) {
    auto place = settings::place_in(argument);
    if (!place) return argument;
    std::string name(*place);
    auto value = value_of(name, input);
    if (!value) return value.error();
    if (value->starts_with('-'))
        return Error(ErrorKind::invalid, "the value of {" + name +
                                             "} begins with `-`, so the program would take it for an option");
    if (value->find('\0') != std::string::npos)
        return Error(ErrorKind::invalid, "the value of {" + name + "} holds a NUL, which no argument can");
    return value;
}

std::vector<std::string> environment_of(const Target& target, const RenderInput& input,
                                        const std::string& delivery_id) {
    std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                         "LANG=C.UTF-8", "BASEWATCH_DELIVERY_ID=" + delivery_id,
                                         "BASEWATCH_EVENT_TYPE=" + input.event_type,
                                         "BASEWATCH_TARGET=" + target.name};
    for (const auto& [name, value] : input.build)
        environment.push_back(std::string("BASEWATCH_").append(name).append("=").append(value));
    for (auto& variable : environment) std::erase(variable, '\0');
    return environment;
}

// As one would type it, so that it can be tried by hand.
std::string quoted(const std::string& argument) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
    if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos) return argument;
    std::string text = "'";
    for (char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

}  // namespace

Async<Result<ProgramRun>> render_program(const Target& target, RenderInput input, std::string delivery_id,
                                         jq::Worker& worker) {
    ProgramRun run;
    for (const auto& argument : target.command) {
        auto text = filled(argument, input);
        if (!text) co_return text.error();
        run.command.push_back(std::move(*text));
    }
    run.environment = environment_of(target, input, delivery_id);
    run.timeout = target.timeout();
    auto body = co_await render_body(target, std::move(input), worker);
    if (!body) co_return body.error();
    run.input = std::move(*body);
    co_return std::move(run);
}

std::vector<std::string> places_of_command(const std::vector<std::string>& command) {
    std::vector<std::string> names;
    for (const auto& argument : command) {
        auto place = settings::place_in(argument);
        if (!place || is_build_parameter(*place)) continue;
        if (std::ranges::find(names, *place) == names.end()) names.emplace_back(*place);
    }
    return names;
}

std::string describe(const ProgramRun& run) {
    std::string text;
    for (const auto& argument : run.command) text += (text.empty() ? "" : " ") + quoted(argument);
    text += "\n";
    for (const auto& variable : run.environment) text += variable + "\n";
    return redact(text + "\n" + run.input);
}

}  // namespace basewatch::presets
