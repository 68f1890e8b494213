#include "jq/prelude.hpp"

#include <array>

namespace basewatch::jq {

namespace {

constexpr std::array<Forbidden, 15> names{{
    {"input", 0},
    {"inputs", 0},
    {"input_filename", 0},
    {"input_line_number", 0},
    {"debug", 0},
    {"stderr", 0},
    {"env", 0},
    {"modulemeta", 0},
    {"get_search_list", 0},
    {"halt", 0},
    {"halt_error", 0},
    {"halt_error", 1},
    {"get_prog_origin", 0},
    {"get_jq_origin", 0},
    {"debug", 1},
}};

std::string definitions() {
    std::string text;
    for (const auto& [name, arity] : names) {
        text += "def " + std::string(name) + (arity == 1 ? "(ignored)" : "") + ": ";
        text += std::string(forbidden_mark) + std::string(name) + "; ";
    }
    // A pipe behind it: a program that is nothing but definitions, or nothing at all, does not compile.
    return text + "null as $ENV | ";
}

}  // namespace

std::span<const Forbidden> forbidden() {
    return names;
}

const std::string& prelude() {
    static const std::string text = definitions();
    return text;
}

}  // namespace basewatch::jq
