#pragma once
// A registry without a network: repositories, tags, manifests and blobs in memory, Basic and Bearer
// authentication with a token server of its own, faults on demand, and a record of everything that was asked.
// FakeRegistry puts it behind a port, FakeTransport behind no network at all.

#include "net/headers.hpp"
#include "support/image_builder.hpp"
#include "support/tag_listing.hpp"

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace basewatch::test {

struct ScriptRequest {
    std::string method;
    std::string target;  // path and query, as sent
    net::Headers headers;
    std::string body;
};

struct ScriptResponse {
    int status = 200;
    net::Headers headers;
    std::string body;
    std::size_t length = 0;  // of the body; a HEAD has this and no body
    std::optional<std::size_t> claimed_length{};
    bool hang = false;   // never answer
    bool close = false;  // end the connection instead
};

// What goes wrong. Applies to requests whose method and target fit, `times` times (-1: until cleared); the
// first fault that fits is the one.
struct Fault {
    std::string method{};  // empty: any
    std::string target{};  // a part of the target{}; empty: any
    int times = -1;
    std::optional<int> status{};  // answers with this, `headers` and `body` instead
    net::Headers headers{};       // added to the answer, or in place of those of the same name
    std::optional<std::string> body{};
    std::vector<std::string> without{};  // headers that the answer loses
    bool hang = false;
    bool close = false;
    std::optional<int> when{};            // only where the answer would have had this status
    std::optional<std::size_t> length{};  // what Content-Length says, whatever the body has
};

struct TokenRules {
    std::string realm{};  // what the challenge says; FakeRegistry fills in its own `/token`
    std::string service = "fake-registry";
    std::string username{}, password{};  // empty: anybody gets a token
    std::string refresh_token{};         // accepted by POST; empty: POST is not known (404)
    int expires_in = 300;
    std::set<std::string> closed{};  // repositories for which tokens are issued that allow nothing
    std::string path = "/token";
    std::vector<std::string> members{"token", "access_token"};  // of the answer that hold the token
};

// `name=value&…`, decoded; of a target, what stands behind its `?`.
std::map<std::string, std::string> form_values(const std::string& text);
std::string query_of(const std::string& target);

class RegistryScript {
public:
    // Stores an image or an index with everything below it, and lets the tag point to it.
    model::Digest push(const std::string& repository, const std::string& tag, const Built& built);
    void untag(const std::string& repository, const std::string& tag);
    void remove(const std::string& repository, const model::Digest& digest);
    // Anything, under any media type.
    model::Digest push_bytes(const std::string& repository, const std::string& tag,
                             const std::string& media_type, const std::string& body);

    void ask_for_password(const std::string& username, const std::string& password);
    void ask_for_token(TokenRules rules);
    // The lines of WWW-Authenticate, with {realm} {service} {repository} for what they stand for, instead of
    // our own; and those for a request that came with an Authorization (empty: the same).
    void challenge_with(std::vector<std::string> lines, std::vector<std::string> to_authorized = {});
    TokenRules& token_rules() { return tokens_; }
    // Every token that was issued is refused from now on.
    void revoke_tokens() { issued_.clear(); }

    void fail(Fault fault) { faults_.push_back(std::move(fault)); }
    void recover() { faults_.clear(); }
    // The habit of a kind of registry: as a fault that never ends and hides no other; all that fit apply, in
    // order. In header values {target}, {path}, {digest} and {hash} stand for those of the request and its
    // answer.
    void always(Fault habit) { habits_.push_back(std::move(habit)); }

    // What a condition on a manifest (If-None-Match) comes to; `always`: 304 whatever it names.
    enum class Conditions { ignored, honoured, always };
    void take_conditions(Conditions how) { conditions_ = how; }

    // How the tags of a repository are listed; until then all in one answer.
    void list_tags(TagListing how) { listing_ = std::move(how); }

    ScriptResponse answer(const ScriptRequest& request);

    const std::vector<ScriptRequest>& requests() const { return requests_; }
    // Requests whose method is this (empty: any) and whose target contains this.
    std::size_t count(const std::string& method, const std::string& target = "") const;
    void forget_requests() { requests_.clear(); }

private:
    struct Stored {
        std::string media_type, body;
    };
    struct Repository {
        std::map<std::string, model::Digest> tags;
        std::map<std::string, Stored> manifests;
        std::map<std::string, std::string> blobs;
    };
    void store(Repository& repository, const Built& built);
    ScriptResponse normal(const ScriptRequest& request);
    // In place of an answer in full.
    std::optional<ScriptResponse> not_modified(const ScriptRequest& request,
                                               const ScriptResponse& whole) const;
    ScriptResponse habitual(const ScriptRequest& request);
    std::vector<std::string> challenges(bool authorized, const std::string& repository) const;
    ScriptResponse tag_list(const ScriptRequest& request, const std::string& repository);
    ScriptResponse manifest(const std::string& repository, const std::string& which);
    ScriptResponse blob(const std::string& repository, const std::string& digest);
    ScriptResponse token(const ScriptRequest& request);
    ScriptResponse issue(const std::string& scope);
    std::optional<ScriptResponse> refused(const ScriptRequest& request, const std::string& repository);

    std::map<std::string, Repository> repositories_;
    enum class Wants { nothing, password, token } wants_ = Wants::nothing;
    std::string username_, password_;
    TokenRules tokens_;
    std::map<std::string, std::string> issued_;  // token to scope
    int issued_so_far_ = 0;
    Conditions conditions_ = Conditions::ignored;
    TagListing listing_;
    std::list<Fault> faults_;
    std::vector<Fault> habits_;
    std::vector<std::string> challenges_, challenges_to_authorized_;
    std::vector<ScriptRequest> requests_;
};

}  // namespace basewatch::test
