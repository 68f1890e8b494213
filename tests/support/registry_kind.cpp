#include "support/registry_kind.hpp"

#include "foundation/json.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace basewatch::test {

namespace {

using Json = nlohmann::json;

std::vector<std::string> texts(const Json& from, std::string_view name) {
    std::vector<std::string> read;
    if (const auto* list = array_member(from, name))
        for (const auto& one : *list)
            if (one.is_string()) read.push_back(one.get<std::string>());
    return read;
}

int number(const Json& from, std::string_view name, int otherwise) {
    return static_cast<int>(integer_member(from, name).value_or(otherwise));
}

// A misspelt key would be a behaviour that is not played.
void know_only(const Json& object, std::initializer_list<std::string_view> names) {
    for (const auto& [name, value] : object.items())
        if (std::find(names.begin(), names.end(), name) == names.end())
            throw std::runtime_error("does not know \"" + name + "\"");
}

Fault fault_of(const Json& from) {
    know_only(from, {"method", "target", "when", "status", "headers", "without", "body", "length"});
    Fault fault;
    fault.method = string_member(from, "method").value_or("");
    fault.target = string_member(from, "target").value_or("");
    if (integer_member(from, "when")) fault.when = number(from, "when", 0);
    if (integer_member(from, "status")) fault.status = number(from, "status", 0);
    if (integer_member(from, "length")) fault.length = static_cast<std::size_t>(number(from, "length", 0));
    fault.without = texts(from, "without");
    if (const auto* headers = object_member(from, "headers"))
        for (const auto& [name, value] : headers->items())
            if (value.is_string()) fault.headers.add(name, value.get<std::string>());
    // A body is text, or JSON to be written as such.
    if (const auto* body = member(from, "body"))
        fault.body = body->is_string() ? body->get<std::string>() : to_text(*body);
    return fault;
}

RegistryKind kind_of(const Json& from) {
    know_only(from, {"name", "evidence", "challenges", "challenges_to_authorized", "token", "login",
                     "regional", "if_none_match", "habits", "limited", "denied", "expected"});
    RegistryKind kind;
    kind.name = string_member(from, "name").value_or("");
    kind.challenges = texts(from, "challenges");
    kind.challenges_to_authorized = texts(from, "challenges_to_authorized");
    kind.login = boolean_member(from, "login").value_or(false);
    if (auto conditions = string_member(from, "if_none_match")) {
        if (*conditions != "honoured" && *conditions != "always")
            throw std::runtime_error("does not know \"if_none_match\": \"" + *conditions + "\"");
        kind.conditions = *conditions == "always" ? RegistryScript::Conditions::always
                                                  : RegistryScript::Conditions::honoured;
    }
    kind.regional = boolean_member(from, "regional").value_or(false);
    if (const auto* token = object_member(from, "token")) {
        know_only(*token, {"path", "service", "expires_in", "members"});
        kind.tokens.path = string_member(*token, "path").value_or("/token");
        kind.tokens.service = string_member(*token, "service").value_or("");
        kind.tokens.expires_in = number(*token, "expires_in", 0);
        if (array_member(*token, "members")) kind.tokens.members = texts(*token, "members");
    }
    if (kind.login) kind.tokens.username = kind_username, kind.tokens.password = kind_password;
    if (const auto* habits = array_member(from, "habits"))
        for (const auto& habit : *habits) kind.habits.push_back(fault_of(habit));
    const auto* limited = object_member(from, "limited");
    if (limited == nullptr) throw std::runtime_error("does not say how it limits");
    kind.limited = fault_of(*limited);
    if (const auto* denied = object_member(from, "denied")) kind.denied = fault_of(*denied);
    if (const auto* expected = object_member(from, "expected"))
        for (const auto& [column, cell] : expected->items())
            kind.expected[column] = cell.is_string() ? cell.get<std::string>() : "";
    return kind;
}

}  // namespace

RegistryKind read_registry_kind(const std::string& path) {
    auto document = parse_json(read_file(path));
    if (!document) throw std::runtime_error(path + ": " + document.error().message());
    try {
        auto kind = kind_of(*document);
        kind.file = std::filesystem::path(path).stem().string();
        return kind;
    } catch (const std::runtime_error& wrong) {
        throw std::runtime_error(path + " " + wrong.what());
    }
}

std::vector<RegistryKind> read_registry_kinds(const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".json") paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    std::vector<RegistryKind> kinds;
    for (const auto& path : paths) kinds.push_back(read_registry_kind(path));
    return kinds;
}

void play(const RegistryKind& kind, FakeRegistry& front, FakeRegistry& home) {
    bool basic = !kind.challenges.empty() && kind.challenges.front().starts_with("Basic");
    if (basic)
        home.ask_for_password(kind_username, kind_password);
    else if (!kind.challenges.empty())
        home.ask_for_token(kind.tokens);
    home.challenge_with(kind.challenges, kind.challenges_to_authorized);
    for (const auto& habit : kind.habits) home.always(habit);
    home.take_conditions(kind.conditions);
    if (!kind.regional) return;
    front.always({.target = "/v2/", .status = 307, .headers = {{"Location", home.url() + "{target}"}}});
}

}  // namespace basewatch::test
