#include "registry/google.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "registry/complaint.hpp"
#include "registry/exchange.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::string_view scope = "https://www.googleapis.com/auth/cloud-platform.read-only";
constexpr std::string_view metadata_server = "metadata.google.internal";
constexpr std::size_t most_key_file = 64u << 10;
constexpr std::size_t most_token = 16u << 10;
constexpr std::int64_t life_of_assertion = 3600;
constexpr std::int64_t usual_life = 3600;

Error invalid(std::string why) {
    return Error(ErrorKind::invalid, std::move(why));
}

}  // namespace

Result<GoogleKey> parse_google_key(std::string_view text) {
    auto file = parse_json(text, JsonLimits{most_key_file, 8});
    if (!file || !file->is_object())
        return invalid("is no JSON object: not the key file of a service account");
    auto field = [&](std::string_view name) { return string_member(*file, name).value_or(""); };
    auto type = field("type");
    if (type != "service_account")
        return Error(ErrorKind::unsupported, "is of the type \"" + plain_line(type, 40) +
                                                 "\": what is needed is a key of a service account");
    GoogleKey key{field("client_email"), field("private_key_id"), Secret(field("private_key")), {}};
    if (key.client_email.empty() || key.client_email.size() > 320) return invalid("has no `client_email`");
    if (key.private_key.empty()) return invalid("has no `private_key`");
    std::string address = field("token_uri");
    if (address.empty()) address = "https://oauth2.googleapis.com/token";
    auto url = net::Url::parse(address);
    if (!url || !url->secure() || !url->user_information.empty())
        return invalid("has a `token_uri` that is no https address");
    key.token_address = *url;
    if (!rs256_sign(key.private_key.reveal(), "")) return invalid("has a `private_key` that is no RSA key");
    return key;
}

Result<net::HttpRequest> google_request(const GoogleKey& key, Time now) {
    auto seconds = to_unix_ms(now) / 1000;
    nlohmann::json head{{"alg", "RS256"}, {"typ", "JWT"}};
    if (!key.key_id.empty()) head["kid"] = key.key_id;
    nlohmann::json claims{{"iss", key.client_email},
                          {"scope", scope},
                          {"aud", key.token_address.text()},
                          {"iat", seconds},
                          {"exp", seconds + life_of_assertion}};
    std::string assertion = base64url(to_text(head)) + "." + base64url(to_text(claims));
    auto signature = rs256_sign(key.private_key.reveal(), assertion);
    if (!signature) return invalid("the `private_key` is no RSA key");
    assertion += "." + base64url(*signature);
    register_passing_secret(assertion);
    net::HttpRequest request;
    request.method = "POST";
    request.url = key.token_address;
    request.headers = usual_headers("application/json");
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = "grant_type=" + form_encode("urn:ietf:params:oauth:grant-type:jwt-bearer") +
                   "&assertion=" + form_encode(assertion);
    return request;
}

net::HttpRequest google_metadata_request() {
    net::HttpRequest request;
    request.url = net::Url{"http", std::string(metadata_server), 80,
                           "/computeMetadata/v1/instance/service-accounts/default/token", ""};
    request.headers = usual_headers("application/json");
    request.headers.set("Metadata-Flavor", "Google");
    return request;
}

Credential google_credential(Secret access_token) {
    return Credential{Credential::Kind::password, "oauth2accesstoken", std::move(access_token), "", ""};
}

Result<Lent> read_google_answer(const net::HttpResponse& response, const std::string& server, Time now) {
    if (response.status != 200) return error_of_grant(response, server, now);
    auto wrong = [&](std::string_view why) {
        return Error(ErrorKind::bad_answer, server + " answered " + std::string(why)).with_status(200);
    };
    auto body = parse_json(response.body, JsonLimits{256u << 10, 8});
    if (!body || !body->is_object()) return wrong("with something that is not JSON");
    auto token = string_member(*body, "access_token").value_or("");
    bool clean = !token.empty() && token.size() <= most_token &&
                 std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!clean) return wrong("without an access token");
    auto seconds =
        std::clamp<std::int64_t>(integer_member(*body, "expires_in").value_or(usual_life), 0, 86400);
    if (seconds < 30) return wrong("with a token that is over already");
    Milliseconds life{std::chrono::seconds(seconds)};
    // The metadata service hands out the same token until five minutes before its end.
    auto early = std::min<Milliseconds>(std::chrono::minutes(4), life / 4);
    return Lent{google_credential(Secret::passing(std::move(token))), life - early, life};
}

Result<Lent> read_google_metadata_answer(const net::HttpResponse& response, Time now) {
    if (response.headers.find("Metadata-Flavor").value_or("") != "Google")
        return Error(ErrorKind::bad_answer, std::string(metadata_server) + " answered as somebody else")
            .with_status(response.status);
    return read_google_answer(response, std::string(metadata_server), now);
}

}  // namespace basewatch::registry
