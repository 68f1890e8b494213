#pragma once
// A mail to send instead of a request, made at the moment of sending from the stored event. The body's
// program gives {subject, text}.

#include "net/mail_sender.hpp"
#include "presets/render.hpp"

#include <string>

namespace basewatch::presets {

struct MailDraft {
    net::Mail mail;
    std::string subject, text, message_id;  // for people
};

// invalid when the program gives something else, or a subject of several lines. The Message-ID is made of
// `delivery_id`, so that a mail that comes twice can be recognised.
Async<Result<MailDraft>> render_mail(const Target& target, RenderInput input, std::string delivery_id,
                                     Time now, jq::Worker& worker);

// The same for people, without secrets.
std::string describe(const MailDraft& draft);

}  // namespace basewatch::presets
