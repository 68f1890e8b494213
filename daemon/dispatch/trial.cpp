#include "dispatch/dispatcher.hpp"
#include "dispatch/dispatcher_state.hpp"
#include "foundation/ulid.hpp"

#include <boost/asio/this_coro.hpp>

namespace basewatch::dispatch {

Async<Trial> try_target(const presets::Target& target, const model::Event& event,
                        const std::string& dependent, std::map<std::string, std::string> with, bool send,
                        Clock& clock, net::HttpTransport& transport, registry::RegistryClient& registry,
                        jq::Worker& jq, net::MailSender& mail, net::KafkaSender& kafka,
                        net::NatsSender& nats) {
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
    message.policy = connection_policy(1, target.tls);
    message.to_look_at = !send;
    message.dry_run = send && target.test == presets::TestMode::dry_run;
    auto executor = co_await asio::this_coro::executor;
    AccessTokens tokens(executor, clock, transport);
    Collaborators collaborators{clock, transport, registry, jq, tokens, mail, kafka, nats};
    auto prepared = co_await prepare(collaborators, target, std::move(message));
    if (!prepared.outgoing) {
        trial.answer = prepared.parts.strike(prepared.error.message());
        co_return trial;
    }
    // describe() knows what of a request is secret; pull tokens in a body it cannot know.
    trial.request = prepared.pull_tokens.strike(describe(*prepared.outgoing));
    if (!send) co_return trial;
    auto answer =
        co_await dispatch::send(collaborators, target, std::move(prepared), Try{1, clock.now(), 0.5});
    trial.sent = true;
    trial.succeeded = answer.verdict.next == model::DeliveryState::delivered;
    trial.answer = answer.verdict.detail;
    if (trial.succeeded && !answer.kept.empty()) trial.answer += "\n" + answer.kept;
    co_return trial;
}

}  // namespace basewatch::dispatch
