// What one check of one base comes to. Nothing here is a change unless the registry's answer was understood
// to the end and proven: every failure on the way leaves the base as it was.

#include "foundation/failpoint.hpp"
#include "foundation/log.hpp"
#include "foundation/time.hpp"
#include "watch/watcher_state.hpp"

#include <algorithm>

namespace basewatch::watch {

namespace {

constexpr int most_conflicts = 3;
// How often an announced digest may be missing (replicas lag behind) before that is a failure.
constexpr int most_missing = 3;
// How often the old digest may be unreadable before the change is told without it.
constexpr int most_old_unread = 2;
constexpr std::uint8_t most_detail_attempts = 3;

// How long a new digest waits for the pull budget: a whole window of Docker Hub's. Then it is news that its
// owner needs more than the pulls.
constexpr auto longest_pull_wait = std::chrono::hours(6);

// About what one side of a comparison costs: the index and the image of each platform.
std::int64_t pulls_of(const CheckSettings& settings) {
    constexpr std::int64_t usual_platforms = 8;
    return 1 + (settings.platforms.empty() ? usual_platforms
                                           : static_cast<std::int64_t>(settings.platforms.size()));
}

bool any_assumed(const std::vector<Classified>& found) {
    return std::any_of(found.begin(), found.end(), [](const Classified& each) { return each.assumed; });
}

}  // namespace

Async<CheckReport> Watcher::State::check(model::Reference base, model::DetectedBy by) {
    Error error(ErrorKind::storage, "the state of this base is changed by somebody else again and again");
    for (int round = 0; round < most_conflicts; ++round) {
        auto report = co_await ask(base, by);
        if (report) co_return std::move(*report);
        if (report.error().kind() != ErrorKind::conflict) {
            error = report.error();
            break;
        }
        log::debug("the state moved on meanwhile: checking again", {{"base", base.text()}});
        auto reloaded = co_await reload(base);
        if (!reloaded) {
            error = reloaded.error();
            break;
        }
    }
    co_return co_await fail(base, by, error);
}

Async<Result<CheckReport>> Watcher::State::ask(model::Reference base, model::DetectedBy by) {
    const auto* known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    auto now = clock.monotonic();
    auto paused = registry.paused_until(base.registry());
    if (by == model::DetectedBy::poll && paused && *paused > now &&
        *paused - now <= known->settings->interval) {
        // A short pause of the whole host is no failure of its bases.
        lane_of(base).schedule.postpone(base, *paused);
        co_return try_again(base, Error(ErrorKind::rate_limited, base.registry() + " asked us to wait"));
    }
    if (known->trouble && known->trouble->held_until > now) {
        auto until = clock.now() + std::chrono::ceil<Milliseconds>(known->trouble->held_until - now);
        Error error(ErrorKind::rate_limited, base.registry() + " asked us to wait until " + rfc3339(until));
        co_return co_await fail(base, by, error);
    }

    // Whoever asks by hand, or was told of a push, wants to know for certain. And what is recorded is not the
    // last answer while another one is held or waits to be read: a mirror that still shows it proves nothing.
    registry::LastAnswer last;
    bool knows_of_another = (known->settling && known->settling->holds()) ||
                            (known->trouble && known->trouble->waits_for_pulls != Monotonic{});
    bool asks_whether_still =
        by == model::DetectedBy::poll && known->profile == model::accept_profile && !knows_of_another;
    if (asks_whether_still) last = {known->observation.digest(), known->checked_at};
    bool insists = by == model::DetectedBy::request;
    auto pointer = co_await registry.look_up(base, std::move(last), insists);
    failpoint("registry-answered");
    ++progress.checks;
    progress.last_check = clock.now();
    if (!pointer) co_return co_await not_answered(base, by, pointer.error());
    auto* answered = find(base.text());
    if (answered == nullptr)
        co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    if (answered->trouble) answered->trouble->no_such_tag = 0;
    known = answered;
    if (known->trouble && !known->trouble->refused.empty() && known->trouble->refused == pointer->digest) {
        Error error(ErrorKind::unsupported, known->trouble->error);
        co_return co_await note_failure(base, by, error, true);
    }
    // A digest that was asked for with another list of media types cannot be compared.
    bool comparable = !known->observation.empty() && known->profile == model::accept_profile;
    if (!comparable) co_return co_await first(base, by, *pointer);
    if (known->observation.points_to(pointer->digest)) co_return co_await same(base, by, *pointer);
    co_return co_await moved(base, by, *pointer);
}

Async<Result<CheckReport>> Watcher::State::first(model::Reference base, model::DetectedBy by,
                                                 registry::Pointer pointer) {
    GoodAnswer answer;
    answer.outcome = CheckReport::Outcome::baseline;
    answer.by = by;
    answer.now.digest = pointer.digest;
    answer.now.media_type = pointer.media_type;
    answer.now.observed_at = clock.now();
    DetailReader reader(registry, store, base);
    if (reads_at_once(base)) co_await fill_in(reader, answer.now, base);
    const auto* known = find(base.text());
    if (known != nullptr && nothing_watched(answer.now, known->settings->platforms))
        co_return co_await refuse(base, by, answer.now);
    answer.learnt = reader.learnt();
    co_return co_await keep(base, std::move(answer));
}

Async<Result<CheckReport>> Watcher::State::same(model::Reference base, model::DetectedBy by,
                                                registry::Pointer pointer) {
    auto* known = find(base.text());
    bool unread = !known->observation.detailed() && known->detail_attempts < most_detail_attempts;
    registry::PullBudget::Claim room;
    if (unread)
        room = registry.claim_pulls(base.registry(), registry::PullNeed::details, pulls_of(*known->settings));
    unread = unread && room;
    bool watchable = known->observation.has_one_of(known->settings->platforms);
    GoodAnswer answer;
    bool held_or_turned = false;
    if (known->settling) {
        auto considered = consider(base, *known, known->observation.unpacked());
        if (worth_keeping(considered.next, clock.now())) answer.settling = std::move(considered.next);
        held_or_turned = !answer.settling || *answer.settling != *known->settling;
    }
    bool nothing_new = !known->told_unreachable && !held_or_turned;
    if (watchable && !unread && nothing_new) co_return unchanged(base, *known, pointer.digest);

    answer.by = by;
    answer.before = known->observation.unpacked();
    answer.now = answer.before;
    DetailReader reader(registry, store, base);
    if (unread) co_await fill_in(reader, answer.now, base);
    known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    if (nothing_watched(answer.now, known->settings->platforms))
        co_return co_await refuse(base, by, answer.now);
    if (!answer.now.detailed && nothing_new) co_return unchanged(base, *known, pointer.digest);
    answer.learnt = reader.learnt();
    co_return co_await keep(base, std::move(answer));
}

Async<Result<CheckReport>> Watcher::State::moved(model::Reference base, model::DetectedBy by,
                                                 registry::Pointer pointer) {
    auto* known = find(base.text());
    auto room =
        registry.claim_pulls(base.registry(), registry::PullNeed::change, 2 * pulls_of(*known->settings));
    if (!room && by != model::DetectedBy::request && may_wait_for_pulls(*known))
        co_return wait_for_pulls(base);
    DetailReader reader(registry, store, base);
    auto after = co_await details_of(reader, base, pointer);
    failpoint("details-read");
    known = find(base.text());
    if (known == nullptr) co_return try_again(base, Error(ErrorKind::not_found, "it is no longer watched"));
    if (!after) {
        auto error = after.error().while_doing("reading the new digest " + pointer.digest.short_text());
        if (error.kind() == ErrorKind::not_found && ++known->in_trouble().missing <= most_missing)
            co_return try_again(base, error);
        co_return co_await fail(base, by, error);
    }
    auto settings = known->settings;
    auto considered = consider(base, *known, *after);
    if (considered.action == Settlement::Action::hold)
        co_return co_await hold(base, by, std::move(considered.next));
    if (nothing_watched(*after, settings->platforms)) co_return co_await refuse(base, by, *after);

    auto found = co_await look_into(reader, store, base, known->observation.unpacked(), *after, settings);
    if (!found) co_return co_await fail(base, by, found.error());
    known = find(base.text());
    if (known != nullptr && found->old_unread && any_assumed(found->classified) &&
        known->in_trouble().old_unread++ < most_old_unread)
        co_return co_await fail(base, by, found->old_unread->while_doing("reading the old digest"));
    GoodAnswer answer;
    answer.outcome = CheckReport::Outcome::changed;
    answer.by = by;
    answer.before = std::move(found->before);
    answer.now = std::move(*after);
    answer.settling = std::move(considered.next);
    answer.classified = std::move(found->classified);
    answer.learnt = reader.learnt();
    co_return co_await keep(base, std::move(answer));
}

bool Watcher::State::may_wait_for_pulls(KnownBase& known) {
    auto& since = known.in_trouble().waits_for_pulls;
    if (since == Monotonic{}) since = clock.monotonic();
    return clock.monotonic() < since + longest_pull_wait;
}

CheckReport Watcher::State::wait_for_pulls(const model::Reference& base) {
    Error error(ErrorKind::rate_limited,
                "it points to another digest, which is read when " + base.registry() +
                    " lets us pull more; the rest of what it gives is left to its owner");
    log::debug("a new digest waits for the pull budget", {{"base", base.text()}});
    lane_of(base).schedule.done(base, clock.monotonic());
    return try_again(base, error);
}

Async<Result<model::Observation>> Watcher::State::details_of(DetailReader& reader, model::Reference base,
                                                             registry::Pointer pointer) {
    const auto* known = find(base.text());
    if (known != nullptr && known->settling && known->settling->held.detailed &&
        known->settling->held.digest == pointer.digest)
        co_return known->settling->held;
    co_return co_await reader.observe(pointer.digest, clock.now());
}

Async<void> Watcher::State::fill_in(DetailReader& reader, model::Observation& observation,
                                    model::Reference base) {
    auto read = co_await reader.observe(observation.digest, observation.observed_at);
    auto* known = find(base.text());
    if (known == nullptr) co_return;
    if (!read) {
        ++known->detail_attempts;
        log::debug("the details of a base could not be read yet",
                   {{"base", base.text()}, {"error", read.error().message()}});
        co_return;
    }
    observation = std::move(*read);
    co_await read_images(reader, observation, known->settings->platforms);
}

Async<void> Watcher::State::read_images(DetailReader& reader, const model::Observation& observation,
                                        std::vector<model::Platform> platforms) {
    std::vector<model::Digest> manifests;
    for (const auto& platform : watched_platforms(observation, platforms))
        manifests.push_back(observation.platforms.at(platform));
    if (manifests.size() > most_platforms_read) manifests.resize(most_platforms_read);
    auto recalled = co_await reader.recall(manifests);
    if (!recalled) co_return;
    for (const auto& manifest : manifests) {
        auto image = co_await reader.read_image(manifest);
        // It is read when it is needed, at a change.
        if (!image)
            log::debug("the image of a platform could not be read yet",
                       {{"manifest", manifest.short_text()}, {"error", image.error().message()}});
    }
}

}  // namespace basewatch::watch
