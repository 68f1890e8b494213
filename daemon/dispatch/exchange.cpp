#include "dispatch/exchange.hpp"

#include "dispatch/layers.hpp"
#include "dispatch/signature.hpp"
#include "foundation/bytes.hpp"

#include <algorithm>

namespace basewatch::dispatch {

namespace {

std::int64_t unix_seconds(Time time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// The headers of every delivery. The signature covers the bytes that are sent, so it comes last.
Result<void> add_delivery_headers(net::Headers& headers, std::string_view body, const presets::Target& target,
                                  const Message& message, Time now) {
    headers.set("traceparent", traceparent(message.event_id));
    return sign(headers, message.delivery_id, unix_seconds(now), body, target.signature(), target.secrets,
                target.signature_header());
}

// What the receiver gets beside what the preset says.
Result<void> finish_headers(net::HttpRequest& request, const presets::Target& target, const Message& message,
                            Time now) {
    if (message.dry_run)
        for (const auto& [name, value] : target.dry_run_headers) request.headers.set(name, value);
    if (!request.headers.find("User-Agent"))
        request.headers.set("User-Agent", "basewatch/" BASEWATCH_VERSION);
    return add_delivery_headers(request.headers, request.body, target, message, now);
}

Prepared failed(std::string where, Error error, const PrivateParts& parts) {
    return {std::nullopt, parts, parts, std::move(error), std::move(where), {}};
}

Async<Result<Outgoing>> render_outgoing(Collaborators collaborators, const presets::Target& target,
                                        presets::RenderInput input, Message message) {
    if (target.way == presets::Way::program) {
        auto run =
            co_await presets::render_program(target, std::move(input), message.delivery_id, collaborators.jq);
        if (!run) co_return run.error();
        co_return Outgoing(std::move(*run));
    }
    if (target.way == presets::Way::mail) {
        auto draft = co_await presets::render_mail(target, std::move(input), message.delivery_id,
                                                   collaborators.clock.now(), collaborators.jq);
        if (!draft) co_return draft.error();
        co_return Outgoing(std::move(*draft));
    }
    if (target.way == presets::Way::kafka) {
        auto record = co_await presets::render_kafka(target, std::move(input), collaborators.jq);
        if (!record) co_return record.error();
        net::Headers headers;
        auto finished =
            add_delivery_headers(headers, record->value, target, message, collaborators.clock.now());
        if (!finished) co_return finished.error();
        for (const auto& [name, value] : headers) record->headers.emplace_back(name, value);
        co_return Outgoing(std::move(*record));
    }
    if (target.way == presets::Way::nats) {
        auto made =
            co_await presets::render_nats(target, std::move(input), message.delivery_id, collaborators.jq);
        if (!made) co_return made.error();
        auto finished =
            add_delivery_headers(made->headers, made->body, target, message, collaborators.clock.now());
        if (!finished) co_return finished.error();
        co_return Outgoing(std::move(*made));
    }
    auto request = co_await presets::render(target, std::move(input), collaborators.jq);
    if (!request) co_return request.error();
    request->policy = message.policy;
    request->timeout = target.timeout();
    request->most_body = most_answer;
    request->cut_body = true;
    auto finished = finish_headers(*request, target, message, collaborators.clock.now());
    if (!finished) co_return finished.error();
    co_return Outgoing(std::move(*request));
}

}  // namespace

Async<Prepared> prepare(Collaborators collaborators, const presets::Target& target, Message message) {
    PrivateParts pull_tokens;
    presets::RenderInput input;
    // First what takes longest and fails most; the token in it should be young when it is sent.
    if (target.needs_layers) {
        auto layers = co_await layers_json(collaborators.registry, message.event_json, pull_tokens);
        if (!layers) co_return failed("layers", layers.error(), pull_tokens);
        input.layers_json = *layers;
    }
    std::string token;
    if (target.auth() == presets::Auth::oauth2 && !message.to_look_at) {
        auto had = co_await collaborators.tokens.token(target.name, *target.fields.auth->oauth2,
                                                       message.policy, target.timeout());
        if (!had) co_return failed("token", had.error(), pull_tokens);
        token = std::move(*had);
    }
    // Reading the event takes longer than the rest; sent as it is, nobody asks what stands in it.
    if (target.fields.body || target.way == presets::Way::program)
        input.build =
            presets::build_parameters(message.event_type, message.event_json, collaborators.clock.now());
    input.event_json = std::move(message.event_json);
    input.event_type = message.event_type;
    input.joined = std::move(message.joined);
    input.with = message.with;
    auto outgoing = co_await render_outgoing(collaborators, target, std::move(input), std::move(message));
    if (!outgoing) co_return failed("render", outgoing.error(), pull_tokens);
    auto parts = pull_tokens;
    if (auto* request = std::get_if<net::HttpRequest>(&*outgoing)) {
        if (!token.empty()) request->headers.set("Authorization", "Bearer " + token);
        parts.add_address(request->url);
        parts.add_headers(request->headers);
    }
    co_return Prepared{std::move(*outgoing), std::move(pull_tokens), std::move(parts), Error(), {},
                       std::move(token)};
}

std::shared_ptr<const net::ConnectionPolicy> connection_policy(std::size_t connections,
                                                               const settings::TlsFiles& tls) {
    auto policy = std::make_shared<net::ConnectionPolicy>();
    policy->connections = std::max<std::size_t>(connections, 1);
    policy->ca_file = tls.ca_file;
    policy->client_certificate_file = tls.client_certificate_file;
    policy->client_key_file = tls.client_key_file;
    // Receivers live in private networks; nothing that is to be told lives at a cloud's metadata address.
    policy->addresses = net::AddressRule::no_metadata;
    return policy;
}

std::string traceparent(std::string_view event_id) {
    auto trace = sha256(event_id).substr(0, 16);
    auto span = random_bytes(8);
    // All zeros means "none" and would be thrown away.
    if (std::all_of(span.begin(), span.end(), [](char byte) { return byte == 0; })) span.back() = 1;
    return "00-" + hex(trace) + "-" + hex(span) + "-01";
}

}  // namespace basewatch::dispatch
