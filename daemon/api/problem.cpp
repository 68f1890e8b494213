#include "api/problem.hpp"

#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::api {

net::ServerResponse problem(int status, std::string title, std::string detail) {
    nlohmann::json body{{"type", "about:blank"},
                        {"title", std::move(title)},
                        {"status", status},
                        {"detail", std::move(detail)}};
    return {status, {{"Content-Type", "application/problem+json"}}, to_text(body)};
}

net::ServerResponse problem(const Error& error) {
    switch (error.kind()) {
        case ErrorKind::not_found:
            return problem(404, "Not found", error.message());
        case ErrorKind::invalid:
            return problem(400, "Bad request", error.message());
        case ErrorKind::conflict:
            return problem(409, "Conflict", error.message());
        default:
            return problem(503, "Unavailable", error.message());
    }
}

}  // namespace basewatch::api
