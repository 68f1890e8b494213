#pragma once
// The client verbs' way to a running daemon: its HTTP API over the Unix socket.

#include "cli/verbs.hpp"
#include "foundation/error.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace basewatch::cli {

using Query = std::vector<std::pair<std::string, std::string>>;

// Asks the daemon and hands its JSON answer to `show`; with --json prints it instead. The exit code: what
// went wrong is told, with the socket that was tried. An answer that can itself tell of a failure has a
// `judge`, whose exit code counts however the answer is shown.
using Answer = std::function<int(const nlohmann::json&)>;
int ask(const Common& common, const std::string& method, const std::string& path, const Query& query,
        const std::string& body, const Answer& show, const Answer& judge = nullptr);

// Of an option that takes a moment, as RFC 3339 has it or so long from now.
Error unreadable_time(const std::string& option, const std::string& text);

// A member as a cell of a table: strings as they are, numbers in digits, nothing for what is not there.
std::string cell(const nlohmann::json& row, std::string_view name);
// The same for a digest, shortened.
std::string digest_cell(const nlohmann::json& row, std::string_view name);

// A table of the answer's `items`: a heading and, for each, a function from row to cell.
struct Column {
    std::string heading;
    std::function<std::string(const nlohmann::json&)> value;
};
Column column(std::string heading, std::string member);
int show_items(const nlohmann::json& answer, const std::vector<Column>& columns, const std::string& none);

}  // namespace basewatch::cli
