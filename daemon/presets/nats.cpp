#include "presets/nats.hpp"

#include "foundation/secret.hpp"
#include "presets/address.hpp"

namespace basewatch::presets {

namespace {

Result<std::string> subject_of(const Target& target, const RenderInput& input) {
    const auto& subject = target.nats.subject;
    for (const auto& name : places(subject)) {
        auto value = input.with.find(name);
        if (value == input.with.end() || value->second.empty())
            return Error(ErrorKind::invalid,
                         "`subject` has the place {" + name + "}, and `with` gives no value for it");
        if (value->second.find('.') != std::string::npos)
            return Error(ErrorKind::invalid, "the value of {" + name +
                                                 "} holds a full stop, and would be more than one part of "
                                                 "the subject");
    }
    return filled(subject, input.with, "");
}

net::NatsAccess access_of(const Target& target) {
    net::NatsAccess access;
    for (const auto& server : target.nats.servers) access.servers.push_back({server.host, server.port});
    access.tls = target.nats.tls;
    access.ca_file = target.tls.ca_file;
    access.client_certificate_file = target.tls.client_certificate_file;
    access.client_key_file = target.tls.client_key_file;
    access.username = target.username;
    access.password = target.server.password.reveal();
    access.token = target.token.reveal();
    access.nkey = target.nats.nkey;
    access.nkey_file = target.nats.nkey_file;
    access.credentials_file = target.nats.credentials_file;
    return access;
}

}  // namespace

Async<Result<net::NatsMessage>> render_nats(const Target& target, RenderInput input, std::string delivery_id,
                                            jq::Worker& worker) {
    auto subject = subject_of(target, input);
    if (!subject) co_return subject.error();
    auto body = co_await render_body(target, std::move(input), worker);
    if (!body) co_return body.error();
    net::NatsMessage message;
    message.target = target.name;
    message.access = access_of(target);
    message.subject = std::move(*subject);
    message.headers.set("Content-Type", content_type(target));
    message.message_id = std::move(delivery_id);
    message.body = std::move(*body);
    message.jetstream = target.nats.jetstream;
    message.timeout = target.timeout();
    co_return std::move(message);
}

std::string describe(const net::NatsMessage& message) {
    const auto& access = message.access;
    std::string text = std::string("NATS message by ") + (access.tls ? "tls://" : "nats://");
    for (const auto& server : access.servers) {
        bool six = server.host.find(':') != std::string::npos;
        text += (text.ends_with("//") ? "" : ", ") + (six ? "[" + server.host + "]" : server.host) + ":" +
                std::to_string(server.port);
    }
    if (!access.username.empty()) text += ", as " + access.username;
    if (!access.token.empty()) text += ", by token";
    if (!access.nkey.empty()) text += ", as " + access.nkey;
    if (!access.credentials_file.empty()) text += ", by a credentials file";
    text += "\nsubject: " + message.subject +
            (message.jetstream ? ", to be stored by a JetStream stream" : ", without JetStream") + "\n";
    for (const auto& [name, value] : message.headers)
        text.append(name).append(": ").append(value).append("\n");
    text += "Nats-Msg-Id: " + message.message_id + "\n\n" + message.body;
    return redact(text);
}

}  // namespace basewatch::presets
