#pragma once
// A mail as bytes: header and body (RFC 5322, RFC 2045, RFC 2047). Plain text in UTF-8, base64, so that no
// line is too long and no byte is touched on the way. Nothing that is given can begin a header of its own.
// Pure.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace basewatch::presets {

struct MailText {
    std::string from;             // local@domain, as checked by is_mail_address()
    std::vector<std::string> to;  // likewise
    std::string subject;          // UTF-8, one line
    std::string text;             // UTF-8
    std::string id;               // unique, the same at every attempt: it becomes the Message-ID
    std::string thread;           // mails with the same one are shown together; empty: alone
    Time date{};
};

// invalid when the subject holds a line break or another control character.
Result<std::string> mail_message(const MailText& mail);

// `<ID@DOMAIN>`, of the sender's domain.
std::string message_id(const MailText& mail);

// A subject as a header's value, folded: as it is where it is ASCII, else in encoded words.
std::string encoded_subject(std::string_view subject);

// `Thu, 26 Nov 2026 18:22:27 +0000` (RFC 5322 §3.3).
std::string mail_date(Time time);

}  // namespace basewatch::presets
