#include "watch/settle.hpp"

#include "foundation/time.hpp"
#include "watch/classify.hpp"

#include <algorithm>
#include <chrono>

namespace basewatch::watch {

namespace {

using namespace std::chrono_literals;

bool within_window(Time then, Time now) {
    return now - then < flap_window;
}

// Follows the answers: which one was left for which, and whether two of them take turns.
bool follow_turns(model::Settling& next, const model::Digest& last, const model::Digest& seen, Time now) {
    if (next.flaps() && !within_window(next.flapped_at, now)) next.one = next.other = model::Digest();
    if (seen == last) return false;
    bool back = next.left == seen && within_window(next.left_at, now);
    bool began = back && !next.flaps();
    if (back) {
        next.one = std::min(last, seen);
        next.other = std::max(last, seen);
        next.flapped_at = now;
    }
    next.left = last;
    next.left_at = now;
    return began;
}

struct Wait {
    Time until{};
    std::string because;
};

// Until when a flapping registry's answer is held. One of the two that take turns was told already, so it has
// to be the only one for as long as turns are remembered.
Wait wait_for_turns(const model::Settling& next, Time now) {
    const auto& digest = next.held.digest;
    if (digest == next.one || digest == next.other)
        return {next.held.observed_at + flap_window,
                "the registry flaps between " + next.one.short_text() + " and " + next.other.short_text()};
    if (next.reads < 2)
        return {now + second_read_after, "the registry flaps, and a new answer must be given twice in a row"};
    return {};
}

Wait wait_to_settle(const SettleInput& input, const model::Settling& next) {
    if (input.settle <= 0ms) return {};
    auto moves = progression(input.recorded, input.seen, input.platforms);
    if (moves.complete) return {};
    auto last = next.moved_at + longest_hold(input.settle);
    if (!moves.missing.empty()) return {last, listed(moves.missing) + " is missing in it"};
    return {std::min(next.held.observed_at + input.settle, last),
            "it must be still for " + format_duration(input.settle)};
}

void forget_hold(model::Settling& next) {
    next.held = model::Observation();
    next.moved_at = next.until = Time();
    next.reads = 0;
    next.because.clear();
}

void hold(model::Settling& next, const model::Observation& seen, Time now) {
    if (!next.holds()) next.moved_at = now;
    if (next.held.digest == seen.digest) {
        ++next.reads;
        // A clock that was set back must not make it wait for longer than it would have.
        next.held.observed_at = std::min(next.held.observed_at, now);
        next.moved_at = std::min(next.moved_at, now);
        return;
    }
    next.held = seen;
    next.held.observed_at = now;
    next.reads = 1;
}

}  // namespace

Milliseconds longest_hold(Milliseconds settle) {
    return std::max<Milliseconds>(2h, 4 * settle);
}

Progression progression(const model::Observation& before, const model::Observation& after,
                        const std::vector<model::Platform>& watched) {
    Progression found;
    if (!before.detailed || !after.detailed) return found;
    std::size_t moved = 0;
    auto were = watched_platforms(before, watched);
    for (const auto& platform : were) {
        auto now = after.platforms.find(platform);
        if (now == after.platforms.end())
            found.missing.push_back(platform);
        else if (now->second != before.platforms.at(platform))
            ++moved;
    }
    found.complete = !were.empty() && moved == were.size();
    return found;
}

Settlement settle(const SettleInput& input, Time now) {
    Settlement out;
    out.next = input.state;
    auto& next = out.next;
    const auto& last = next.holds() ? next.held.digest : input.recorded.digest;
    out.began_to_flap = follow_turns(next, model::Digest(last), input.seen.digest, now);
    if (input.seen.digest == input.recorded.digest) {
        forget_hold(next);
        return out;
    }
    hold(next, input.seen, now);
    auto settled = wait_to_settle(input, next);
    auto turns = next.flaps() ? wait_for_turns(next, now) : Wait();
    auto& longer = turns.until > settled.until ? turns : settled;
    if (longer.until <= now) {
        out.action = Settlement::Action::fire;
        forget_hold(next);
        return out;
    }
    out.action = Settlement::Action::hold;
    next.until = longer.until;
    next.because = std::move(longer.because);
    return out;
}

bool worth_keeping(const model::Settling& state, Time now) {
    return state.holds() || (state.flaps() && within_window(state.flapped_at, now)) ||
           (!state.left.empty() && within_window(state.left_at, now));
}

}  // namespace basewatch::watch
