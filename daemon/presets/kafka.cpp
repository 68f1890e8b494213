#include "presets/kafka.hpp"

#include "foundation/json.hpp"
#include "foundation/secret.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::presets {

namespace {

std::optional<std::string> key_of(settings::KafkaKey key, std::string_view event_json) {
    if (key == settings::KafkaKey::none) return std::nullopt;
    auto event = parse_json(event_json);
    if (!event || !event->is_object()) return std::nullopt;
    auto data = event->find("data");
    if (key == settings::KafkaKey::base && data != event->end() && data->is_object()) {
        auto base = data->find("base");
        if (base != data->end() && base->is_object())
            if (auto reference = string_member(*base, "reference")) return reference;
    }
    return string_member(*event, "subject");
}

net::KafkaLogin login_of(settings::Sasl sasl) {
    switch (sasl) {
        case settings::Sasl::plain:
            return net::KafkaLogin::plain;
        case settings::Sasl::scram_sha_256:
            return net::KafkaLogin::scram_sha_256;
        case settings::Sasl::scram_sha_512:
            return net::KafkaLogin::scram_sha_512;
        case settings::Sasl::none:
            break;
    }
    return net::KafkaLogin::none;
}

net::KafkaCluster cluster_of(const Target& target) {
    net::KafkaCluster cluster;
    cluster.brokers = target.kafka.brokers;
    cluster.topic = target.kafka.topic;
    cluster.tls = !target.server.plain;
    cluster.ca_file = target.tls.ca_file;
    cluster.client_certificate_file = target.tls.client_certificate_file;
    cluster.client_key_file = target.tls.client_key_file;
    cluster.login = login_of(target.kafka.sasl);
    cluster.username = target.username;
    cluster.password = target.server.password.reveal();
    cluster.addresses = net::AddressRule::no_metadata;
    cluster.timeout = target.timeout();
    return cluster;
}

}  // namespace

Async<Result<net::KafkaMessage>> render_kafka(const Target& target, RenderInput input, jq::Worker& worker) {
    net::KafkaMessage message;
    message.sender = target.name;
    message.cluster = cluster_of(target);
    message.key = key_of(target.kafka.key, input.event_json);
    auto body = co_await render_body(target, std::move(input), worker);
    if (!body) co_return body.error();
    message.value = std::move(*body);
    message.headers.emplace_back("content-type", content_type(target));
    co_return std::move(message);
}

std::string describe(const net::KafkaMessage& message) {
    const auto& cluster = message.cluster;
    std::string text = "message to topic " + cluster.topic + " at ";
    for (const auto& broker : cluster.brokers) text += (text.ends_with(' ') ? "" : ", ") + broker;
    text += cluster.tls ? " over TLS" : " without TLS";
    if (!cluster.username.empty()) text += ", as " + cluster.username;
    text += "\nkey: " + message.key.value_or("(none)") + "\n";
    for (const auto& [name, value] : message.headers)
        text.append(name).append(": ").append(value).append("\n");
    return redact(text + "\n" + message.value);
}

}  // namespace basewatch::presets
