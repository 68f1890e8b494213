#include "registry/kept_credentials.hpp"

#include "foundation/log.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_answers = 4096;
constexpr Milliseconds failure_kept_for{std::chrono::minutes(1)};
constexpr Milliseconds first_refusal{std::chrono::minutes(5)};
constexpr Milliseconds longest_refusal{std::chrono::hours(6)};

Error stopped() {
    return Error(ErrorKind::cancelled, "stopped while waiting for a credential");
}

}  // namespace

void KeptCredentials::review() {
    for (auto& [source, answer] : answers_) {
        answer->until = Monotonic{};
        answer->refusals = 0;
    }
}

bool KeptCredentials::refused(const std::string& source) {
    auto found = answers_.find(source);
    if (found == answers_.end() || !found->second->result) return false;
    auto& answer = *found->second;
    answer.stands = false;
    answer.until = std::min(answer.until, answer.told + failure_kept_for);
    return answer.until <= clock_.monotonic();
}

// Whoever is asking goes on with the answer that it has, and it is not kept.
void KeptCredentials::forget(const std::string& source) {
    answers_.erase(source);
}

Async<Result<Credential>> KeptCredentials::obtain(std::string source, Question question) {
    if (answers_.size() >= most_answers)
        std::erase_if(answers_, [](const auto& entry) { return !entry.second->running; });
    auto& place = answers_[source];
    if (!place) place = std::make_shared<Answer>();
    auto answer = place;
    for (;;) {
        if (!answer->running && clock_.monotonic() < answer->until) co_return answer->result;
        if (!answer->running) break;
        auto bell = std::make_shared<Bell>(executor_);
        answer->waiting.push_back(bell);
        bool rung = co_await bell->wait();
        if (!rung) co_return stopped();
    }
    answer->running = true;
    auto lent = co_await question();
    answer->running = false;
    // Whoever asked may have been told to stop; that is no answer for the others, so one of them asks itself.
    bool cancelled = !lent && lent.error().kind() == ErrorKind::cancelled;
    if (!cancelled) keep(*answer, source, std::move(lent));
    auto waiting = std::move(answer->waiting);
    answer->waiting.clear();
    for (auto& bell : waiting) bell->ring();
    if (cancelled) co_return stopped();
    co_return answer->result;
}

void KeptCredentials::keep(Answer& answer, const std::string& source, Result<Lent> lent) {
    auto now = clock_.monotonic();
    answer.told = now;
    if (lent) {
        answer.until = now + lent->renew;
        answer.end.reset();
        if (lent->end) answer.end = now + *lent->end;
        answer.refusals = 0;
        answer.stands = lent->credential.kind != Credential::Kind::none;
        lent->credential.source = source;
        answer.result = std::move(lent->credential);
        return;
    }
    bool refused = lent.error().kind() == ErrorKind::unauthorized;
    auto wait = refused ? first_refusal * (std::int64_t{1} << std::min(answer.refusals, 20))
                        : std::chrono::milliseconds(failure_kept_for);
    answer.refusals = refused ? answer.refusals + 1 : 0;
    answer.until = now + std::min<Milliseconds>(wait, longest_refusal);
    auto error = lent.error().while_doing(source);
    bool stands = answer.stands && !(answer.end && *answer.end <= now);
    if (stands) {
        if (answer.end) answer.until = std::min(answer.until, *answer.end);
        log::warning(error.message() + "; its last answer is used on");
    } else {
        answer.stands = false;
        answer.result = error;
    }
}

}  // namespace basewatch::registry
