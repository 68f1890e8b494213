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

template <class Value>
Value one_of(const Json& from, std::string_view name, const std::map<std::string, Value>& values) {
    auto text = string_member(from, name);
    if (!text) return Value();
    auto found = values.find(*text);
    if (found == values.end())
        throw std::runtime_error("does not know \"" + std::string(name) + "\": \"" + *text + "\"");
    return found->second;
}

TagListing listing_of(const Json& from) {
    know_only(from, {"page", "most", "refusal", "link", "by", "takes_last", "unknown_last", "shuffled", "end",
                     "invented_length", "members"});
    TagListing listing;
    auto size = [&](std::string_view name) { return static_cast<std::size_t>(number(from, name, 0)); };
    listing.page = size("page"), listing.most = size("most");
    listing.refusal = number(from, "refusal", listing.refusal);
    using Link = TagListing::Link;
    listing.link = one_of<Link>(from, "link",
                                {{"relative", Link::relative},
                                 {"absolute", Link::absolute},
                                 {"inner host", Link::inner_host},
                                 {"shortened path", Link::shortened_path},
                                 {"nowhere", Link::nowhere}});
    listing.by = string_member(from, "by").value_or(listing.by);
    listing.takes_last = boolean_member(from, "takes_last").value_or(true);
    listing.unknown_last = number(from, "unknown_last", 0);
    listing.shuffled = boolean_member(from, "shuffled").value_or(false);
    using End = TagListing::End;
    listing.end = one_of<End>(
        from, "end", {{"repeats", End::repeats}, {"circles", End::circles}, {"endless", End::endless}});
    listing.invented_length = std::max(size("invented_length"), listing.invented_length);
    if (const auto* members = object_member(from, "members")) {
        auto text = to_text(*members);
        listing.members = text.substr(1, text.size() - 2);
    }
    return listing;
}

std::map<std::string, std::string> cells_of(const Json& from, std::string_view name) {
    std::map<std::string, std::string> cells;
    if (const auto* expected = object_member(from, name))
        for (const auto& [column, cell] : expected->items())
            cells[column] = cell.is_string() ? cell.get<std::string>() : "";
    return cells;
}

RegistryKind kind_of(const Json& from) {
    know_only(from,
              {"name", "evidence", "challenges", "challenges_to_authorized", "token", "login", "regional",
               "if_none_match", "habits", "limited", "denied", "tags", "expected", "expected_tags"});
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
    kind.expected = cells_of(from, "expected");
    kind.expected_tags = cells_of(from, "expected_tags");
    const auto* limited = object_member(from, "limited");
    if (limited == nullptr && !kind.expected.empty()) throw std::runtime_error("does not say how it limits");
    if (limited != nullptr) kind.limited = fault_of(*limited);
    if (const auto* denied = object_member(from, "denied")) kind.denied = fault_of(*denied);
    if (const auto* tags = object_member(from, "tags")) kind.tags = listing_of(*tags);
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
    home.list_tags(kind.tags);
    if (!kind.regional) return;
    // Built from the path alone: what was asked behind it is lost.
    front.always({.target = "/v2/", .status = 307, .headers = {{"Location", home.url() + "{path}"}}});
}

}  // namespace basewatch::test
