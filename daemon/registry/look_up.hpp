#pragma once
// What a reference points to, by HEAD; and by GET where a registry does not do HEAD, or not well. What a host
// taught us is kept with the host, so that its second answer costs one request again. Loop thread only.

#include "registry/access.hpp"
#include "registry/registry_client.hpp"
#include "registry/side.hpp"

namespace basewatch::registry {

class LookUp {
public:
    LookUp(Clock& clock, Access& access) : clock_(clock), access_(access) {}

    // As `side` says. A mirror that does not have it is not asked twice.
    Async<Result<Pointer>> look_up(Side side, model::Reference reference, LastAnswer last);
    // Whether this side says by GET that there is no such tag: true for a 404 alone.
    Async<Result<bool>> is_gone(Side side, model::Reference tag);

private:
    Async<Result<Pointer>> by_head(Side side, model::Reference reference, LastAnswer last);
    struct Headed {
        Answer answer;
        Revalidation::Way way;
    };
    // Asked as the host may be asked, and plainly where the answer to that cannot be believed. A 304 that
    // comes out of here means what it says.
    Async<Result<Headed>> head(Side side, model::Reference reference, LastAnswer last);
    // The plain answer names another digest than the last: what the host says when asked whether that still
    // holds.
    Async<void> confront(Side side, model::Reference reference, model::Digest last);
    // `waits`: for a turn of its own.
    Async<Result<Answer>> get(Side side, model::Reference reference, bool waits);
    Async<Result<Pointer>> by_get(Side side, model::Reference reference, bool waits);
    Async<Result<Pointer>> after_missing(Side side, model::Reference reference, Answer head);
    Async<Result<Pointer>> after_refusal(Side side, model::Reference reference, Answer head);
    void learn_get_only(Host& host, std::string_view why);

    Clock& clock_;
    Access& access_;
};

// The Error of an answer that is not 200. A host that sends us elsewhere is paused with the one that refused.
Error refusal_of(Host& registry, const Answer& answer, const std::string& said, Clock& clock);

// Whether the body is the one that was stored: not compressed on the way.
Result<void> whole(const Host& registry, const net::HttpResponse& response);

inline constexpr std::size_t most_document = 8u << 20;

}  // namespace basewatch::registry
