#include "foundation/error.hpp"

#include <stdexcept>

namespace basewatch {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
            return "invalid";
        case ErrorKind::name_lookup:
            return "name_lookup";
        case ErrorKind::unreachable:
            return "unreachable";
        case ErrorKind::blocked:
            return "blocked";
        case ErrorKind::timed_out:
            return "timed_out";
        case ErrorKind::tls:
            return "tls";
        case ErrorKind::unauthorized:
            return "unauthorized";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::rate_limited:
            return "rate_limited";
        case ErrorKind::server_error:
            return "server_error";
        case ErrorKind::bad_answer:
            return "bad_answer";
        case ErrorKind::too_large:
            return "too_large";
        case ErrorKind::unsupported:
            return "unsupported";
        case ErrorKind::storage:
            return "storage";
        case ErrorKind::conflict:
            return "conflict";
        case ErrorKind::cancelled:
            return "cancelled";
    }
    return "unknown";
}

Error Error::while_doing(std::string_view doing) const {
    Error error = *this;
    error.message_ = std::string(doing) + ": " + message_;
    return error;
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    throw std::logic_error(std::string("a result without a value was used at ") + where.file_name() + ":" +
                           std::to_string(where.line()) + ": " + error.message());
}

}  // namespace basewatch
