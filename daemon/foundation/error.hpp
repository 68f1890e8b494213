#pragma once
// The failures of a normal day, as values. An Error says what kind of failure it is (so that code can
// decide), what was being done (so that a person can act) and, where somebody told us, when to try again.
// Nothing that is awaited throws: it returns Result<T>.
//
// A message never holds a secret: whoever makes an Error from an address redacts it first
// (net::Url::redacted).

#include <boost/system/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace basewatch {

enum class ErrorKind {
    invalid,       // what we were given cannot be right: configuration, an argument, a reference
    name_lookup,   // the host's name could not be resolved
    unreachable,   // no connection, or it broke before an answer was complete
    blocked,       // the address guard refused the address
    timed_out,     // a deadline passed
    tls,           // the handshake or the certificate was refused
    unauthorized,  // 401 or 403, or a token server that says no
    not_found,     // 404
    rate_limited,  // 429, or a body that means it
    server_error,  // 5xx, 408, 425: the other side is unwell
    bad_answer,   // an answer that breaks the protocol: wrong digest, HTML, broken JSON, an impossible status
    too_large,    // an answer over its bound
    unsupported,  // understood, and not something that we do
    storage,      // the state could not be read or written
    conflict,     // the state moved on while we decided
    cancelled,    // we were asked to stop
};

// The kind as users meet it in tables, events and metrics: `timed_out`, `rate_limited`, …
std::string_view to_string(ErrorKind kind);

class Error {
public:
    Error() = default;
    explicit Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

    ErrorKind kind() const { return kind_; }
    const std::string& message() const { return message_; }

    // The HTTP status behind it, 0 where there was none.
    int status() const { return status_; }
    Error&& with_status(int status) && {
        status_ = status;
        return std::move(*this);
    }

    // How long the other side asked us to wait, already capped at a day.
    std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }
    Error&& with_retry_after(std::optional<std::chrono::milliseconds> wait) && {
        retry_after_ = wait;
        return std::move(*this);
    }

    // Puts what was being done in front: "checking docker.io/library/ruby:3.3: …".
    Error while_doing(std::string_view doing) const;

private:
    ErrorKind kind_ = ErrorKind::invalid;
    int status_ = 0;
    std::optional<std::chrono::milliseconds> retry_after_;
    std::string message_;
};

template <class T>
using Result = boost::system::result<T, Error>;

// What Result::value() throws when there is none: reached only by a fault of ours.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

}  // namespace basewatch
