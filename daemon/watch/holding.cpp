// What a registry answered and is not told yet.

#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "foundation/time.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>

namespace basewatch::watch {

Settlement Watcher::State::consider(const model::Reference& base, const KnownBase& known,
                                    const model::Observation& seen) {
    SettleInput input;
    if (known.settling) input.state = *known.settling;
    input.recorded = known.observation.unpacked();
    input.seen = seen;
    input.platforms = known.settings->platforms;
    input.settle = known.settings->settle;
    auto considered = settle(input, clock.now());
    if (considered.began_to_flap)
        log::warning("the registry flaps between two answers",
                     {{"base", base.text()},
                      {"one", considered.next.one.short_text()},
                      {"other", considered.next.other.short_text()}});
    return considered;
}

Async<Result<CheckReport>> Watcher::State::hold(model::Reference base, model::DetectedBy by,
                                                model::Settling settling) {
    const auto* known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    bool another = !known->settling || known->settling->held.digest != settling.held.digest;
    GoodAnswer answer;
    answer.outcome = CheckReport::Outcome::held;
    answer.by = by;
    answer.before = known->observation.unpacked();
    answer.now = answer.before;
    answer.settling = settling;
    failpoint("change-to-be-held");
    auto report = co_await keep(base, std::move(answer));
    if (!report) co_return report.error();
    failpoint("change-held");
    report->after = settling.held.digest;
    report->held_until = settling.until;
    report->held_because = settling.because;
    hasten(base, settling.until);
    if (another) hasten_siblings(base);
    if (another)
        log::info("a change is held", {{"base", base.text()},
                                       {"new", settling.held.digest.short_text()},
                                       {"until", rfc3339(settling.until)},
                                       {"because", settling.because}});
    co_return report;
}

void Watcher::State::hasten(const model::Reference& base, Time until) {
    auto& schedule = lane_of(base).schedule;
    auto when = clock.monotonic() + std::max(until - clock.now(), Milliseconds(0));
    auto due = schedule.due(base);
    if (due && *due > when) schedule.postpone(base, when);
    bell.ring();
}

}  // namespace basewatch::watch
