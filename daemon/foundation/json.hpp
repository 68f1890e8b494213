#pragma once
// Reading JSON from strangers. Parsing never throws, nesting and size are bounded, duplicate keys are refused
// (two readers that pick different ones are an attack), and members are read through the functions below,
// never through nlohmann's own `.value`, `.at` or `operator[]`, which throw on a wrong type.

#include "foundation/error.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace basewatch {

struct JsonLimits {
    std::size_t bytes = 8u << 20;
    std::size_t depth = 64;
};

// ErrorKind::too_large or bad_answer, with the place of the fault and never with the text itself.
Result<nlohmann::json> parse_json(std::string_view text);
Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits);

// Each is nothing when `object` is no object, the member is missing, or it has another type.
const nlohmann::json* member(const nlohmann::json& object, std::string_view name);
std::optional<std::string> string_member(const nlohmann::json& object, std::string_view name);
std::optional<std::int64_t> integer_member(const nlohmann::json& object, std::string_view name);
std::optional<bool> boolean_member(const nlohmann::json& object, std::string_view name);
const nlohmann::json* array_member(const nlohmann::json& object, std::string_view name);
const nlohmann::json* object_member(const nlohmann::json& object, std::string_view name);

// Compact text; invalid UTF-8 in strings is replaced, never thrown about.
std::string to_text(const nlohmann::json& value);

}  // namespace basewatch
