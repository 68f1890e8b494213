#include "presets/mail.hpp"

#include "foundation/json.hpp"
#include "foundation/secret.hpp"
#include "presets/mime.hpp"
#include "settings/way_settings.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::presets {

namespace {

net::MailSecurity security_of(const Target& target, bool implicit_tls) {
    if (implicit_tls) return net::MailSecurity::implicit_tls;
    return target.server.plain ? net::MailSecurity::plain : net::MailSecurity::starttls;
}

// Mails about one base, or one dependent, belong together.
std::string subject_of_event(std::string_view event_json) {
    auto event = parse_json(event_json);
    return event ? string_member(*event, "subject").value_or("") : "";
}

}  // namespace

Async<Result<MailDraft>> render_mail(const Target& target, RenderInput input, std::string delivery_id,
                                     Time now, jq::Worker& worker) {
    MailText text{target.mail.from,
                  target.mail.to,
                  "",
                  "",
                  std::move(delivery_id),
                  subject_of_event(input.event_json),
                  now};
    auto body = co_await render_body(target, std::move(input), worker);
    if (!body) co_return body.error();
    auto parts = parse_json(*body);
    if (!parts) co_return parts.error();
    auto subject = string_member(*parts, "subject"), words = string_member(*parts, "text");
    if (!subject || !words || subject->empty())
        co_return Error(ErrorKind::invalid,
                        "`body` of a mail must give {subject, text}, two texts and the first not empty");
    text.subject = std::move(*subject);
    text.text = std::move(*words);
    auto message = mail_message(text);
    if (!message) co_return message.error();
    auto server = settings::parse_mail_server(target.fields.url->reveal());
    if (!server) co_return server.error();
    MailDraft draft;
    draft.mail.host = server->host;
    draft.mail.port = server->port;
    draft.mail.security = security_of(target, server->implicit_tls);
    draft.mail.ca_file = target.tls.ca_file;
    draft.mail.client_certificate_file = target.tls.client_certificate_file;
    draft.mail.client_key_file = target.tls.client_key_file;
    draft.mail.username = target.username;
    draft.mail.password = target.server.password.reveal();
    draft.mail.from = text.from;
    draft.mail.to = text.to;
    draft.mail.message = std::move(*message);
    draft.mail.addresses = net::AddressRule::no_metadata;
    draft.mail.timeout = target.timeout();
    draft.message_id = message_id(text);
    draft.subject = std::move(text.subject);
    draft.text = std::move(text.text);
    co_return std::move(draft);
}

std::string describe(const MailDraft& draft) {
    const auto& mail = draft.mail;
    std::string security = mail.security == net::MailSecurity::plain      ? "without TLS"
                           : mail.security == net::MailSecurity::starttls ? "with STARTTLS"
                                                                          : "over TLS";
    std::string text = "mail by " + mail.host + ":" + std::to_string(mail.port) + " " + security +
                       (mail.username.empty() ? "" : ", as " + mail.username) + "\nFrom: " + mail.from +
                       "\nTo: ";
    for (const auto& to : mail.to) text += (text.ends_with(": ") ? "" : ", ") + to;
    text += "\nSubject: " + draft.subject + "\nMessage-ID: " + draft.message_id + "\n\n" + draft.text;
    return redact(text);
}

}  // namespace basewatch::presets
