#include "settings/way_settings.hpp"

#include "settings/values.hpp"

namespace basewatch::settings {

namespace {

constexpr std::size_t most_arguments = 100;
constexpr std::size_t longest_argument = 4096;

// `--base={BASE_REF}`: a place with something around it.
bool holds_place(std::string_view argument) {
    for (auto at = argument.find('{'); at != std::string_view::npos; at = argument.find('{', at + 1)) {
        auto end = argument.find('}', at);
        if (end != std::string_view::npos && is_name(argument.substr(at + 1, end - at - 1))) return true;
    }
    return false;
}

std::optional<std::string> fault_of(std::string_view argument, bool first) {
    if (argument.size() > longest_argument || argument.find('\0') != std::string_view::npos)
        return "must be texts of at most " + std::to_string(longest_argument) + " bytes";
    if (first && !argument.starts_with('/'))
        return "must begin with the absolute path of the program, such as /usr/local/bin/rebuild";
    // The arguments of a process can be read by everybody on its machine.
    if (argument.find("${") != std::string_view::npos)
        return "cannot hold secrets: let the program read them itself";
    if (holds_place(argument) && (first || !place_in(argument)))
        return "has a place inside an argument: a place is an argument of its own, such as [--base, "
               "\"{BASE_REF}\"]";
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> place_in(std::string_view argument) {
    if (argument.size() < 3 || !argument.starts_with('{') || !argument.ends_with('}')) return std::nullopt;
    auto name = argument.substr(1, argument.size() - 2);
    return is_name(name) ? std::optional(name) : std::nullopt;
}

std::vector<std::string> read_command(YamlMap& map, Problems& problems) {
    auto value = map.take("command");
    if (!value) return {};
    auto items = value->kind() == YamlValue::Kind::list ? yaml_one_or_many(*value) : std::vector<YamlValue>();
    if (items.empty() || items.size() > most_arguments) {
        problems.error(value->mark(), "`command` of " + map.what() + " must be a list of 1 to " +
                                          std::to_string(most_arguments) +
                                          " arguments, such as [/usr/local/bin/rebuild, \"{DEPENDENT}\"]: no "
                                          "shell reads it");
        return {};
    }
    std::vector<std::string> command;
    for (const auto& item : items) {
        auto argument = yaml_string(item, "command", problems);
        if (!argument) continue;
        if (auto fault = fault_of(*argument, command.empty()))
            problems.error(item.mark(), "`command` of " + map.what() + " " + *fault);
        command.push_back(std::move(*argument));
    }
    return command;
}

}  // namespace basewatch::settings
