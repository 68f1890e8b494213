#include "dispatch/dispatcher.hpp"
#include "dispatch/dispatcher_state.hpp"
#include "foundation/ulid.hpp"

namespace basewatch::dispatch {

Async<Trial> try_target(const presets::Target& target, const model::Event& event,
                        const std::string& dependent, std::map<std::string, std::string> with, bool send,
                        Clock& clock, net::HttpTransport& transport, registry::RegistryClient& registry,
                        jq::Worker& jq) {
    Trial trial;
    trial.target = target.name;
    trial.dependent = dependent;
    UlidSource ids;
    Message message;
    message.delivery_id = ids.next("dlv_", clock.now());
    message.event_id = event.id;
    message.event_type = event.type;
    message.event_json = event.json;
    message.with = std::move(with);
    message.policy = connection_policy(1);
    message.dry_run = send && target.test == presets::TestMode::dry_run;
    Collaborators collaborators{clock, transport, registry, jq};
    auto prepared = co_await prepare(collaborators, target, std::move(message));
    if (!prepared.request) {
        trial.answer = prepared.parts.strike(prepared.error.message());
        co_return trial;
    }
    // describe() knows what of a request is secret; pull tokens in a body it cannot know.
    trial.request = prepared.pull_tokens.strike(presets::describe(*prepared.request));
    if (!send) co_return trial;
    auto response = co_await transport.send(std::move(*prepared.request));
    auto now = clock.now();
    auto answer = read_answer(target, response, prepared.parts, 1, now, now, 0.5);
    trial.sent = true;
    trial.succeeded = answer.verdict.next == model::DeliveryState::delivered;
    trial.answer = trial.succeeded ? status_line(answer.status) : answer.verdict.detail;
    if (trial.succeeded && !answer.kept.empty()) trial.answer += "\n" + answer.kept;
    co_return trial;
}

}  // namespace basewatch::dispatch
