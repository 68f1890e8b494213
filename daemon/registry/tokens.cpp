#include "registry/tokens.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "registry/complaint.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_tokens = 4096;
constexpr std::size_t most_token_bytes = 32u << 10;
constexpr std::size_t most_answer = 1u << 20;
constexpr std::int64_t least_seconds = 60;
constexpr std::int64_t most_seconds = std::int64_t{24} * 3600;
constexpr int most_hops = 3;
constexpr Milliseconds first_refusal{std::chrono::minutes(5)};  // of a repository
constexpr Milliseconds first_lock{std::chrono::minutes(15)};    // of a credential
constexpr Milliseconds longest_refusal{std::chrono::hours(6)};

Error cancelled() {
    return Error(ErrorKind::cancelled, "stopped while waiting for a token");
}

std::string credential_key(const TokenRequest& request) {
    return request.realm.text() + "\n" + request.identity;
}

std::string with_query(const TokenRequest& request) {
    std::string target = request.realm.target;
    char separator = target.find('?') == std::string::npos ? '?' : '&';
    auto add = [&](std::string_view name, std::string_view value) {
        target += separator + std::string(name) + "=" + percent_encode(value);
        separator = '&';
    };
    if (!request.service.empty()) add("service", request.service);
    add("scope", request.scope);
    add("client_id", "basewatch");
    if (!request.credential.username.empty()) add("account", request.credential.username);
    return target;
}

// Whether a refused POST means that this server only knows GET: 404 by the specification, the others by
// Artifactory (401), Azure (400) and servers that route by method (405).
bool only_knows_get(int status, const Credential& credential) {
    return status == 404 || status == 401 || status == 400 || (status == 405 && !credential.username.empty());
}

}  // namespace

std::string TokenRequest::key() const {
    return realm.text() + "\n" + service + "\n" + registry->name + "\n" + identity + "\n" + scope;
}

Tokens::Tokens(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts)
    : executor_(std::move(executor)),
      exchange_(exchange),
      hosts_(hosts),
      scopes_(first_refusal, longest_refusal),
      credentials_(first_lock, longest_refusal) {}

Async<Result<Token>> Tokens::token(TokenRequest request) {
    const std::string key = request.key();
    for (;;) {
        auto now = exchange_.clock().monotonic();
        if (auto kept = tokens_.find(key); kept != tokens_.end() && now < kept->second.token.renew)
            co_return kept->second.token;
        if (auto refusal = credentials_.refusal(credential_key(request), now)) co_return *refusal;
        if (auto refusal = scopes_.refusal(key, now)) co_return *refusal;

        auto under_way = flights_.find(key);
        if (under_way == flights_.end()) {
            auto flight = std::make_shared<Flight>();
            flights_[key] = flight;
            auto result = co_await fetch(request);
            flights_.erase(key);
            flight->result = result;
            for (auto& waiter : flight->waiters) waiter->ring();
            co_return result;
        }
        auto flight = under_way->second;
        auto bell = std::make_shared<Bell>(executor_);
        flight->waiters.push_back(bell);
        bool rung = co_await bell->wait();
        if (!rung) co_return cancelled();
        // Whoever fetched may have been told to stop; that is no answer for us, so one of us goes itself.
        if (flight->result && (*flight->result || flight->result->error().kind() != ErrorKind::cancelled))
            co_return *flight->result;
    }
}

Async<Result<Token>> Tokens::fetch(TokenRequest request) {
    ++request.registry->counters.tokens;
    auto response = co_await ask(request);
    if (!response) co_return response.error();
    auto now = exchange_.clock().monotonic();
    auto token = read(request, *response);
    if (token) {
        keep(request, *token);
        scopes_.pardon(request.key());
        credentials_.pardon(credential_key(request));
        if (proven_.size() < most_tokens) proven_.insert(credential_key(request));
        token->fresh = true;
        co_return token;
    }
    if (token.error().kind() != ErrorKind::unauthorized) co_return token.error();
    // A password that was never right is not tried on the next repository, nor one that was good for this
    // very one before: it expired. Otherwise it may just not be enough here; and so it may where a right was
    // taken away, therefore that counts once.
    bool password_refused = response->status == 401 && request.credential.kind != Credential::Kind::none;
    bool good_here_before = password_refused && tokens_.erase(request.key()) > 0;
    bool wrong_password =
        good_here_before || (password_refused && !proven_.contains(credential_key(request)));
    auto& where = wrong_password ? credentials_ : scopes_;
    where.refuse(wrong_password ? credential_key(request) : request.key(), token.error(), now);
    co_return token.error();
}

Async<Result<net::HttpResponse>> Tokens::ask(TokenRequest request) {
    if (request.credential.kind == Credential::Kind::identity_token) {
        auto response = co_await by_post(request);
        if (!response || !only_knows_get(response->status, request.credential)) co_return response;
    }
    auto response = co_await by_get(request);
    co_return response;
}

// Where the registry is its own token server, whoever asks has had its turn there; another one would come
// behind everybody who waits for this token.
Async<Result<net::HttpResponse>> Tokens::by_get(TokenRequest request) {
    auto host = hosts_.at(request.realm);
    bool own = host == request.registry;
    if (!own) {
        auto turn = co_await exchange_.turn(host);
        if (!turn) co_return turn.error();
    }
    net::HttpRequest asked;
    asked.url = request.realm;
    asked.url.target = with_query(request);
    asked.headers = usual_headers("application/json");
    if (request.credential.kind != Credential::Kind::none)
        asked.headers.set("Authorization", "Basic " + base64(request.credential.username + ":" +
                                                             request.credential.secret.reveal()));
    request.registry->add_headers(asked);
    asked.policy = hosts_.policy(*host, *request.registry);
    asked.timeout = host->timeout;
    asked.most_body = most_answer;
    for (int hop = 0;; ++hop) {
        auto response = co_await exchange_.send(host, asked, !own && hop == 0);
        if (!response || !redirects(response->status)) co_return response;
        auto target = redirect_target(asked.url, *response);
        if (!target) co_return target.error();
        // The password is for this server and for no other one that it names.
        if (hop == most_hops || !target->same_origin(asked.url))
            co_return Error(ErrorKind::bad_answer, "the token server " + host->name + " redirects elsewhere");
        asked.url = *target;
    }
}

Async<Result<net::HttpResponse>> Tokens::by_post(TokenRequest request) {
    auto host = hosts_.at(request.realm);
    bool own = host == request.registry;
    if (!own) {
        auto turn = co_await exchange_.turn(host);
        if (!turn) co_return turn.error();
    }
    auto newer = rotated_.find(request.identity);
    const auto& secret = newer == rotated_.end() ? request.credential.secret.reveal() : newer->second;
    net::HttpRequest asked;
    asked.method = "POST";
    asked.url = request.realm;
    asked.headers = usual_headers("application/json");
    asked.headers.set("Content-Type", "application/x-www-form-urlencoded");
    asked.body = "grant_type=refresh_token&client_id=basewatch&scope=" + form_encode(request.scope) +
                 "&refresh_token=" + form_encode(secret);
    if (!request.service.empty()) asked.body += "&service=" + form_encode(request.service);
    request.registry->add_headers(asked);
    asked.policy = hosts_.policy(*host, *request.registry);
    asked.timeout = host->timeout;
    asked.most_body = most_answer;
    auto response = co_await exchange_.send(host, asked, !own);
    co_return response;
}

Result<Token> Tokens::read(const TokenRequest& request, const net::HttpResponse& response) {
    std::string server = "the token server " + hosts_.at(request.realm)->name;
    if (response.status != 200) {
        auto error = error_of(response, server, "", exchange_.clock().now());
        if (error.kind() != ErrorKind::unauthorized) return error;
        std::string who = request.credential.kind == Credential::Kind::none
                              ? "asked without credentials"
                              : "asked as \"" + plain_line(request.credential.username, 128) + "\"";
        return Error(ErrorKind::unauthorized, error.message() + " (" + who + ")")
            .with_status(response.status);
    }
    auto wrong = [&](std::string_view why) {
        return Error(ErrorKind::bad_answer, server + " answered " + std::string(why)).with_status(200);
    };
    auto body = parse_json(response.body, JsonLimits{most_answer, 16});
    if (!body || !body->is_object()) return wrong("with something that is not JSON");
    std::string value = string_member(*body, "token").value_or("");
    if (value.empty()) value = string_member(*body, "access_token").value_or("");
    if (value.empty()) return wrong("without a token");
    bool clean = std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (value.size() > most_token_bytes || !clean) return wrong("with a token that cannot be one");

    // Counted from now by our own clock: the server's `issued_at` may come from a clock that is wrong.
    auto lifetime =
        std::clamp(integer_member(*body, "expires_in").value_or(least_seconds), least_seconds, most_seconds);
    Token token;
    token.value = std::move(value);
    auto now = exchange_.clock().monotonic();
    auto early = std::max<std::chrono::milliseconds>(std::chrono::seconds(5),
                                                     std::chrono::milliseconds(lifetime * 100));
    token.expires = now + std::chrono::seconds(lifetime);
    token.renew = token.expires - early;
    auto refresh = string_member(*body, "refresh_token").value_or("");
    if (!refresh.empty() && refresh.size() <= most_token_bytes &&
        request.credential.kind == Credential::Kind::identity_token) {
        if (rotated_.size() >= most_tokens) rotated_.clear();
        rotated_[request.identity] = refresh;
    }
    return token;
}

void Tokens::keep(const TokenRequest& request, const Token& token) {
    if (tokens_.size() >= most_tokens) make_room();
    tokens_[request.key()] = Kept{token, request.registry->name, request.repository, request.identity};
}

void Tokens::make_room() {
    auto now = exchange_.clock().monotonic();
    std::erase_if(tokens_, [&](const auto& kept) { return kept.second.token.renew <= now; });
    if (tokens_.size() < most_tokens) return;
    // Whatever is nearest to its end goes: a quarter, so that this is not done for every token.
    std::vector<Monotonic> ends;
    for (const auto& [key, kept] : tokens_) ends.push_back(kept.token.renew);
    auto middle = ends.begin() + static_cast<std::ptrdiff_t>(most_tokens / 4);
    std::nth_element(ends.begin(), middle, ends.end());
    std::erase_if(tokens_, [&](const auto& kept) { return kept.second.token.renew <= *middle; });
}

void Tokens::forget(const TokenRequest& request, const std::string& value) {
    auto kept = tokens_.find(request.key());
    if (kept != tokens_.end() && kept->second.token.value == value) kept->second.token.renew = {};
}

void Tokens::refused(const TokenRequest& request, const std::string& value) {
    auto kept = tokens_.find(request.key());
    if (kept != tokens_.end() && kept->second.token.value == value) kept->second.token.refused = true;
}

void Tokens::review(const std::function<std::string(const std::string&, const std::string&)>& identity_now) {
    scopes_.clear();
    credentials_.clear();
    std::erase_if(tokens_, [&](const auto& entry) {
        const auto& kept = entry.second;
        return identity_now(kept.registry, kept.repository) != kept.identity;
    });
}

}  // namespace basewatch::registry
