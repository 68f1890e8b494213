#pragma once
// WWW-Authenticate: what a registry wants to see before it answers (RFC 9110 §11.3 and §11.6.1; the Bearer
// parameters are those of the distribution project's token specification). Several challenges may stand in
// one field and several fields in one answer; a field that breaks the grammar is refused whole, because half
// a challenge may send a credential to the wrong place.

#include "foundation/error.hpp"
#include "net/headers.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::registry {

struct Challenge {
    std::string scheme;                             // lower case
    std::string token68;                            // `Negotiate abc==`; empty otherwise
    std::map<std::string, std::string> parameters;  // names in lower case, values without quotes

    // Empty where it is not there.
    std::string parameter(const std::string& name) const;
};

// One field's value. ErrorKind::bad_answer; at most 16 KiB, 16 challenges and 32 parameters each.
Result<std::vector<Challenge>> parse_challenges(std::string_view field);

// All challenges of an answer, in order; fields that cannot be read are passed over.
std::vector<Challenge> challenges_of(const net::Headers& headers);

// The one to follow: the first Bearer with a realm, else Basic where there is a password to answer with.
// Bearer comes first because a registry with bcrypt passwords pays dearly for every Basic request.
std::optional<Challenge> choose_challenge(const std::vector<Challenge>& offered, bool have_password);

// The scope to ask a token for. The challenge knows best where it names a repository or a scope of its own,
// but we only ever pull; a missing scope or `*` is ours to fill.
std::string scope_to_ask(const std::string& challenged, const std::string& repository);

}  // namespace basewatch::registry
