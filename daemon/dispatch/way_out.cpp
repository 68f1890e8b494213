#include "dispatch/way_out.hpp"

#include "dispatch/kafka.hpp"
#include "dispatch/mail.hpp"
#include "dispatch/nats.hpp"
#include "dispatch/program.hpp"

namespace basewatch::dispatch {

namespace {

// The access token to try once more with, after the receiver refused `used`; empty where there is none.
// Another delivery may have got a new one meanwhile.
Async<std::string> next_token(Collaborators collaborators, const presets::Target& target,
                              const std::string& used, const net::HttpRequest& request) {
    const auto& how = *target.fields.auth->oauth2;
    auto& tokens = collaborators.tokens;
    auto token = co_await tokens.token(target.name, how, request.policy, request.timeout);
    if (token && *token == used && tokens.refused(target.name))
        token = co_await tokens.token(target.name, how, request.policy, request.timeout);
    // Without another one the receiver's word stands.
    if (!token || *token == used) co_return std::string();
    co_return *token;
}

// Where a receiver says 401 to an access token, which may have been revoked, once more with a new one, whose
// parts that must not come back are added to `parts`.
Async<Result<net::HttpResponse>> send_request(Collaborators collaborators, const presets::Target& target,
                                              Prepared& prepared) {
    auto request = std::get<net::HttpRequest>(std::move(*prepared.outgoing));
    std::optional<net::HttpRequest> again;
    if (!prepared.token.empty()) again = request;
    auto answer = co_await collaborators.transport.send(std::move(request));
    if (!again || !answer || answer->status != 401) co_return answer;
    auto token = co_await next_token(collaborators, target, prepared.token, *again);
    if (token.empty()) co_return answer;
    again->headers.set("Authorization", "Bearer " + token);
    prepared.parts.add_headers(again->headers);
    auto second = co_await collaborators.transport.send(std::move(*again));
    co_return second;
}

}  // namespace

Async<Answer> send(Collaborators collaborators, const presets::Target& target, Prepared prepared, Try when) {
    if (auto* run = std::get_if<presets::ProgramRun>(&*prepared.outgoing)) {
        auto end = co_await run_program(std::move(*run), collaborators.clock);
        co_return read_end(target, end, prepared.parts, when, collaborators.clock.now());
    }
    if (auto* draft = std::get_if<presets::MailDraft>(&*prepared.outgoing)) {
        auto reply = co_await collaborators.mail.send(std::move(draft->mail));
        co_return read_reply(target, reply, prepared.parts, when, collaborators.clock.now());
    }
    if (auto* record = std::get_if<net::KafkaMessage>(&*prepared.outgoing)) {
        auto receipt = co_await collaborators.kafka.send(std::move(*record));
        co_return read_receipt(target, receipt, prepared.parts, when, collaborators.clock.now());
    }
    if (auto* message = std::get_if<net::NatsMessage>(&*prepared.outgoing)) {
        auto ack = co_await collaborators.nats.send(std::move(*message));
        co_return read_ack(target, ack, prepared.parts, when, collaborators.clock.now());
    }
    auto response = co_await send_request(collaborators, target, prepared);
    co_return read_answer(target, response, prepared.parts, when, collaborators.clock.now());
}

std::string describe(const Outgoing& outgoing) {
    return std::visit([](const auto& thing) { return presets::describe(thing); }, outgoing);
}

void keep(Answer& answer, const PrivateParts& parts, std::string_view text) {
    constexpr std::size_t most_detail = 300, most_excerpt = 120;
    auto& detail = answer.verdict.detail;
    detail = printable(parts.strike(detail), most_detail);
    answer.kept = printable(parts.strike(text), most_kept_answer);
    // Cut only what is already redacted: half a secret is still one. An error page says nothing in one line.
    bool page = answer.kept.starts_with('<');
    if (answer.verdict.next != model::DeliveryState::delivered && !answer.kept.empty() && !page)
        detail += "; it said: " + printable(answer.kept, most_excerpt);
}

Answer read_answer(const presets::Target& target, const Result<net::HttpResponse>& response,
                   const PrivateParts& parts, Try when, Time now) {
    Answer answer;
    answer.verdict = judge(target, response, when.number, when.created_at, now, when.random01);
    answer.came = response.has_value();
    if (response) {
        answer.status = response->status;
        answer.remote = response->remote;
    }
    keep(answer, parts, response ? std::string_view(response->body) : std::string_view());
    return answer;
}

}  // namespace basewatch::dispatch
