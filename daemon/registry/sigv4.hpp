#pragma once
// AWS Signature Version 4 ("Create a signed AWS API request" of AWS's IAM user guide): an HMAC-SHA256 over
// the request in a canonical form, by a key derived from date, region and service. Pure.

#include "foundation/clock.hpp"
#include "foundation/secret.hpp"
#include "net/http_message.hpp"

#include <string>

namespace basewatch::registry {

struct AwsKeys {
    std::string access_key_id;
    Secret secret_access_key;
    Secret session_token;  // of temporary keys

    bool operator==(const AwsKeys&) const = default;
};

// Adds X-Amz-Date, X-Amz-Security-Token where there is a session, and Authorization. Signed are Host,
// Content-Type, every X-Amz-… and the body; proxies may change the rest. The path must be in normal form and
// the query percent-encoded.
void sign_v4(net::HttpRequest& request, const AwsKeys& keys, const std::string& region,
             const std::string& service, Time now);

}  // namespace basewatch::registry
