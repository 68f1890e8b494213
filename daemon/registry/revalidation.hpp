#pragma once
// Whether a host can be asked "is it still this digest?" (If-None-Match, RFC 9110 §13.1.2) and be believed
// when it says so (304). It costs the registry less than an answer in full, and us nothing; but a cache that
// says 304 to everything would hide every change. So it is used only where the host proved it with two
// look-ups that were due anyway: named a digest that does not exist, it answered in full; named its own, it
// said 304. Only an entity-tag that is the quoted digest is ever named: distribution's 304 carries no header
// at all, so that what it means must be known from the question. Any contradiction ends it for the whole
// term. Pure: time goes in.

#include "foundation/clock.hpp"

namespace basewatch::registry {

// How often a reference is asked about in full, whatever its host is believed.
inline constexpr Milliseconds full_look_every{std::chrono::hours(24)};

class Revalidation {
public:
    enum class State {
        unknown,
        offered,   // its entity-tags are its digests
        checked,   // a digest that does not exist got an answer in full
        honoured,  // and its own digest a 304
        ignored,   // it answers in full whatever is named
        wrong,     // it said 304 where that was not true
    };
    // How a look-up is to be asked.
    enum class Way { plain, of_no_manifest, of_the_last };

    // For the next look-up of something whose last digest is known. One trial at a time.
    Way next(Monotonic now);

    // An answer in full: whether its entity-tag is its digest, and whether that is the digest that was named.
    void answered(Way way, bool tagged, bool same, Monotonic now);
    // A 304. Whether it may be believed.
    bool not_modified(Way way, Monotonic now);
    // The condition itself was refused (412, 400).
    void refused(Monotonic now);
    // It said 304 of a digest that is not the current one.
    void contradicted(Monotonic now);

    State state(Monotonic now) const { return now < until_ ? state_ : State::unknown; }
    // Since when and until when that holds.
    Monotonic since() const { return since_; }
    Monotonic until() const { return until_; }
    // As it was before a restart.
    void restore(State state, Monotonic since, Monotonic until);

private:
    void become(State state, Monotonic now);

    State state_ = State::unknown;
    Monotonic since_{}, until_{};
    Monotonic trial_until_{};
};

}  // namespace basewatch::registry
