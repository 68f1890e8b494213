#include "registry/ecr.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "registry/complaint.hpp"
#include "registry/exchange.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace basewatch::registry {

namespace {

constexpr std::string_view public_host = "public.ecr.aws";
constexpr std::size_t most_token = 16u << 10;
constexpr auto usual_life = std::chrono::hours(12);
constexpr auto longest_life = std::chrono::hours(24);
constexpr auto tolerated_skew = std::chrono::minutes(5);  // by AWS

bool word(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.front() != '-' && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

struct HostName {
    std::string region;
    std::string api;  // its host
};

// ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com[.cn], and ACCOUNT.dkr-ecr[-fips].REGION.on.aws of both
// families.
std::optional<HostName> read_host(std::string_view host) {
    auto digits = std::min(host.find('.'), host.size());
    bool account = digits == 12 &&
                   std::ranges::all_of(host.substr(0, digits), [](char c) { return c >= '0' && c <= '9'; });
    if (!account) return std::nullopt;
    host.remove_prefix(digits);
    bool dual = host.starts_with(".dkr-ecr");
    if (!dual && !host.starts_with(".dkr.ecr")) return std::nullopt;
    host.remove_prefix(8);
    bool fips = host.starts_with("-fips.");
    if (fips) host.remove_prefix(5);
    if (!host.starts_with('.')) return std::nullopt;
    host.remove_prefix(1);
    auto dot = std::min(host.find('.'), host.size());
    std::string region(host.substr(0, dot));
    auto domain = host.substr(dot);
    if (!word(region)) return std::nullopt;
    std::string start = fips ? "ecr-fips." : dual ? "ecr." : "api.ecr.";
    if (dual && domain == ".on.aws") return HostName{region, start + region + ".api.aws"};
    if (dual && domain == ".on.amazonwebservices.com.cn")
        return HostName{region, start + region + ".api.amazonwebservices.com.cn"};
    if (!dual && (domain == ".amazonaws.com" || domain == ".amazonaws.com.cn"))
        return HostName{region, start + region + std::string(domain)};
    return std::nullopt;
}

Error invalid(std::string why) {
    return Error(ErrorKind::invalid, std::move(why));
}

// `com.amazon…#UnrecognizedClientException`
std::string type_of(const nlohmann::json& body, const net::HttpResponse& response) {
    std::string type = string_member(body, "__type").value_or("");
    if (type.empty()) type = response.headers.find("x-amzn-ErrorType").value_or("");
    type = type.substr(type.rfind('#') + 1);  // npos + 1 is 0
    return plain_line(type.substr(0, type.find(':')), 80);
}

bool says(const std::string& type, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words,
                               [&](std::string_view one) { return type.find(one) != std::string::npos; });
}

// Behind the first line stands what they computed the signature of, with the session's token in it.
std::string first_line(const nlohmann::json& body) {
    std::string text = string_member(body, "message").value_or("");
    if (text.empty()) text = string_member(body, "Message").value_or("");
    text = text.substr(0, text.find('\n'));
    text = text.substr(0, text.find("The Canonical String"));
    return plain_line(redact(text), 300);
}

std::string clock_fault(const net::HttpResponse& response, Time now) {
    auto date = response.headers.find("Date");
    auto theirs = date ? parse_http_date(*date) : Result<Time>(Error());
    if (!theirs) return {};
    auto off = std::chrono::abs(now - *theirs);
    if (off <= tolerated_skew) return {};
    return "; the clock of this machine is " +
           format_duration(std::chrono::floor<std::chrono::seconds>(off)) +
           (now > *theirs ? " ahead" : " behind") + ": set it right";
}

Error refusal(const net::HttpResponse& response, const EcrApi& api, Time now) {
    auto parsed = parse_json(response.body, JsonLimits{256u << 10, 8});
    auto body = parsed ? *parsed : nlohmann::json();
    auto type = type_of(body, response);
    std::string said = type;
    if (auto line = first_line(body); !line.empty()) said += (said.empty() ? "" : ": ") + line;
    auto error = error_of(response, api.url.authority(), said.empty() ? "no reason" : said, now);
    if (says(type, {"Throttling", "TooManyRequests", "LimitExceeded"}))
        return Error(ErrorKind::rate_limited, error.message())
            .with_status(response.status)
            .with_retry_after(asked_wait(response, now));
    bool ours =
        says(type, {"UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature", "SignatureDoesNotMatch",
                    "AccessDenied", "ExpiredToken", "RequestExpired", "IncompleteSignature",
                    "MissingAuthenticationToken", "OptInRequired", "NotAuthorized", "InvalidAccessKeyId"});
    if (!ours && error.kind() != ErrorKind::unauthorized) return error;
    return Error(ErrorKind::unauthorized, error.message() + clock_fault(response, now))
        .with_status(response.status);
}

// Seconds since 1970, whole or not.
std::optional<Time> time_member(const nlohmann::json& object, std::string_view name) {
    const auto* value = member(object, name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    double seconds = value->get<double>();
    if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e11) return std::nullopt;
    return from_unix_ms(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

Result<EcrApi> ecr_api(const std::string& host, const settings::CloudLogin& login) {
    bool of_everybody = host == public_host;
    auto named = read_host(host);
    EcrApi api;
    api.service = of_everybody ? "ecr-public" : "ecr";
    api.region = !login.region.empty() ? login.region
                 : of_everybody        ? "us-east-1"
                 : named               ? named->region
                                       : "";
    if (api.region.empty())
        return invalid(host +
                       " is no registry of Amazon's by its name "
                       "(ACCOUNT.dkr.ecr.REGION.amazonaws.com, public.ecr.aws): write `region` and "
                       "`endpoint`");
    if (!word(api.region)) return invalid("`region` must be the name of a region, such as eu-west-1");
    std::string address = login.endpoint;
    if (address.empty() && of_everybody) address = "https://api.ecr-public.us-east-1.amazonaws.com";
    if (address.empty() && named) address = "https://" + named->api;
    if (address.empty())
        return invalid("the API of " + host +
                       " is not known: write `endpoint`, such as "
                       "https://api.ecr.eu-west-1.amazonaws.com");
    auto url = net::Url::parse(address);
    bool whole = url && (url->target.empty() || url->target == "/") && url->user_information.empty();
    if (!whole) return invalid("`endpoint` must be an https address without a path");
    bool here = url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1";
    if (!url->secure() && !here)
        return invalid("`endpoint` must be an https address: what it answers is a password");
    url->target = "/";
    api.url = *url;
    return api;
}

net::HttpRequest ecr_request(const EcrApi& api, const AwsKeys& keys, Time now) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = api.url;
    request.headers = usual_headers("application/json");
    request.headers.set("Content-Type", "application/x-amz-json-1.1");
    request.headers.set("X-Amz-Target", api.service == "ecr-public"
                                            ? "SpencerFrontendService.GetAuthorizationToken"
                                            : "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
    request.body = "{}";
    sign_v4(request, keys, api.region, api.service, now);
    return request;
}

Result<Lent> read_ecr_answer(const net::HttpResponse& response, const EcrApi& api, Time now) {
    if (response.status != 200) return refusal(response, api, now);
    auto wrong = [&](std::string_view why) {
        return Error(ErrorKind::bad_answer, api.url.authority() + " answered " + std::string(why))
            .with_status(200);
    };
    auto body = parse_json(response.body, JsonLimits{256u << 10, 8});
    if (!body) return wrong("with something that is not JSON");
    // A list with one entry, or, of ECR Public, the entry itself.
    const auto* data = object_member(*body, "authorizationData");
    const auto* list = array_member(*body, "authorizationData");
    if (list != nullptr && !list->empty()) data = &list->front();
    auto token = data == nullptr ? std::nullopt : string_member(*data, "authorizationToken");
    auto pair = token && token->size() <= most_token ? unbase64(*token) : std::nullopt;
    auto colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos || colon == 0 || colon + 1 == pair->size())
        return wrong("without a token that can be one");
    auto life = std::chrono::duration_cast<Milliseconds>(usual_life);
    if (auto end = time_member(*data, "expiresAt")) life = *end - now;
    if (life < std::chrono::minutes(1)) return wrong("with a token that is over already");
    life = std::min<Milliseconds>(life, longest_life);
    register_passing_secret(*token);
    Credential credential;
    credential.kind = Credential::Kind::password;
    credential.username = pair->substr(0, colon);
    credential.secret = Secret::passing(pair->substr(colon + 1));
    return Lent{std::move(credential), life / 2, life};
}

}  // namespace basewatch::registry
