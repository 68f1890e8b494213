#include "dispatch/access_tokens.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace basewatch::dispatch {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_answer = 64u << 10;
constexpr std::size_t most_token = 16u << 10;
constexpr Milliseconds margin = 60s;   // before the end of a long one
constexpr Milliseconds unsaid = 5min;  // how long one is kept that does not say
constexpr Milliseconds longest = std::chrono::hours(24);

std::string source_of(const std::string& target) {
    return "the access token of target " + target;
}

net::HttpRequest question(const settings::OAuth2& how, net::Url url) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = std::move(url);
    request.body = "grant_type=client_credentials";
    auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) request.body += std::string("&") + name + "=" + form_encode(value);
    };
    add("scope", how.scope);
    add("audience", how.audience);
    if (how.secret_in_body) {
        add("client_id", how.client_id);
        add("client_secret", how.client_secret.reveal());
    } else {
        request.headers.set("Authorization", "Basic " + base64(form_encode(how.client_id) + ":" +
                                                               form_encode(how.client_secret.reveal())));
    }
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.headers.set("Accept", "application/json");
    request.headers.set("User-Agent", "basewatch/" BASEWATCH_VERSION);
    request.most_body = most_answer;
    return request;
}

// `invalid_client`, where the answer has such a code: a word of the specification, nothing else.
std::string code_of(const net::HttpResponse& answer) {
    auto body = parse_json(answer.body, JsonLimits{most_answer, 8});
    auto code = body ? string_member(*body, "error").value_or("") : "";
    bool word = code.size() <= 40 && std::all_of(code.begin(), code.end(),
                                                 [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    return word && !code.empty() ? ": " + code : "";
}

Error refusal_of(const net::HttpResponse& answer) {
    std::string text = "the token server answered " + std::to_string(answer.status) + code_of(answer);
    auto kind = answer.status == 429   ? ErrorKind::rate_limited
                : answer.status >= 500 ? ErrorKind::server_error
                : answer.status >= 400 ? ErrorKind::unauthorized
                                       : ErrorKind::bad_answer;
    return Error(kind, std::move(text)).with_status(answer.status);
}

// `expires_in`, a number or, as some servers write it, a text of digits.
Milliseconds lifetime(const nlohmann::json& body) {
    auto seconds = integer_member(body, "expires_in");
    if (auto text = string_member(body, "expires_in")) {
        std::int64_t number = 0;
        auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), number);
        if (fault == std::errc() && end == text->data() + text->size()) seconds = number;
    }
    if (!seconds || *seconds <= 0) return unsaid;
    return Milliseconds(1000 * std::min<std::int64_t>(*seconds, longest.count() / 1000));
}

struct Granted {
    std::string value;
    Milliseconds lifetime{};
};

Result<Granted> granted(const net::HttpResponse& answer) {
    auto bad = [](const char* what) {
        return Error(ErrorKind::bad_answer, std::string("the token server's answer ") + what);
    };
    auto body = parse_json(answer.body, JsonLimits{most_answer, 8});
    if (!body) return bad("is not JSON");
    auto value = string_member(*body, "access_token").value_or("");
    bool sendable = !value.empty() && value.size() <= most_token &&
                    std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (!sendable) return bad("holds no access_token that could be sent");
    auto type = string_member(*body, "token_type").value_or("Bearer");
    if (!net::equal_without_case(type, "bearer")) return bad("is a token of another type than bearer");
    return Granted{std::move(value), lifetime(*body)};
}

}  // namespace

Async<Result<std::string>> AccessTokens::token(std::string target, settings::OAuth2 how,
                                               std::shared_ptr<const net::ConnectionPolicy> policy,
                                               Milliseconds timeout) {
    auto question = [&] { return ask(how, policy, timeout); };
    auto credential = co_await kept_.obtain(source_of(target), question);
    if (!credential) co_return credential.error();
    co_return credential->secret.reveal();
}

bool AccessTokens::refused(const std::string& target) {
    return kept_.refused(source_of(target));
}

Async<Result<registry::Lent>> AccessTokens::ask(settings::OAuth2 how,
                                                std::shared_ptr<const net::ConnectionPolicy> policy,
                                                Milliseconds timeout) {
    auto url = net::Url::parse(how.token_url);
    if (!url) co_return url.error().while_doing("`token_url`");
    auto request = question(how, std::move(*url));
    request.policy = std::move(policy);
    request.timeout = timeout;
    auto answer = co_await transport_.send(std::move(request));
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return refusal_of(*answer);
    auto token = granted(*answer);
    if (!token) co_return token.error();
    registry::Lent lent;
    lent.credential.kind = registry::Credential::Kind::registry_token;
    lent.credential.secret = Secret(std::move(token->value));
    lent.renew = token->lifetime - std::min(margin, token->lifetime / 2);
    lent.end = token->lifetime;
    co_return lent;
}

}  // namespace basewatch::dispatch
