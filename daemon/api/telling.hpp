#pragma once
// The lines of a story for `explain`: what happened, in order of time, and how things stand. What is told of
// a delivery is told the same in every story that it is part of.

#include "dispatch/dispatcher.hpp"
#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "model/delivery.hpp"
#include "model/event.hpp"
#include "store/store.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <vector>

namespace basewatch::api {

class Telling {
public:
    Telling(std::string subject, std::vector<dispatch::TargetReport> targets);
    ~Telling();

    void tell(Time when, std::string what);
    void tell(Time when, std::string what, nlohmann::ordered_json detail);
    // How things stand: what waits, what was held back and why.
    void now(std::string sentence) { now_.push_back(std::move(sentence)); }
    const std::vector<dispatch::TargetReport>& targets() const { return targets_; }

    // `{"subject": …, "story": [{"time", "what", …}], "now": […]}`
    std::unique_ptr<nlohmann::ordered_json> finish();

private:
    struct Lines;
    std::string subject_;
    std::vector<dispatch::TargetReport> targets_;
    std::unique_ptr<Lines> lines_;
    std::vector<std::string> now_;
};

// Says of a delivery that waits and is held by nothing of its own when its target holds it: paused and
// disabled ones until somebody resumes them (it has no `due_at` then), one that is cut off until it is tried.
void hold_by_target(model::Delivery& delivery, const std::vector<dispatch::TargetReport>& targets);

// What is muted of this: `base:…`, `dependent:…`, `change:…`.
Async<Result<bool>> tell_mute(Telling& telling, std::string subject, Time now, store::Store& store);
Async<Result<bool>> tell_delivery(Telling& telling, model::Delivery delivery, store::Store& store);
// An event with its deliveries.
Async<Result<bool>> tell_event(Telling& telling, model::Event event, store::Store& store);

}  // namespace basewatch::api
