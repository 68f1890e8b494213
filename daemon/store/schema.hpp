#pragma once
// The tables, as an ordered list of SQL scripts: script N takes a file from version N-1 to N
// (`user_version`). A script that was released never changes; a new version is a new script at the end.
// Forward only.

#include "foundation/error.hpp"
#include "store/connection.hpp"

#include <span>

namespace basewatch::store {

// Marks a file as ours (`application_id`): "Base" in ASCII.
inline constexpr int application_id = 0x42617365;

std::span<const char* const> migrations();

// Brings the file to the newest version, each script in a transaction of its own. A file of a newer version,
// or one that is not ours, is refused and not touched. Throws SQLite::Exception where SQLite fails.
Result<void> migrate(Connection& connection, std::span<const char* const> scripts);

}  // namespace basewatch::store
