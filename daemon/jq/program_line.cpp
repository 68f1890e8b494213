#include "jq/program_line.hpp"

#include <charconv>

namespace basewatch::jq {

LocatedFault located(const Mark& start, std::string_view message) {
    constexpr std::string_view begins = "line ", ends = ": ";
    LocatedFault fault{start, false, std::string(message)};
    if (!message.starts_with(begins)) return fault;
    int line = 0;
    auto [end, wrong] =
        std::from_chars(message.data() + begins.size(), message.data() + message.size(), line);
    auto rest = message.substr(static_cast<std::size_t>(end - message.data()));
    if (wrong != std::errc() || line < 1 || !rest.starts_with(ends)) return fault;
    fault.known = true;
    fault.what = std::string(rest.substr(ends.size()));
    if (line == 1) return fault;
    fault.where.line += line - 1;
    fault.where.column = 1;
    return fault;
}

}  // namespace basewatch::jq
