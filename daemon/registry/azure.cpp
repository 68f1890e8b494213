#include "registry/azure.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "registry/complaint.hpp"
#include "registry/exchange.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::string_view token_user = "00000000-0000-0000-0000-000000000000";
constexpr std::size_t most_token = 32u << 10;
constexpr Milliseconds usual_life{std::chrono::hours(1)};
constexpr Milliseconds longest_life{std::chrono::hours(24)};

// The claim `exp` of a JSON web token, as a hint and no proof.
std::optional<Time> end_of(const std::string& token) {
    auto first = token.find('.');
    auto second = first == std::string::npos ? first : token.find('.', first + 1);
    if (second == std::string::npos) return std::nullopt;
    auto claims = unbase64(std::string_view(token).substr(first + 1, second - first - 1));
    auto parsed = claims ? parse_json(*claims, JsonLimits{most_token, 8}) : Result<nlohmann::json>(Error());
    auto seconds = parsed ? integer_member(*parsed, "exp") : std::nullopt;
    if (!seconds || *seconds < 0 || *seconds > std::int64_t{100'000'000'000}) return std::nullopt;
    return from_unix_ms(*seconds * 1000);
}

}  // namespace

bool azure_token_user(const std::string& username) {
    return username == token_user;
}

net::HttpRequest azure_request(const net::Url& registry, const settings::CloudLogin& login) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = registry;
    request.url.target = "/oauth2/exchange";
    request.headers = usual_headers("application/json");
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = "grant_type=access_token&service=" + form_encode(registry.authority()) +
                   "&access_token=" + form_encode(login.access_token.reveal());
    if (!login.tenant.empty()) request.body += "&tenant=" + form_encode(login.tenant);
    return request;
}

Result<Lent> read_azure_answer(const net::HttpResponse& response, const std::string& server, Time now) {
    if (response.status != 200) return error_of_grant(response, server, now);
    auto body = parse_json(response.body, JsonLimits{256u << 10, 8});
    auto token = body ? string_member(*body, "refresh_token").value_or("") : "";
    bool clean = !token.empty() && token.size() <= most_token &&
                 std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!clean)
        return Error(ErrorKind::bad_answer, server + " answered without a refresh token").with_status(200);
    Milliseconds life = usual_life;
    if (auto end = end_of(token)) life = std::clamp<Milliseconds>(*end - now, usual_life / 12, longest_life);
    Credential credential;
    credential.kind = Credential::Kind::identity_token;
    credential.username = token_user;
    credential.secret = Secret::passing(std::move(token));
    return Lent{std::move(credential), life * 3 / 4, life};
}

}  // namespace basewatch::registry
