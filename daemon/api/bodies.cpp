#include "api/bodies.hpp"

#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::api {

net::ServerResponse json_answer(const nlohmann::ordered_json& body, int status) {
    return {status,
            {{"Content-Type", "application/json"}},
            body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
}

Result<nlohmann::json> body_of(const net::ServerRequest& request) {
    auto type = net::media_type(request.headers.find("Content-Type").value_or(""));
    if (type != "application/json")
        return Error(ErrorKind::invalid, "the request's body is to be application/json");
    auto body = parse_json(request.body, JsonLimits{64u << 10, 8});
    if (!body) return Error(ErrorKind::invalid, "the request's body: " + body.error().message());
    if (!body->is_object()) return Error(ErrorKind::invalid, "the request's body is to be a JSON object");
    return body;
}

}  // namespace basewatch::api
