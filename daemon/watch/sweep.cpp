// When bases are asked about, and how many at once.

#include "foundation/failpoint.hpp"
#include "foundation/heap.hpp"
#include "foundation/log.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>

namespace basewatch::watch {

namespace {

// More than any registry is asked at once; its own bound on connections is the client's to keep.
constexpr std::size_t workers_per_registry = 32;
constexpr std::size_t workers_in_all = 256;
// Check marks are saved all together, so that a sweep in which nothing changed costs one flush of the disk.
constexpr Milliseconds marks_pause{60'000};
// So many take megabytes while they are written.
constexpr std::size_t many_marks = 10'000;
constexpr Milliseconds longest_sleep{3'600'000};

CheckReport given_up(const model::Reference& base) {
    CheckReport report;
    report.base = base;
    report.outcome = CheckReport::Outcome::failed;
    report.error = "the check was given up: we were asked to stop";
    report.error_kind = ErrorKind::cancelled;
    return report;
}

// What the lists told.
using ToldByBase = std::multimap<model::Reference, CheckReport>;

// The table's bases of one registry, tags of one repository side by side.
struct Queue {
    std::vector<std::size_t> places;
    std::size_t next = 0;
    int silent = 0;  // checks in a row that brought no answer
    Error silence;   // of the last of them
};

// After so many a registry is taken for dead until the end of this sweep: a thousand bases behind a host that
// swallows connections would take hours.
constexpr int most_silent = 5;

void listen_to(Queue& queue, const CheckReport& report) {
    bool silent = report.outcome == CheckReport::Outcome::failed;
    switch (report.error_kind) {
        case ErrorKind::name_lookup:
        case ErrorKind::unreachable:
        case ErrorKind::timed_out:
        case ErrorKind::tls:
            break;
        default:
            silent = false;
    }
    queue.silent = silent ? queue.silent + 1 : 0;
    if (silent) queue.silence = Error(report.error_kind, report.error);
}

}  // namespace

Async<void> Watcher::State::run() {
    TaskGroup checks(executor);
    running = true;
    warn_of_slow_registries();
    for (;;) {
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop) break;
        hasten_due();
        start_due(checks);
        if (marks_due()) co_await save_marks();
        auto wake = next_wake();
        co_await bell.wait_until(clock, wake);
    }
    checks.cancel();
    co_await checks.wait();
    co_await save_marks();
    running = false;
}

void Watcher::State::start_due(TaskGroup& checks) {
    auto now = clock.monotonic();
    std::size_t in_all = 0;
    for (const auto& [registry_name, lane] : lanes) in_all += lane.workers;
    for (auto& [registry_name, lane] : lanes) {
        start_lists(checks, lane, now);
        std::size_t room = std::min(workers_per_registry - lane.workers, workers_in_all - in_all);
        if (room == 0) continue;
        for (auto& base : lane.schedule.take_due(now, room)) {
            ++lane.workers;
            ++in_all;
            checks.start("check", work(lane, std::move(base)));
        }
    }
}

// A worker goes on as long as something is due, so that a sweep of thousands starts few of them.
Async<void> Watcher::State::work(Lane& lane, model::Reference first) {
    WorkerCount counted(lane.workers, bell);
    auto base = std::move(first);
    for (;;) {
        co_await check_or_join(base, model::DetectedBy::poll);
        bool asked_to_stop = co_await stop_requested();
        if (asked_to_stop) break;
        auto due = lane.schedule.take_due(clock.monotonic(), 1);
        if (due.empty()) break;
        base = std::move(due.front());
    }
}

Monotonic Watcher::State::next_wake() const {
    auto wake = clock.monotonic() + longest_sleep;
    std::size_t in_all = 0;
    for (const auto& [registry_name, lane] : lanes) in_all += lane.workers;
    for (const auto& [registry_name, lane] : lanes) {
        if (auto next = lane.lists.next(); next && lane.listers < lists_per_registry)
            wake = std::min(wake, *next);
        // A lane without room wakes us when one of its workers ends.
        if (lane.workers >= workers_per_registry || in_all >= workers_in_all) continue;
        if (auto next = lane.schedule.next()) wake = std::min(wake, *next);
    }
    if (auto next = hastening.next()) wake = std::min(wake, *next);
    if (marks_since) wake = std::min(wake, *marks_since + marks_pause);
    return wake;
}

Async<void> Watcher::State::check_all(model::DetectedBy by,
                                      std::function<void(std::size_t, CheckReport)> each) {
    auto listed = co_await list_all(by);
    ToldByBase told;
    for (auto& one : listed) told.emplace(one.base, std::move(one));
    const auto names = order;  // a tag that turns out to be deleted leaves it
    std::map<std::string, Queue> queues;
    for (std::size_t i = 0; i < names.size(); ++i)
        queues[model::Reference::parse(*names[i])->registry()].places.push_back(i);
    std::function<void(std::size_t, CheckReport)> give = [&](std::size_t place, CheckReport report) {
        auto [first, last] = told.equal_range(report.base);
        for (; first != last; ++first) report.add(std::move(first->second));
        each(place, std::move(report));
    };
    auto drain = [](State& state, Queue& queue, const std::vector<const std::string*>& all,
                    const std::function<void(std::size_t, CheckReport)>& take,
                    model::DetectedBy how) -> Async<void> {
        while (queue.next < queue.places.size()) {
            std::size_t place = queue.places[queue.next++];
            auto base = *model::Reference::parse(*all[place]);
            bool asked_to_stop = co_await stop_requested();
            auto report = given_up(base);
            if (!asked_to_stop && queue.silent >= most_silent) {
                report = co_await state.fail(base, how, queue.silence);
            } else if (!asked_to_stop) {
                report = co_await state.check_or_join(base, how);
                listen_to(queue, report);
            }
            take(place, std::move(report));
        }
    };
    TaskGroup group(executor);
    auto share = workers_in_all / std::max<std::size_t>(queues.size(), 1);
    auto workers = std::clamp<std::size_t>(share, 1, workers_per_registry);
    for (auto& [registry_name, queue] : queues) {
        std::sort(queue.places.begin(), queue.places.end(),
                  [&](std::size_t a, std::size_t b) { return *names[a] < *names[b]; });
        for (std::size_t i = 0; i < std::min(workers, queue.places.size()); ++i)
            group.start("check", drain(*this, queue, names, give, by));
    }
    co_await group.wait();
    co_await save_marks();
}

Async<bool> Watcher::State::join(std::string name, std::optional<CheckReport>& report) {
    for (;;) {
        auto place = under_way.find(name);
        if (place == under_way.end()) co_return true;
        auto joined = place->second;
        Bell ended(executor);
        joined->waiting.insert(&ended);
        bool rung = co_await ended.wait();
        joined->waiting.erase(&ended);
        if (!rung) co_return false;
        report = joined->report;
        if (report) co_return true;
        // Whoever asked has gone; we have not.
    }
}

Async<CheckReport> Watcher::State::check_or_join(model::Reference base, model::DetectedBy by) {
    std::string name = base.text();
    std::optional<CheckReport> theirs;
    bool free = co_await join(name, theirs);
    if (!free) co_return given_up(base);
    if (theirs) co_return std::move(*theirs);
    RunningGuard running_check(under_way, name);
    auto report = co_await check(base, by);
    // Also when nothing is to be marked: the host may have taught us something.
    if (!marks_since) mark_soon();
    bool asked_to_stop = co_await stop_requested();
    if (!asked_to_stop) running_check.finish(report);
    co_return report;
}

bool Watcher::State::marks_due() const {
    return marks_since && clock.monotonic() >= *marks_since + marks_pause;
}

Async<void> Watcher::State::save_marks() {
    marks_since.reset();
    std::vector<store::CheckMark> marks;
    marks.reserve(static_cast<std::size_t>(
        std::count_if(bases.begin(), bases.end(), [](const auto& base) { return base.second.unsaved; })));
    for (auto& [name, known] : bases) {
        if (!known.unsaved) continue;
        known.unsaved = false;
        store::CheckMark mark{name, known.checked_at, nullptr};
        if (known.failing()) {
            const auto& trouble = *known.trouble;
            store::Failing failing{trouble.since, trouble.failures,    trouble.error,
                                   trouble.kind,  trouble.no_such_tag, std::nullopt};
            if (failing.missing > 0) failing.missing_since = trouble.no_such_tag_since;
            mark.failing = std::make_shared<const store::Failing>(std::move(failing));
        }
        marks.push_back(std::move(mark));
    }
    auto hosts = registry.unsaved();
    if (marks.empty() && hosts.empty()) co_return;
    bool large = marks.size() > many_marks;
    failpoint("marks-to-be-saved");
    auto saved = co_await store.mark_checked(std::move(marks), hosts);
    failpoint("marks-saved");
    if (large) trim_heap();
    if (saved) {
        registry.saved(std::move(hosts));
        if (others_to_forget) co_await forget_others();
        co_return;
    }
    // Nothing is lost but the time of the last look; the next marks bring it again.
    log::warning("check marks could not be saved", {{"error", saved.error().message()}});
}

}  // namespace basewatch::watch
