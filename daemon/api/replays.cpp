#include "api/replays.hpp"

#include "api/views.hpp"
#include "foundation/json.hpp"
#include "foundation/suggest.hpp"
#include "foundation/time.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace basewatch::api {

namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;
using model::DeliveryState;

constexpr std::array<std::string_view, 7> members{"delivery", "change", "target", "since",
                                                  "until",    "states", "dry_run"};

std::optional<Error> unknown_member(const json& body) {
    for (const auto& [name, value] : body.items()) {
        if (std::find(members.begin(), members.end(), name) != members.end()) continue;
        auto near = nearest_word(name, std::vector<std::string_view>(members.begin(), members.end()));
        return Error(ErrorKind::invalid, "a replay has no `" + name + "`" +
                                             (near ? ": did you mean `" + std::string(*near) + "`?" : ""));
    }
    return std::nullopt;
}

// A text among the members; the empty text where it is not there.
Result<std::string> text_of(const json& body, std::string_view name) {
    const auto* value = member(body, name);
    if (value == nullptr) return std::string();
    if (value->is_string() && !value->get_ref<const std::string&>().empty()) return value->get<std::string>();
    return Error(ErrorKind::invalid, "`" + std::string(name) + "` is to be a text");
}

Result<std::optional<Time>> time_of(const json& body, std::string_view name) {
    auto text = text_of(body, name);
    if (!text) return text.error();
    if (text->empty()) return std::optional<Time>();
    auto time = parse_rfc3339(*text);
    if (!time) return time.error().while_doing("`" + std::string(name) + "`");
    return std::optional<Time>(*time);
}

Result<std::set<DeliveryState>> states_of(const json& body) {
    std::set<DeliveryState> all = store::Replay().states, states;
    const auto* value = member(body, "states");
    if (value == nullptr) return all;
    Error wrong(ErrorKind::invalid, "`states` is to be a list of waiting, delivered, dead");
    if (!value->is_array() || value->empty()) return wrong;
    for (const auto& one : *value) {
        auto state =
            one.is_string() ? model::delivery_state(one.get_ref<const std::string&>()) : std::nullopt;
        if (!state || !all.contains(*state)) return wrong;
        states.insert(*state);
    }
    return states;
}

}  // namespace

Result<ReplayWish> read_replay_wish(const json& body) {
    if (auto error = unknown_member(body)) return *error;
    ReplayWish wish;
    for (auto [name, text] :
         {std::pair{"delivery", &wish.what.delivery_id}, std::pair{"change", &wish.what.change_id},
          std::pair{"target", &wish.what.target}}) {
        auto value = text_of(body, name);
        if (!value) return value.error();
        *text = std::move(*value);
    }
    for (auto [name, time] : {std::pair{"since", &wish.what.since}, std::pair{"until", &wish.what.until}}) {
        auto value = time_of(body, name);
        if (!value) return value.error();
        *time = *value;
    }
    auto states = states_of(body);
    if (!states) return states.error();
    wish.what.states = std::move(*states);
    if (const auto* dry_run = member(body, "dry_run")) {
        if (!dry_run->is_boolean()) return Error(ErrorKind::invalid, "`dry_run` is to be true or false");
        wish.dry_run = dry_run->get<bool>();
    }
    if (wish.what.delivery_id.empty() && wish.what.change_id.empty() && !wish.what.since)
        return Error(ErrorKind::invalid, "say what is to be sent again: `since`, `change` or `delivery`");
    if (wish.what.since && wish.what.until && *wish.what.until <= *wish.what.since)
        return Error(ErrorKind::invalid, "`until` is not after `since`");
    return wish;
}

Async<Result<std::unique_ptr<Json>>> answer_retry(std::string delivery_id, std::string caller,
                                                  dispatch::Dispatcher& dispatcher) {
    auto delivery = co_await dispatcher.retry(std::move(delivery_id), std::move(caller));
    if (!delivery) co_return delivery.error();
    co_return std::make_unique<Json>(view(*delivery));
}

Async<Result<std::unique_ptr<Json>>> answer_replay(ReplayWish wish, std::string caller,
                                                   dispatch::Dispatcher& dispatcher) {
    bool one = !wish.what.delivery_id.empty();
    bool dry_run = wish.dry_run;
    std::string id = wish.what.delivery_id;
    auto replayed = co_await dispatcher.replay(std::move(wish.what), dry_run, std::move(caller));
    if (!replayed) co_return replayed.error();
    if (one && replayed->deliveries == 0 && replayed->skipped.empty())
        co_return Error(ErrorKind::not_found,
                        "there is no delivery " + id + " that has arrived, waits or was given up");
    if (replayed->deliveries == 0 && !replayed->skipped.empty()) {
        std::string names;
        for (const auto& [name, count] : replayed->skipped) names += (names.empty() ? "" : ", ") + name;
        co_return Error(ErrorKind::conflict, "nothing can be sent to " + names +
                                                 ": no longer configured, paused or disabled (`basewatch "
                                                 "targets`; `basewatch resume target:NAME` first)");
    }
    Json body{{"dry_run", dry_run},
              {"deliveries", replayed->deliveries},
              {"targets", replayed->targets},
              {"states", replayed->states}};
    if (!replayed->skipped.empty()) body["skipped"] = replayed->skipped;
    co_return std::make_unique<Json>(std::move(body));
}

}  // namespace basewatch::api
