#pragma once
// Asking a registry for something: with what it wants to see, through its challenges and redirects
// (distribution-spec and RFC 9110 §11, §15.4). One round of authorization where it is needed, at most ten
// redirects, and a credential never leaves the origin that it belongs to. Loop thread only.

#include "registry/challenge.hpp"
#include "registry/credentials.hpp"
#include "registry/exchange.hpp"
#include "registry/quarantine.hpp"
#include "registry/tokens.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace basewatch::registry {

struct Question {
    std::string method = "GET";
    net::Url url;
    std::string repository;  // that the url belongs to, for the token's scope
    std::string accept = "*/*";
    std::string if_none_match{};  // as it is sent; empty: without
    std::size_t most_body = 1u << 20;
    bool follow = true;    // redirects
    bool insists = false;  // on a host that failed again and again
    bool waits = true;     // for a turn of its own; otherwise part of something that had one
    // Where an earlier answer's redirect led: asked as if the registry sent us there again.
    std::optional<net::Url> continued{};
    bool long_token = false;  // wants a token with most of its life before it
    // No part of the registry API, and wants the user's password itself; one 401 keeps it back from then on.
    bool password = false;
};

struct Answer {
    net::HttpResponse response;
    std::shared_ptr<Host> from;  // who gave it, at the end of all redirects
    net::Url url;                // where
    std::string authorization;   // that was sent with the last request; empty for none
    bool as_user = false;        // with a credential behind it
};

class Access {
public:
    Access(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts, Credentials& credentials);

    // Any status but 401 is an answer; a 401 that could not be answered, or was not enough, is unauthorized.
    Async<Result<Answer>> ask(std::shared_ptr<Host> registry, Question question);

    // Settings changed: what was refused may be allowed now, and tokens of other credentials go.
    void review();

private:
    struct Hop {
        std::shared_ptr<Host> registry;  // that was asked first
        std::shared_ptr<Host> host;
        net::Url url;
        std::string repository;  // empty: no part of the registry API, so no credentials
        std::shared_ptr<const net::ConnectionPolicy> policy;
    };
    struct Authorization {
        enum class Kind { none, basic, token, registry_token };
        Kind kind = Kind::none;
        std::string header;
        Credential credential;
        std::string identity;
        TokenRequest request;  // of a token
        Token token;
    };

    // The hop after this one; `sender` is who vouches for where it leads.
    Hop beyond(const Hop& hop, const net::Url& target, const std::shared_ptr<Host>& registry,
               std::shared_ptr<Host>& sender);
    Async<Result<Answer>> ask_hop(Hop hop, Question question, bool had_turn);
    Async<Result<Authorization>> authorize(Hop hop, bool long_token);
    // As Basic, where there is a password; nothing where there is none.
    Async<Result<Authorization>> log_in(Hop hop);
    Result<Authorization> as_basic(const Hop& hop, const Credential& credential) const;
    // After a 401: what was learned makes another attempt worth it, or the Error that says why not.
    Async<Result<void>> judge(Hop hop, net::HttpResponse response, Authorization used);
    void learn_scheme(Learned& learned, Learned::Scheme scheme);
    Result<void> follow_bearer(const Hop& hop, const Challenge& challenge, const net::HttpResponse& response,
                               const Authorization& used);
    Result<void> follow_basic(const Hop& hop, const net::HttpResponse& response, const Authorization& used);
    Async<std::vector<Challenge>> ping(Hop hop);
    void add_headers(const Hop& hop, net::HttpRequest& request);
    // What stands for itself was refused: it is left alone after some times in a row.
    Error refused(const Hop& hop, const net::HttpResponse& response, const Authorization& used,
                  std::string_view why);
    Error denied(const Hop& hop, const net::HttpResponse& response, const Authorization& used,
                 std::string_view why) const;

    Exchange& exchange_;
    Hosts& hosts_;
    Credentials& credentials_;
    Tokens tokens_;
    Quarantine passwords_;                       // by host and identity
    std::map<std::string, int> wrong_in_a_row_;  // by host and identity
};

// The repository in `/v2/NAME/manifests/…`, `/v2/NAME/blobs/…` or `/v2/NAME/tags/list`; empty in any other
// path.
std::string repository_in(std::string_view target);

}  // namespace basewatch::registry
