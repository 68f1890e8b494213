#include "registry/revalidation.hpp"

namespace basewatch::registry {

namespace {

constexpr auto term = std::chrono::hours(7 * 24);
// A trial whose answer never came is over by then.
constexpr auto longest_trial = std::chrono::minutes(2);

}  // namespace

void Revalidation::become(State state, Monotonic now) {
    state_ = state;
    since_ = now;
    until_ = now + term;
    trial_until_ = {};
}

void Revalidation::restore(State state, Monotonic since, Monotonic until) {
    state_ = state;
    since_ = since;
    until_ = until;
}

Revalidation::Way Revalidation::next(Monotonic now) {
    auto known = state(now);
    if (known == State::honoured) return Way::of_the_last;
    bool on_trial = known == State::offered || known == State::checked;
    if (!on_trial || now < trial_until_) return Way::plain;
    trial_until_ = now + longest_trial;
    return known == State::offered ? Way::of_no_manifest : Way::of_the_last;
}

void Revalidation::answered(Way way, bool tagged, bool same, Monotonic now) {
    auto known = state(now);
    switch (way) {
        case Way::plain:
            if (known == State::unknown && tagged) become(State::offered, now);
            return;
        case Way::of_no_manifest:
            if (known == State::offered) become(tagged ? State::checked : State::ignored, now);
            return;
        case Way::of_the_last:
            // One that moved just now says nothing of what would have been said otherwise.
            if (known == State::checked && !same) trial_until_ = {};
            if ((known == State::checked || known == State::honoured) && same) become(State::ignored, now);
            return;
    }
}

bool Revalidation::not_modified(Way way, Monotonic now) {
    auto known = state(now);
    bool asked = way == Way::of_the_last && (known == State::checked || known == State::honoured);
    if (known == State::checked && asked) become(State::honoured, now);
    if (!asked && known != State::wrong) become(State::wrong, now);
    return asked;
}

void Revalidation::refused(Monotonic now) {
    become(State::ignored, now);
}

void Revalidation::contradicted(Monotonic now) {
    become(State::wrong, now);
}

}  // namespace basewatch::registry
