#pragma once
// Google's registries (Artifact Registry, Container Registry) take an OAuth2 access token as the password of
// the user `oauth2accesstoken`. It is lent for an hour, for a JSON web token that a service account's key
// signed (RFC 7523, RS256), or by the metadata service of the machine we run on. It may only read. Pure.

#include "net/http_message.hpp"
#include "registry/kept_credentials.hpp"

#include <string>
#include <string_view>

namespace basewatch::registry {

struct GoogleKey {
    std::string client_email;
    std::string key_id;
    Secret private_key;  // PEM
    net::Url token_address;
};

// The key file of a service account (JSON). invalid or unsupported; no error holds any of it.
Result<GoogleKey> parse_google_key(std::string_view text);

// invalid when the key cannot sign.
Result<net::HttpRequest> google_request(const GoogleKey& key, Time now);
net::HttpRequest google_metadata_request();

Credential google_credential(Secret access_token);
// The answer to one of the above. unauthorized, server_error, rate_limited, bad_answer.
Result<Lent> read_google_answer(const net::HttpResponse& response, const std::string& server, Time now);
// As above; bad_answer where it is not Google's metadata service that answered.
Result<Lent> read_google_metadata_answer(const net::HttpResponse& response, Time now);

}  // namespace basewatch::registry
