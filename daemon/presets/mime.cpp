#include "presets/mime.hpp"

#include "foundation/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace basewatch::presets {

namespace {

constexpr std::string_view line_end = "\r\n";

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

bool is_plain(std::string_view text) {
    // What looks like an encoded word must not be taken for one.
    if (text.find("=?") != std::string_view::npos) return false;
    for (char byte : text)
        if (static_cast<unsigned char>(byte) < 0x20 || static_cast<unsigned char>(byte) > 0x7e) return false;
    return true;
}

// At spaces, so that no line is longer than 76 where words allow it.
std::string folded(std::string_view text, std::size_t used) {
    std::string out;
    while (!text.empty()) {
        auto word = text.substr(0, text.find(' ', 1));
        if (used + word.size() > 76 && !out.empty() && word.starts_with(' ')) {
            out += line_end;
            used = 0;
        }
        out += word;
        used += word.size();
        text.remove_prefix(word.size());
    }
    return out;
}

// Encoded words of at most 75 characters, each of whole characters (RFC 2047 §2, §5).
std::string encoded_words(std::string_view text) {
    constexpr std::size_t most_bytes = 42;  // 56 of base64
    std::string out;
    while (!text.empty()) {
        auto length = std::min(text.size(), most_bytes);
        while (length < text.size() && length > 1 && continues(text[length])) --length;
        if (!out.empty()) out.append(line_end).append(" ");
        out += "=?UTF-8?B?" + base64(text.substr(0, length)) + "?=";
        text.remove_prefix(length);
    }
    return out;
}

std::string body_of(std::string_view text) {
    // Mail's lines end with CRLF (RFC 2045 §6.8: converted before it is encoded).
    std::string lines;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\r') {
            if (at + 1 < text.size() && text[at + 1] == '\n') continue;
            lines += line_end;
        } else if (text[at] == '\n') {
            lines += line_end;
        } else {
            lines += text[at];
        }
    }
    auto encoded = base64(lines);
    std::string out;
    for (std::size_t at = 0; at < encoded.size(); at += 76) out.append(encoded, at, 76).append(line_end);
    return out;
}

std::string_view domain_of(std::string_view address) {
    return address.substr(address.rfind('@') + 1);
}

}  // namespace

std::string encoded_subject(std::string_view subject) {
    return is_plain(subject) ? folded(subject, std::string_view("Subject: ").size()) : encoded_words(subject);
}

std::string mail_date(Time time) {
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day date(day);
    std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                  days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

std::string message_id(const MailText& mail) {
    return "<" + mail.id + "@" + std::string(domain_of(mail.from)) + ">";
}

Result<std::string> mail_message(const MailText& mail) {
    for (unsigned char byte : mail.subject)
        if (byte < 0x20 || byte == 0x7f)
            return Error(ErrorKind::invalid,
                         "the subject of a mail must be one line, without control characters");
    std::string to;
    for (const auto& address : mail.to) to += (to.empty() ? "" : ",\r\n ") + address;
    std::string message = "Date: " + mail_date(mail.date) + "\r\nFrom: Basewatch <" + mail.from +
                          ">\r\nTo: " + to + "\r\nSubject: " + encoded_subject(mail.subject) +
                          "\r\nMessage-ID: " + message_id(mail) + "\r\n";
    if (!mail.thread.empty())
        message += "References: <" + hex(sha256(mail.thread)).substr(0, 32) + "@" +
                   std::string(domain_of(mail.from)) + ">\r\n";
    // RFC 3834: nobody's holiday notice answers it.
    message +=
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    return message + body_of(mail.text);
}

}  // namespace basewatch::presets
