#pragma once
// What one host taught us of how it wants to be asked. Each lesson has a term of a week, after which the host
// may have changed its mind, and goes at once where it proves wrong.

#include "foundation/clock.hpp"
#include "net/url.hpp"
#include "registry/revalidation.hpp"

#include <map>
#include <string>

namespace basewatch::registry {

// Since when something is so, and until when it is believed without being seen again.
struct Term {
    Monotonic since{}, until{};

    bool holds(Monotonic now) const { return now < until; }
    void begin(Monotonic now);
    // It was so again just now. Moves `until` once a day at most.
    void confirm(Monotonic now);
    void end() { until = {}; }
};

struct Learned {
    // How it wants to know who asks, from its last challenge.
    enum class Scheme { none, basic, bearer };
    Scheme scheme = Scheme::none;
    net::Url realm;  // of bearer
    std::string service;
    Term authorization;
    std::map<std::string, std::string> scopes;  // by repository, where they are not our own
    // From the next challenge on. A token server that is gone may have moved, so the registry is asked again
    // where it is; not at every check, which would be one request more for as long as it is down.
    void forget_authorization(Monotonic now);
    Scheme scheme_now(Monotonic now) const { return authorization.holds(now) ? scheme : Scheme::none; }

    // What a HEAD of a manifest is answered with.
    enum class Head { unknown, with_digest, without_digest, refused };
    Head head = Head::unknown;
    Term head_term;
    int heads_without_digest = 0;  // in a row
    Head head_now(Monotonic now) const { return head_term.holds(now) ? head : Head::unknown; }
    bool get_only(Monotonic now) const;
    void learn_head(Head seen, Monotonic now);

    Revalidation revalidation;
    Term whole_lists;  // a page size is refused for tag lists

    std::map<std::string, Monotonic> got_after_404;  // by reference
    struct Refusal {
        int status = 0;
        std::string said;
    };
    std::map<std::string, Refusal> refusals;  // by reference: what it said to a GET after a refused HEAD

private:
    Monotonic may_forget_again_{};
};

}  // namespace basewatch::registry
