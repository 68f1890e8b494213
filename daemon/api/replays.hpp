#pragma once
// Sending again by request: `POST deliveries/{id}/retry` and `POST replays`. What a request says is read
// here; who may be sent to is the dispatcher's to say.

#include "dispatch/dispatcher.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>

namespace basewatch::api {

// `delivery`, or `change`, or a time from `since` (RFC 3339) up to, and not including, `until`; `target` and
// `states` (of waiting, delivered, dead) narrow it; with `dry_run` it is only counted. invalid when nothing
// bounds it or a member is unknown.
struct ReplayWish {
    store::Replay what;
    bool dry_run = false;
};
Result<ReplayWish> read_replay_wish(const nlohmann::json& body);

Async<Result<std::unique_ptr<nlohmann::ordered_json>>> answer_retry(std::string delivery_id,
                                                                    std::string caller,
                                                                    dispatch::Dispatcher& dispatcher);
Async<Result<std::unique_ptr<nlohmann::ordered_json>>> answer_replay(ReplayWish wish, std::string caller,
                                                                     dispatch::Dispatcher& dispatcher);

}  // namespace basewatch::api
