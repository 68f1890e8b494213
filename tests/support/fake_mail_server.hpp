#pragma once
// A mail server on a free loopback port, in the test's own loop, that says what the test tells it to: a reply
// for each command, STARTTLS with a certificate of the test's authority, silence. It keeps what it was given.

#include "foundation/async.hpp"
#include "support/certificates.hpp"

#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::test {

struct ReceivedMail {
    std::string from;             // as it came, with <>
    std::vector<std::string> to;  // likewise
    std::string message;          // dots unstuffed
    bool encrypted = false;
    std::string user;  // `AUTH PLAIN`, NULs as spaces; empty without
};

class FakeMailServer {
public:
    enum class Tls { none, starttls, implicit };

    // `files`: what it shows, where it speaks TLS.
    FakeMailServer(asio::io_context& loop, Tls tls, CertificateFiles files = {});
    // Hangs up on everybody and runs the loop until its coroutines have ended.
    ~FakeMailServer();
    FakeMailServer(const FakeMailServer&) = delete;
    FakeMailServer& operator=(const FakeMailServer&) = delete;

    int port() const;
    // What it says instead to `greeting`, EHLO, AUTH, MAIL, RCPT, DATA or `.` (the end of the message);
    // `hang`: nothing any more; `close`: hangs up.
    std::map<std::string, std::string> replies;
    std::vector<ReceivedMail> mails;    // taken ones
    std::vector<std::string> commands;  // all, as they came
    int connections = 0;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace basewatch::test
