#pragma once
// The two questions that are asked all day, in one place so that a test can ask SQLite how it answers them:
// by the index on what is still to be done, whatever the number of deliveries that are done. The partial
// index is only used when its condition stands in the question word for word.

#include <array>

namespace basewatch::store {

// A delivery's lane: one is served when nothing is due in those before it, whatever its priority.
inline constexpr int first_lane = 0;
inline constexpr int replay_lane = 9;
inline constexpr std::array lanes{first_lane, replay_lane};

// Bound with target, lane, priority, time and limit.
inline constexpr const char* due_deliveries =
    " FROM deliveries WHERE target = ? AND lane = ? AND priority = ? AND state IN ('pending', 'waiting') AND "
    "due_at <= ? ORDER BY due_at, seq LIMIT ?";
// Bound with a target, a lane and a priority.
inline constexpr const char* next_due_time =
    "SELECT due_at FROM deliveries WHERE target = ? AND lane = ? AND priority = ? AND "
    "state IN ('pending', 'waiting') "
    "ORDER BY due_at LIMIT 1";

}  // namespace basewatch::store
