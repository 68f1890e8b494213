#include "registry/memory.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace basewatch::registry {

namespace {

template <class Value>
struct Named {
    Value value;
    std::string_view name;
};

constexpr std::array<Named<Learned::Scheme>, 2> schemes{
    {{Learned::Scheme::basic, "basic"}, {Learned::Scheme::bearer, "bearer"}}};
constexpr std::array<Named<Learned::Head>, 3> heads{{{Learned::Head::with_digest, "with digest"},
                                                     {Learned::Head::without_digest, "without digest"},
                                                     {Learned::Head::refused, "refused"}}};
constexpr std::array<Named<Revalidation::State>, 5> revalidations{{
    {Revalidation::State::offered, "offered"},
    {Revalidation::State::checked, "on trial"},
    {Revalidation::State::honoured, "honoured"},
    {Revalidation::State::ignored, "ignored"},
    {Revalidation::State::wrong, "answered wrongly"},
}};
constexpr std::string_view whole = "whole";

template <class Value, std::size_t size>
std::string name_of(const std::array<Named<Value>, size>& names, Value value) {
    auto found = std::ranges::find(names, value, &Named<Value>::value);
    return found == names.end() ? "" : std::string(found->name);
}

template <class Value, std::size_t size>
std::optional<Value> value_of(const std::array<Named<Value>, size>& names, std::string_view name) {
    auto found = std::ranges::find(names, name, &Named<Value>::name);
    if (found == names.end()) return std::nullopt;
    return found->value;
}

Milliseconds since_start(Monotonic time) {
    return std::chrono::floor<Milliseconds>(time.time_since_epoch());
}

void restore_fact(Learned& learned, const model::HostFact& fact, const Term& term) {
    if (fact.name == "authorization") {
        if (auto scheme = value_of(schemes, fact.value))
            learned.scheme = *scheme, learned.authorization = term;
    } else if (fact.name == "realm") {
        if (auto realm = net::Url::parse(fact.value)) learned.realm = std::move(*realm);
    } else if (fact.name == "service") {
        learned.service = fact.value;
    } else if (fact.name == "head") {
        if (auto head = value_of(heads, fact.value)) learned.head = *head, learned.head_term = term;
    } else if (fact.name == "if_none_match") {
        if (auto state = value_of(revalidations, fact.value))
            learned.revalidation.restore(*state, term.since, term.until);
    } else if (fact.name == "tag_lists") {
        if (fact.value == whole) learned.whole_lists = term;
    }
}

std::vector<model::HostFact> facts_of(const Learned& learned, const Epoch& epoch, Monotonic now) {
    std::vector<model::HostFact> facts;
    auto add = [&](std::string name, std::string value, const Term& term) {
        if (!value.empty())
            facts.push_back(
                {std::move(name), std::move(value), epoch.wall(term.since), epoch.wall(term.until)});
    };
    if (auto scheme = learned.scheme_now(now); scheme != Learned::Scheme::none) {
        add("authorization", name_of(schemes, scheme), learned.authorization);
        bool bearer = scheme == Learned::Scheme::bearer;
        if (bearer) add("realm", learned.realm.text(), learned.authorization);
        if (bearer) add("service", learned.service, learned.authorization);
    }
    add("head", name_of(heads, learned.head_now(now)), learned.head_term);
    const auto& revalidation = learned.revalidation;
    add("if_none_match", name_of(revalidations, revalidation.state(now)),
        {revalidation.since(), revalidation.until()});
    if (learned.whole_lists.holds(now)) add("tag_lists", std::string(whole), learned.whole_lists);
    return facts;
}

}  // namespace

Epoch::Epoch(const Clock& clock)
    : difference_(std::chrono::floor<Milliseconds>(clock.now().time_since_epoch()) -
                  since_start(clock.monotonic())) {}

Time Epoch::wall(Monotonic time) const {
    return Time(since_start(time) + difference_);
}

Monotonic Epoch::monotonic(Time time) const {
    return Monotonic(std::chrono::floor<Milliseconds>(time.time_since_epoch()) - difference_);
}

model::HostMemory memory_of(const Host& host, const Epoch& epoch, Monotonic now) {
    model::HostMemory memory;
    memory.host = host.name;
    memory.address = host.base.origin();
    memory.facts = facts_of(host.learned, epoch, now);
    if (auto slowed = host.rate.slowed(now)) {
        memory.rate_share = slowed->share;
        memory.slowed_at = epoch.wall(slowed->at);
    }
    if (auto until = host.pause.until(now)) {
        memory.paused_until = epoch.wall(*until);
        memory.refusals = host.pause.refusals();
    }
    if (auto open = host.breaker.kept(now)) {
        memory.shut_until = epoch.wall(open->until);
        memory.shuts = open->openings;
    }
    auto kept = host.budget.kept();
    memory.pulls_limit = kept.limit;
    memory.pulls_remaining = kept.remaining;
    memory.pulls_window = kept.window;
    memory.pulls_source = kept.source;
    memory.pulls_unlimited = kept.unlimited;
    if (kept.limit) memory.pulls_heard_at = epoch.wall(kept.heard);
    for (const auto& [at, count] : kept.pulls) memory.pulls.emplace_back(epoch.wall(at), count);
    return memory;
}

void remember(Host& host, const model::HostMemory& memory, const Epoch& epoch, Monotonic now) {
    if (memory.address != host.base.origin()) return;
    auto latest = now + std::chrono::hours(8 * 24);
    for (const auto& fact : memory.facts) {
        Term term{epoch.monotonic(fact.since), epoch.monotonic(fact.until)};
        bool comparable =
            memory.profile == model::accept_profile || (fact.name != "head" && fact.name != "if_none_match");
        // A clock that was wrong when it was written must not make it hold for ever.
        if (comparable && term.holds(now) && term.until < latest) restore_fact(host.learned, fact, term);
    }
    // Without its realm there is nothing to ask for a token.
    bool asks_nobody = host.learned.scheme == Learned::Scheme::bearer && host.learned.realm.host.empty();
    if (asks_nobody) host.learned.authorization.end();
    host.rate.restore({memory.rate_share, epoch.monotonic(memory.slowed_at)}, now);
    if (memory.paused_until) host.pause.restore(epoch.monotonic(*memory.paused_until), memory.refusals, now);
    if (memory.shut_until) host.breaker.restore({epoch.monotonic(*memory.shut_until), memory.shuts}, now);
    PullBudget::Kept kept;
    kept.limit = memory.pulls_limit;
    kept.remaining = memory.pulls_remaining;
    kept.heard = epoch.monotonic(memory.pulls_heard_at);
    kept.window = memory.pulls_window;
    kept.source = memory.pulls_source;
    kept.unlimited = memory.pulls_unlimited;
    for (const auto& [at, count] : memory.pulls) kept.pulls.emplace_back(epoch.monotonic(at), count);
    host.budget.restore(kept, now);
}

}  // namespace basewatch::registry
