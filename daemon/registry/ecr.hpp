#pragma once
// Amazon's registries: GetAuthorizationToken of ECR's API (AWS JSON 1.1, signed), which gives user and
// password for twelve hours; and the same of ECR Public, which has its API in one region only. Pure.

#include "registry/kept_credentials.hpp"
#include "registry/sigv4.hpp"
#include "settings/registry_settings.hpp"

#include <string>

namespace basewatch::registry {

// Where and how the tokens of a registry are asked for.
struct EcrApi {
    net::Url url;
    std::string region;   // that is signed for
    std::string service;  // `ecr` or `ecr-public`
};

// Of a host as Amazon names them (ACCOUNT.dkr.ecr.REGION.amazonaws.com, -fips, .cn, .on.aws, public.ecr.aws),
// else of what the login says. invalid, with what would be right.
Result<EcrApi> ecr_api(const std::string& host, const settings::CloudLogin& login);

net::HttpRequest ecr_request(const EcrApi& api, const AwsKeys& keys, Time now);

// Renewed after half of its life. unauthorized, rate_limited, server_error, bad_answer; where our clock is
// wrong the message says so. No message holds what was signed.
Result<Lent> read_ecr_answer(const net::HttpResponse& response, const EcrApi& api, Time now);

}  // namespace basewatch::registry
