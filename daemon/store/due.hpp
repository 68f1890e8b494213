#pragma once
// The two questions that are asked all day, in one place so that a test can ask SQLite how it answers them:
// by the index on what is still to be done, whatever the number of deliveries that are done. The partial
// index is only used when its condition stands in the question word for word.

namespace basewatch::store {

// Bound with target, priority, time and limit.
inline constexpr const char* due_deliveries =
    " FROM deliveries WHERE target = ? AND priority = ? AND state IN ('pending', 'waiting') AND due_at <= ? "
    "ORDER BY due_at, seq LIMIT ?";
// Bound with a target and a priority.
inline constexpr const char* next_due_time =
    "SELECT due_at FROM deliveries WHERE target = ? AND priority = ? AND state IN ('pending', 'waiting') "
    "ORDER BY due_at LIMIT 1";

}  // namespace basewatch::store
