#pragma once
// Mail by SMTP (RFC 5321), through libcurl. Each message has a connection and a thread of its own for as long
// as it takes, and neither outlives the call. The name is looked up by our Resolver and only addresses that
// the rule allows are connected to. TLS is required (implicit, or STARTTLS before anything is said) unless
// the message asks for plain text. No proxy is used.

#include "net/http_message.hpp"
#include "net/resolver.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace basewatch::net {

enum class MailSecurity { implicit_tls, starttls, plain };

struct Mail {
    std::string host;
    std::uint16_t port = 0;
    MailSecurity security = MailSecurity::starttls;
    std::string ca_file;                                   // PEM, instead of the system's store
    std::string client_certificate_file, client_key_file;  // PEM
    std::string username, password;                        // empty: no authentication
    std::string from;                                      // envelope, without <>
    std::vector<std::string> to;                           // likewise; all of them or nobody
    std::string message;                                   // header and body (RFC 5322), lines end with CRLF
    AddressRule addresses = AddressRule::no_metadata;
    Milliseconds timeout{60'000};
};

// What the server said last.
struct MailReply {
    int code = 0;      // 250: it has taken the message
    std::string text;  // its line, or its first 2 KiB
};

class MailSender {
public:
    MailSender(asio::any_io_executor executor, Clock& clock, Resolver& resolver);

    // unsupported where libcurl is not installed. Loads it.
    static Result<void> usable();

    // A refusal is a reply, not an error. Errors: name_lookup, blocked, unreachable, timed_out, tls,
    // unsupported (no libcurl, no STARTTLS, no common way to log in), bad_answer, cancelled. An error after
    // the message was sent may mean that it was taken.
    Async<Result<MailReply>> send(Mail mail);

private:
    asio::any_io_executor executor_;
    Clock& clock_;
    Resolver& resolver_;
};

}  // namespace basewatch::net
