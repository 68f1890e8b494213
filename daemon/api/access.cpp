#include "api/access.hpp"

#include "api/problem.hpp"
#include "foundation/bytes.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace basewatch::api {

namespace {

// The host of a Host header or an Origin, without its port.
std::string_view host_of(std::string_view authority) {
    if (authority.starts_with('[')) {
        auto close = authority.find(']');
        return close == std::string_view::npos ? std::string_view() : authority.substr(1, close - 1);
    }
    return authority.substr(0, authority.find(':'));
}

bool literal_address(std::string_view host) {
    std::string text(host);
    in6_addr address{};
    return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// A name that DNS could point here is only ours if the configuration says so; a literal address cannot be
// rebound.
bool known_host(std::string_view host, const Access& access) {
    if (net::equal_without_case(host, "localhost") || literal_address(host)) return true;
    return std::any_of(access.hosts.begin(), access.hosts.end(),
                       [&](const std::string& known) { return net::equal_without_case(known, host); });
}

bool allows(const settings::ApiToken& token, Scope needed) {
    auto has = [&](std::string_view scope) {
        return std::find(token.scopes.begin(), token.scopes.end(), scope) != token.scopes.end();
    };
    return has("operate") || (needed == Scope::read && has("read"));
}

// The token that a request carries; null when it is none of ours.
const settings::ApiToken* token_of(const net::ServerRequest& request, const Access& access) {
    static constexpr std::string_view bearer = "Bearer ";
    auto authorization = request.headers.find("Authorization").value_or("");
    bool offered = authorization.size() > bearer.size() &&
                   net::equal_without_case(authorization.substr(0, bearer.size()), bearer);
    const settings::ApiToken* known = nullptr;
    if (offered)
        for (const auto& token : access.tokens)
            if (!token.token.empty() &&
                equal_in_constant_time(token.token.reveal(), authorization.substr(bearer.size())))
                known = &token;
    return known;
}

}  // namespace

std::optional<net::ServerResponse> refuse(const net::ServerRequest& request, Scope needed,
                                          const Access& access) {
    if (request.local) return std::nullopt;
    auto host = request.headers.find("Host");
    if (!host || !known_host(host_of(*host), access))
        return problem(
            421, "Misdirected request",
            "this host name is not one of ours: set daemon.public_url to the name that clients use");
    if (auto origin = request.headers.find("Origin")) {
        auto scheme = origin->find("://");
        auto from = scheme == std::string_view::npos ? *origin : origin->substr(scheme + 3);
        if (!net::equal_without_case(from, *host))
            return problem(403, "Forbidden", "requests from other sites are refused");
    }
    if (needed == Scope::none) return std::nullopt;

    const auto* known = token_of(request, access);
    if (known == nullptr) {
        auto refusal = problem(
            401, "Unauthorized",
            "every request over TCP needs `Authorization: Bearer TOKEN` with one of daemon.api_tokens");
        refusal.headers.add("WWW-Authenticate", "Bearer");
        return refusal;
    }
    if (!allows(*known, needed))
        return problem(403, "Forbidden", "this token has not the scope that the request needs");
    return std::nullopt;
}

std::string caller(const net::ServerRequest& request, const Access& access) {
    if (request.local) return "the socket";
    const auto* token = token_of(request, access);
    return token == nullptr ? "nobody we know" : token->name;
}

}  // namespace basewatch::api
