#pragma once
// How a target is told who we are, beside the signature: what presets and targets write as `auth`.

#include "foundation/secret.hpp"
#include "foundation/yaml.hpp"

#include <optional>
#include <string>

namespace basewatch::settings {

class SecretReader;

// From the target's `username` and `token`; oauth2 has a secret of its own.
enum class Auth { none, bearer, basic, header, query, oauth2 };

// Client credentials (RFC 6749 §4.4).
struct OAuth2 {
    std::string token_url;
    std::string client_id;
    Secret client_secret;
    std::string scope;            // empty: none is asked for
    std::string audience;         // likewise; what some servers want beside or in place of a scope
    bool secret_in_body = false;  // else by HTTP Basic (§2.3.1)
};

struct AuthSettings {
    Auth style = Auth::none;
    std::string name;  // of the header or query parameter
    std::optional<OAuth2> oauth2;
};

// `{style: header, name: X-Api-Key}`, `{style: oauth2, token_url: …, client_id: …, client_secret: …}`. Takes
// the key from the mapping; nothing where it is not there or is wrong, which is told.
std::optional<AuthSettings> read_auth(YamlMap& map, SecretReader& secrets, Problems& problems);

}  // namespace basewatch::settings
