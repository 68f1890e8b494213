#include "registry/access.hpp"

#include "foundation/bytes.hpp"
#include "registry/complaint.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr int most_hops = 10;
constexpr int most_attempts = 3;
constexpr int wrong_passwords_allowed = 3;
constexpr std::size_t most_scopes = 20'000;
constexpr Milliseconds first_lock{std::chrono::minutes(15)};
constexpr Milliseconds longest_lock{std::chrono::hours(6)};

// A server that echoes our header must not get it into a log that way.
void strike(std::string& text, const std::string& header) {
    auto space = header.find(' ');
    if (space == std::string::npos || header.size() - space < 8) return;
    std::string secret = header.substr(space + 1);
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
        text.replace(at, secret.size(), "[redacted]");
}

std::string schemes_of(const std::vector<Challenge>& offered) {
    std::string names;
    for (const auto& challenge : offered)
        names += (names.empty() ? "" : ", ") + plain_line(challenge.scheme, 40);
    return names;
}

// Whether a token server failed in a way that may mean that it is not there any more.
bool says_nothing_of_us(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::name_lookup:
        case ErrorKind::unreachable:
        case ErrorKind::timed_out:
        case ErrorKind::tls:
        case ErrorKind::not_found:
        case ErrorKind::server_error:
        case ErrorKind::bad_answer:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::string repository_in(std::string_view target) {
    target = target.substr(0, target.find('?'));
    static constexpr std::string_view prefix = "/v2/";
    if (!target.starts_with(prefix)) return {};
    target.remove_prefix(prefix.size());
    for (std::string_view kind : {"/manifests/", "/blobs/", "/tags/list"}) {
        auto at = target.rfind(kind);
        if (at == std::string_view::npos || at == 0 || at > 255) continue;
        if (!kind.ends_with('/') && !target.ends_with(kind)) continue;
        auto name = target.substr(0, at);
        bool plain = std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
                   c == '/';
        });
        return plain ? std::string(name) : std::string();
    }
    return {};
}

Access::Access(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts, Credentials& credentials)
    : exchange_(exchange),
      hosts_(hosts),
      credentials_(credentials),
      tokens_(std::move(executor), exchange, hosts),
      passwords_(first_lock, longest_lock) {}

void Access::review() {
    passwords_.clear();
    wrong_in_a_row_.clear();
    tokens_.review([this](const std::string& registry, const std::string& repository) {
        auto credential = credentials_.find(registry, repository);
        return credential ? credentials_.identity(*credential) : std::string();
    });
}

Async<Result<Answer>> Access::ask(std::shared_ptr<Host> registry, Question question) {
    if (question.waits) {
        auto turn = co_await exchange_.turn(registry, question.insists);
        if (!turn) co_return turn.error();
    }
    Hop hop{registry, registry, question.url, question.repository, hosts_.policy(*registry)};
    auto sender = registry;
    if (question.continued) hop = beyond(hop, *question.continued, registry, sender);
    for (int hops = 0;; ++hops) {
        auto answer = co_await ask_hop(hop, question, question.waits && hops == 0 && hop.host == registry);
        if (!answer) co_return answer;
        if (!question.follow || !redirects(answer->response.status)) co_return answer;
        auto target = redirect_target(hop.url, answer->response);
        if (!target) co_return target.error();
        if (hops == most_hops)
            co_return Error(ErrorKind::bad_answer, registry->name + " redirects in circles")
                .with_status(answer->response.status);
        hop = beyond(hop, *target, registry, sender);
    }
}

Access::Hop Access::beyond(const Hop& hop, const net::Url& target, const std::shared_ptr<Host>& registry,
                           std::shared_ptr<Host>& sender) {
    // Once somebody public is in the chain, nothing behind it may be local.
    if (hop.host->is_public()) sender = hop.host;
    bool own = target.same_origin(registry->base);
    Hop next{registry, own ? registry : hosts_.at(target), target, repository_in(target.target), nullptr};
    next.policy = own ? hosts_.policy(*registry) : hosts_.policy(*next.host, *sender);
    return next;
}

Async<Result<Answer>> Access::ask_hop(Hop hop, Question question, bool had_turn) {
    bool may_authorize = !hop.repository.empty() && hop.url.same_origin(hop.host->base);
    for (int attempt = 1;; ++attempt) {
        Authorization used;
        if (may_authorize) {
            auto made = co_await authorize(hop, question.long_token);
            if (!made) co_return made.error();
            used = std::move(*made);
        } else if (question.password && hop.url.same_origin(hop.host->base)) {
            auto made = co_await log_in(hop);
            if (!made) co_return made.error();
            used = std::move(*made);
        }
        net::HttpRequest request;
        request.method = question.method;
        request.url = hop.url;
        request.headers = usual_headers(question.accept);
        if (!question.if_none_match.empty()) request.headers.set("If-None-Match", question.if_none_match);
        if (!used.header.empty()) request.headers.set("Authorization", used.header);
        add_headers(hop, request);
        request.policy = hop.policy;
        request.timeout = hop.host->timeout;
        request.most_body = question.most_body;
        auto response =
            co_await exchange_.send(hop.host, std::move(request), had_turn && attempt == 1, question.insists);
        if (!response) co_return response.error();
        hop.host->answered_from(response->remote);
        if (response->status != 200 && !used.header.empty()) strike(response->body, used.header);
        if (response->status == 401 && !may_authorize && used.kind == Authorization::Kind::basic) {
            // What we log in for is never worth an account: one wrong password is enough.
            auto error = denied(hop, *response, used, "");
            passwords_.refuse(hop.host->name + "\n" + used.identity, error, exchange_.clock().monotonic());
            co_return error;
        }
        if (response->status != 401 || !may_authorize) {
            if (used.kind == Authorization::Kind::basic || used.kind == Authorization::Kind::registry_token)
                wrong_in_a_row_.erase(hop.host->name + "\n" + used.identity);
            bool as_learned =
                used.kind == Authorization::Kind::basic || used.kind == Authorization::Kind::token;
            if (as_learned) hop.host->learned.authorization.confirm(exchange_.clock().monotonic());
            bool as_user = !used.header.empty() && used.credential.kind != Credential::Kind::none;
            co_return Answer{std::move(*response), hop.host, hop.url, used.header, as_user};
        }
        if (attempt == most_attempts) co_return denied(hop, *response, used, "");
        auto worth_it = co_await judge(hop, std::move(*response), std::move(used));
        if (!worth_it) co_return worth_it.error();
    }
}

Result<Access::Authorization> Access::as_basic(const Hop& hop, const Credential& credential) const {
    Authorization made;
    made.kind = Authorization::Kind::basic;
    made.credential = credential;
    made.identity = credentials_.identity(credential);
    auto refusal = passwords_.refusal(hop.host->name + "\n" + made.identity, exchange_.clock().monotonic());
    if (refusal) return *refusal;
    made.header = "Basic " + base64(credential.username + ":" + credential.secret.reveal());
    return made;
}

Async<Result<Access::Authorization>> Access::log_in(Hop hop) {
    auto credential = co_await credentials_.obtain(hop.host->name, hop.repository);
    if (!credential) co_return credential.error();
    if (credential->kind != Credential::Kind::password) co_return Authorization();
    co_return as_basic(hop, *credential);
}

Async<Result<Access::Authorization>> Access::authorize(Hop hop, bool long_token) {
    auto host = hop.host;
    auto credential = co_await credentials_.obtain(host->name, hop.repository);
    if (!credential) co_return credential.error();
    Authorization made;
    made.credential = *credential;
    made.identity = credentials_.identity(*credential);
    if (credential->kind == Credential::Kind::registry_token) {
        auto refusal = passwords_.refusal(host->name + "\n" + made.identity, exchange_.clock().monotonic());
        if (refusal) co_return *refusal;
        made.kind = Authorization::Kind::registry_token;
        made.header = "Bearer " + credential->secret.reveal();
        co_return made;
    }
    auto& learned = host->learned;
    auto scheme = learned.scheme_now(exchange_.clock().monotonic());
    if (scheme == Learned::Scheme::basic && credential->kind == Credential::Kind::password)
        co_return as_basic(hop, *credential);
    if (scheme != Learned::Scheme::bearer) co_return made;
    made.kind = Authorization::Kind::token;
    auto scope = learned.scopes.find(hop.repository);
    made.request.realm = learned.realm;
    made.request.service = learned.service;
    made.request.scope = scope == learned.scopes.end() ? scope_to_ask("", hop.repository) : scope->second;
    made.request.repository = hop.repository;
    made.request.registry = host;
    made.request.credential = *credential;
    made.request.identity = made.identity;
    auto token = co_await tokens_.token(made.request);
    auto now = exchange_.clock().monotonic();
    if (token && long_token && !token->fresh &&
        (token->expires - now) < 4 * (token->expires - token->renew)) {
        tokens_.forget(made.request, token->value);
        token = co_await tokens_.token(made.request);
    }
    if (!token) {
        if (says_nothing_of_us(token.error().kind())) learned.forget_authorization(now);
        // One that waits out an earlier refusal says so by the time that is left.
        bool said_no = token.error().kind() == ErrorKind::unauthorized && !token.error().retry_after();
        if (!said_no || !credentials_.refused(made.credential)) co_return token.error();
        auto again = co_await authorize(hop, long_token);
        co_return again;
    }
    made.token = *token;
    made.header = "Bearer " + token->value;
    co_return made;
}

Async<Result<void>> Access::judge(Hop hop, net::HttpResponse response, Authorization used) {
    if (used.kind == Authorization::Kind::registry_token)
        co_return refused(hop, response, used, "its registrytoken is not accepted");
    auto offered = challenges_of(response.headers);
    bool silent = !response.headers.find("WWW-Authenticate");
    if (silent && used.kind == Authorization::Kind::token) {
        // Nothing new was said: the token may just be too old.
        Challenge same{"bearer", "", {{"realm", used.request.realm.text()}}};
        if (!used.request.service.empty()) same.parameters["service"] = used.request.service;
        same.parameters["scope"] = used.request.scope;
        offered.push_back(std::move(same));
    } else if (silent) {
        offered = co_await ping(hop);
    }
    bool have_password = used.credential.kind == Credential::Kind::password;
    auto chosen = choose_challenge(offered, have_password);
    if (chosen && chosen->scheme == "bearer") co_return follow_bearer(hop, *chosen, response, used);
    if (chosen) co_return follow_basic(hop, response, used);
    bool basic = std::any_of(offered.begin(), offered.end(),
                             [](const Challenge& challenge) { return challenge.scheme == "basic"; });
    if (basic)
        co_return denied(hop, response, used,
                         "it asks for a user name and a password, and none is configured");
    if (offered.empty()) co_return denied(hop, response, used, "it does not say what it asks for");
    co_return denied(hop, response, used, "it asks for " + schemes_of(offered) + ", which we do not speak");
}

void Access::learn_scheme(Learned& learned, Learned::Scheme scheme) {
    auto now = exchange_.clock().monotonic();
    if (learned.scheme != scheme) learned.authorization.end();
    learned.scheme = scheme;
    learned.authorization.confirm(now);
}

Result<void> Access::follow_bearer(const Hop& hop, const Challenge& challenge,
                                   const net::HttpResponse& response, const Authorization& used) {
    auto realm = named_address(hop.url, challenge.parameter("realm"), "a token server");
    if (!realm) return realm.error();
    auto& learned = hop.host->learned;
    std::string scope = scope_to_ask(challenge.parameter("scope"), hop.repository);
    learn_scheme(learned, Learned::Scheme::bearer);
    learned.realm = *realm;
    learned.service = challenge.parameter("service");
    if (learned.scopes.size() >= most_scopes) learned.scopes.clear();
    if (scope == scope_to_ask("", hop.repository))
        learned.scopes.erase(hop.repository);
    else
        learned.scopes[hop.repository] = scope;
    if (used.kind != Authorization::Kind::token) return {};
    bool other = used.request.realm.text() != realm->text() || used.request.service != learned.service ||
                 used.request.scope != scope;
    if (other) return {};
    if (used.token.fresh || used.token.refused) {
        tokens_.refused(used.request, used.token.value);
        std::string error = challenge.parameter("error");
        return denied(hop, response, used, error.empty() ? "" : plain_line(error, 100));
    }
    tokens_.forget(used.request, used.token.value);
    return {};
}

Result<void> Access::follow_basic(const Hop& hop, const net::HttpResponse& response,
                                  const Authorization& used) {
    auto& learned = hop.host->learned;
    if (used.kind == Authorization::Kind::token && !used.token.fresh) {
        // Harbor asks for Basic when it was shown an old token; a new token is what it means.
        tokens_.forget(used.request, used.token.value);
        return {};
    }
    learn_scheme(learned, Learned::Scheme::basic);
    if (used.kind != Authorization::Kind::basic) return {};
    if (credentials_.refused(used.credential)) return {};
    return refused(hop, response, used, "");
}

Error Access::refused(const Hop& hop, const net::HttpResponse& response, const Authorization& used,
                      std::string_view why) {
    auto error = denied(hop, response, used, why);
    std::string key = hop.host->name + "\n" + used.identity;
    if (wrong_in_a_row_.size() > most_scopes) wrong_in_a_row_.clear();
    if (++wrong_in_a_row_[key] >= wrong_passwords_allowed)
        passwords_.refuse(key, error, exchange_.clock().monotonic());
    return error;
}

// Those of the registry that was asked, to its own address and not to where it sends us.
void Access::add_headers(const Hop& hop, net::HttpRequest& request) {
    if (!request.url.same_origin(hop.registry->base)) return;
    hop.registry->add_headers(request);
    for (const auto& [name, value] : credentials_.headers(hop.registry->name, hop.repository))
        if (!request.headers.find(name)) request.headers.add(name, value);
}

Async<std::vector<Challenge>> Access::ping(Hop hop) {
    net::HttpRequest request;
    request.url = hop.host->base;
    request.url.target = "/v2/";
    request.headers = usual_headers("*/*");
    request.policy = hop.policy;
    request.timeout = hop.host->timeout;
    add_headers(hop, request);
    auto response = co_await exchange_.send(hop.host, std::move(request), false);
    if (!response || response->status != 401) co_return std::vector<Challenge>();
    co_return challenges_of(response->headers);
}

Error Access::denied(const Hop& hop, const net::HttpResponse& response, const Authorization& used,
                     std::string_view why) const {
    auto said = error_of(response, hop.host->name, "", exchange_.clock().now());
    std::string who = used.credential.kind == Credential::Kind::none ? "asked without credentials"
                      : used.credential.username.empty()
                          ? "asked with a token of the auth file"
                          : "asked as \"" + plain_line(used.credential.username, 128) + "\"";
    std::string text = said.message();
    if (!why.empty()) text += "; " + std::string(why);
    return Error(ErrorKind::unauthorized, text + " (" + who + ")").with_status(response.status);
}

}  // namespace basewatch::registry
