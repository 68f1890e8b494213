#pragma once
// The JSON that requests carry and answers are made of.

#include "foundation/error.hpp"
#include "net/http_server.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace basewatch::api {

net::ServerResponse json_answer(const nlohmann::ordered_json& body, int status = 200);

// The JSON object that a POST carries: at most 64 KiB and 8 levels. invalid for anything else.
Result<nlohmann::json> body_of(const net::ServerRequest& request);

}  // namespace basewatch::api
