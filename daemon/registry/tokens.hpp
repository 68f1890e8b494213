#pragma once
// Bearer tokens (distribution's docs/spec/auth/token.md and oauth.md): asked for once per scope, shared by
// everybody who asks meanwhile, the failure too, kept until shortly before they expire by our own monotonic
// clock, and not asked for again for a while after a refusal, so that a wrong password does not lock an
// account. Identity tokens are exchanged by POST, with GET behind it for servers that know only that.
// Loop thread only.

#include "registry/auth_file.hpp"
#include "registry/exchange.hpp"
#include "registry/quarantine.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace basewatch::registry {

struct TokenRequest {
    net::Url realm;
    std::string service;  // empty: the challenge had none
    std::string scope;
    std::string repository;
    std::shared_ptr<Host> registry;  // whose challenge it was
    Credential credential;
    std::string identity;  // of the credential, for the cache

    std::string key() const;
};

struct Token {
    std::string value;
    Monotonic expires{};
    Monotonic renew{};
    bool fresh = false;    // fetched for this asker, or while it waited
    bool refused = false;  // the registry said 401 to it though it was fresh
};

class Tokens {
public:
    Tokens(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts);

    // unauthorized when the token server says no, now or a while ago (retry_after says until when);
    // otherwise what kept it from answering.
    Async<Result<Token>> token(TokenRequest request);

    // The registry refused it: a cached one is fetched anew, a fresh one is not asked for again before it
    // expires.
    void forget(const TokenRequest& request, const std::string& value);
    void refused(const TokenRequest& request, const std::string& value);

    // Drops refusals, and every token whose repository has another credential now.
    void review(const std::function<std::string(const std::string& registry, const std::string& repository)>&
                    identity_now);
    std::size_t size() const { return tokens_.size(); }

private:
    struct Kept {
        Token token;  // after its time a sign that there was one
        std::string registry, repository, identity;
    };
    struct Flight {
        std::vector<std::shared_ptr<Bell>> waiters;
        std::optional<Result<Token>> result;
    };

    Async<Result<Token>> fetch(TokenRequest request);
    Async<Result<net::HttpResponse>> ask(TokenRequest request);
    Async<Result<net::HttpResponse>> by_get(TokenRequest request);
    Async<Result<net::HttpResponse>> by_post(TokenRequest request);
    Result<Token> read(const TokenRequest& request, const net::HttpResponse& response);
    void keep(const TokenRequest& request, const Token& token);
    void make_room();

    asio::any_io_executor executor_;
    Exchange& exchange_;
    Hosts& hosts_;
    std::map<std::string, Kept> tokens_;
    std::map<std::string, std::shared_ptr<Flight>> flights_;
    Quarantine scopes_;                           // by the request's key
    Quarantine credentials_;                      // by realm and identity
    std::set<std::string> proven_;                // realm and identity of every credential that was good once
    std::map<std::string, std::string> rotated_;  // by identity: the refresh token that replaced it
};

}  // namespace basewatch::registry
