#pragma once
// A kind of registry as a data file describes it (tests/conformance/registries/*.json): how it asks for
// credentials, what its answers lack or add, how it says no, and what the client is expected to make of it.

#include "support/fake_registry.hpp"

#include <map>
#include <string>
#include <vector>

namespace basewatch::test {

struct RegistryKind {
    std::string file;  // without folder and extension
    std::string name;  // for people
    // WWW-Authenticate, as RegistryScript::challenge_with; none: open to everybody. A kind whose first
    // challenge is Basic asks for the password itself, any other for a token.
    std::vector<std::string> challenges, challenges_to_authorized;
    TokenRules tokens;
    bool login = false;     // the client has a user name and a password
    bool regional = false;  // sends every request on to another host, which has the content and asks
    RegistryScript::Conditions conditions = RegistryScript::Conditions::ignored;
    std::vector<Fault> habits;
    Fault limited;                // how it says "too many requests"
    std::optional<Fault> denied;  // how it closes a repository; else by a token that allows nothing
    TagListing tags;
    // Column of a table to what stands there: of the table of all questions, and of that of tag lists.
    std::map<std::string, std::string> expected, expected_tags;
};

// Throws std::runtime_error, naming the file, for whatever is wrong with it.
RegistryKind read_registry_kind(const std::string& path);
// All of a folder, by file name.
std::vector<RegistryKind> read_registry_kinds(const std::string& folder);

inline constexpr const char* kind_username = "ci";
inline constexpr const char* kind_password = "only-for-the-registry";

// Lets `front` behave as this kind; `home` holds its content (the same one unless the kind is regional).
void play(const RegistryKind& kind, FakeRegistry& front, FakeRegistry& home);

}  // namespace basewatch::test
