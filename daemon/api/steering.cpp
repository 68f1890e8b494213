// The routes that steer a running daemon: pause, resume, mute.

#include "api/bodies.hpp"
#include "api/problem.hpp"
#include "api/service.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::api {

namespace {

constexpr std::chrono::hours longest_mute{24 * 366};

constexpr std::string_view target_kind = "target:", base_kind = "base:", dependent_kind = "dependent:",
                           change_kind = "change:";

// The subject that a POST names.
Result<std::string> subject_of(const nlohmann::json& body) {
    auto subject = string_member(body, "subject").value_or("");
    for (auto kind : {target_kind, base_kind, dependent_kind, change_kind})
        if (subject.starts_with(kind) && subject.size() > kind.size()) return subject;
    return Error(ErrorKind::invalid, "`subject` is to be target:NAME, base:REF, dependent:REF or change:ID");
}

std::string behind(std::string_view kind, const std::string& subject) {
    return subject.substr(kind.size());
}

}  // namespace

Async<net::ServerResponse> Service::pause(net::ServerRequest request) {
    auto body = body_of(request);
    if (!body) co_return problem(body.error());
    auto subject = subject_of(*body);
    if (!subject || !subject->starts_with(target_kind))
        co_return problem(Error(subject ? ErrorKind::unsupported : ErrorKind::invalid,
                                "only a target can be paused: `subject` is to be target:NAME (a base, a "
                                "dependent or a change can be muted until a time)"));
    auto done = co_await dispatcher_.pause(behind(target_kind, *subject));
    co_return done ? json_answer({{"subject", *subject}, {"paused", true}}) : problem(done.error());
}

// A target is sent to again, whatever kept it; and a mute of the subject ends.
Async<net::ServerResponse> Service::resume(net::ServerRequest request) {
    auto body = body_of(request);
    if (!body) co_return problem(body.error());
    auto named = subject_of(*body);
    if (!named) co_return problem(named.error());
    auto subject = co_await muted_as(*named);
    if (!subject) co_return problem(subject.error());
    auto unmuted = co_await store_.unmute(*subject, clock_.now());
    bool is_target = subject->starts_with(target_kind);
    if (!unmuted && (!is_target || unmuted.error().kind() != ErrorKind::not_found))
        co_return problem(unmuted.error());
    if (is_target) {
        auto done = co_await dispatcher_.resume(behind(target_kind, *subject));
        if (!done) co_return problem(done.error());
    }
    look_again();
    co_return json_answer({{"subject", *subject}, {"paused", false}});
}

Async<net::ServerResponse> Service::mute(net::ServerRequest request) {
    auto body = body_of(request);
    if (!body) co_return problem(body.error());
    auto named = subject_of(*body);
    if (!named) co_return problem(named.error());
    auto until = parse_rfc3339(string_member(*body, "until").value_or(""));
    auto now = clock_.now();
    if (!until)
        co_return problem(Error(ErrorKind::invalid, "`until` is to be a time such as 2026-11-23T17:40:00Z"));
    if (*until <= now || *until > now + longest_mute)
        co_return problem(
            Error(ErrorKind::invalid, "`until` is to lie in the future, and not more than a year away"));
    auto subject = co_await muted_as(*named);
    if (!subject) co_return problem(subject.error());
    store::Mute mute{*subject, now, *until};
    auto done = co_await store_.mute(mute);
    if (!done) co_return problem(done.error());
    look_again();
    co_return json_answer({{"subject", *subject}, {"until", rfc3339(*until)}});
}

Async<Result<std::string>> Service::muted_as(std::string subject) {
    if (subject.starts_with(change_kind)) {
        auto change = co_await store_.change(behind(change_kind, subject));
        if (!change) co_return change.error();
        co_return subject;
    }
    if (subject.starts_with(target_kind)) {
        auto targets = dispatcher_.reports();
        bool known = std::any_of(targets.begin(), targets.end(), [&](const auto& target) {
            return target.name == behind(target_kind, subject);
        });
        if (!known)
            co_return Error(ErrorKind::not_found, "there is no target " + behind(target_kind, subject));
        co_return subject;
    }
    bool is_base = subject.starts_with(base_kind);
    auto reference = model::Reference::parse(behind(is_base ? base_kind : dependent_kind, subject));
    if (!reference) co_return reference.error();
    if (is_base) {
        auto base = watcher_.watched_as(*reference);
        if (!base) co_return Error(ErrorKind::not_found, reference->text() + " is not watched");
        co_return std::string(base_kind) + base->text();
    }
    auto name = reference->text();
    const auto& rules = table_->planning->rules;
    bool built = std::any_of(rules.begin(), rules.end(), [&](const auto& rule) {
        return std::find(rule.dependents.begin(), rule.dependents.end(), name) != rule.dependents.end();
    });
    if (!built) co_return Error(ErrorKind::not_found, "no rule builds " + name);
    co_return std::string(dependent_kind) + name;
}

void Service::look_again() {
    std::vector<std::string> names;
    for (const auto& target : dispatcher_.reports()) names.push_back(target.name);
    dispatcher_.notify(names);
}

}  // namespace basewatch::api
