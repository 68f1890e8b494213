#pragma once
// What keeps a delivery from being sent although nothing failed, and which deliveries become one: messages
// that are told together, rebuilds of one dependent. All of it is rows, so a process that ends in the middle
// has forgotten nothing. Private to this room; store.hpp says what is promised.

#include "store/connection.hpp"
#include "store/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace basewatch::store {

// --- joining.cpp ---
// The causes of the rebuilds of this dependent that this target did not get for certain yet, oldest first.
std::vector<std::string> open_causes(Connection& connection, const std::string& target,
                                     const std::string& dependent);
// The open deliveries about this one's dependent are dead, since this one has their causes.
void supersede_open(Connection& connection, const model::Delivery& by);
void supersede(Connection& connection, const std::string& delivery_id, const std::string& by);

// --- claims.cpp ---
std::vector<std::string> events_joined(Connection& connection, const std::string& delivery_id);
// What waited for the rebuild of this delivery, which will not come after all, is due.
void release_waiting_for(Connection& connection, const std::string& delivery_id, Time now);

// --- mutes.cpp ---
// The mute that holds this delivery longest.
std::optional<Mute> mute_of(Connection& connection, const model::Delivery& delivery, Time now);
bool anything_muted(Connection& connection, Time now);
std::string held_by(const Mute& mute);

}  // namespace basewatch::store
