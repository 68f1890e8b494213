#pragma once
// What it means that a base points to another digest: reads what has to be read of both sides and classifies.
// Stores nothing.

#include "foundation/async.hpp"
#include "foundation/error.hpp"
#include "store/store.hpp"
#include "watch/classify.hpp"
#include "watch/details.hpp"
#include "watch/known_base.hpp"

#include <optional>
#include <vector>

namespace basewatch::watch {

struct Moved {
    model::Observation before;  // as it was known, or as it was read now
    std::vector<Classified> classified;
    // The old side could not be read completely, and may be another time. A digest that is gone is no error.
    std::optional<Error> old_unread;
};

// An error when the new side, or the state, could not be read: then nothing is known and nothing has changed.
// `after` is detailed. `reader` outlives the call.
Async<Result<Moved>> look_into(DetailReader& reader, store::Store& store, model::Reference base,
                               model::Observation before, model::Observation after,
                               std::shared_ptr<const CheckSettings> settings);

}  // namespace basewatch::watch
