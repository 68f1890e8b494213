#include "registry/learned.hpp"

namespace basewatch::registry {

namespace {

constexpr auto term = std::chrono::hours(7 * 24);
constexpr auto confirmed_every = std::chrono::hours(24);
constexpr auto forgotten_every = std::chrono::minutes(15);
constexpr int heads_without_digest_believed = 3;

}  // namespace

void Term::begin(Monotonic now) {
    since = now;
    until = now + term;
}

void Term::confirm(Monotonic now) {
    if (!holds(now)) since = now;
    if (until < now + term - confirmed_every) until = now + term;
}

void Learned::forget_authorization(Monotonic now) {
    if (now < may_forget_again_) return;
    may_forget_again_ = now + forgotten_every;
    authorization.end();
}

bool Learned::get_only(Monotonic now) const {
    auto known = head_now(now);
    return known == Head::refused || known == Head::without_digest;
}

void Learned::learn_head(Head seen, Monotonic now) {
    if (seen == Head::with_digest) heads_without_digest = 0;
    if (seen == Head::without_digest && ++heads_without_digest < heads_without_digest_believed) return;
    if (head_now(now) == seen) return head_term.confirm(now);
    head = seen;
    head_term.begin(now);
}

}  // namespace basewatch::registry
