#pragma once
// Azure's registries: a token of Entra ID (AAD) is exchanged at the registry itself for a refresh token of
// its own, with which access tokens are asked for as with any identity token. Pure.

#include "net/http_message.hpp"
#include "registry/kept_credentials.hpp"
#include "settings/registry_settings.hpp"

#include <string>

namespace basewatch::registry {

// Whoever logs in by this name has a refresh token as the password.
bool azure_token_user(const std::string& username);

// `registry`: its address.
net::HttpRequest azure_request(const net::Url& registry, const settings::CloudLogin& login);
// Renewed after three quarters of its life, which stands in the token; an hour where it cannot be read.
Result<Lent> read_azure_answer(const net::HttpResponse& response, const std::string& server, Time now);

}  // namespace basewatch::registry
