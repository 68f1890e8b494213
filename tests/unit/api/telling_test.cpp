// What is said of deliveries that wait.
#include "api/telling.hpp"

#include <gtest/gtest.h>

namespace basewatch::api {
namespace {

using dispatch::TargetState;
using model::DeliveryState;

TEST(HeldByItsTarget, IsADeliveryThatNothingElseHolds) {
    const Time due(std::chrono::hours(10)), never, tried(std::chrono::hours(11));
    const struct {
        TargetState target;
        DeliveryState state;
        const char* held_by;
        const char* said;
        Time due;
    } rows[] = {
        {TargetState::well, DeliveryState::pending, "", "", due},
        {TargetState::failing, DeliveryState::waiting, "", "", due},
        {TargetState::paused, DeliveryState::pending, "", "paused target", never},
        {TargetState::disabled, DeliveryState::waiting, "", "disabled target", never},
        {TargetState::open, DeliveryState::waiting, "", "target that does not answer", tried},
        {TargetState::paused, DeliveryState::pending, "group", "group", due},
        {TargetState::paused, DeliveryState::delivered, "", "", due},
        {TargetState::paused, DeliveryState::dead, "", "", due},
    };
    for (const auto& row : rows) {
        dispatch::TargetReport other, target;
        other.name = "other";
        other.state = TargetState::disabled;
        target.name = "chat";
        target.state = row.target;
        if (row.target == TargetState::open) target.next_try = tried;
        model::Delivery delivery;
        delivery.target = "chat";
        delivery.state = row.state;
        delivery.held_by = row.held_by;
        delivery.due_at = due;
        hold_by_target(delivery, {other, target});
        EXPECT_EQ(delivery.held_by, row.said) << dispatch::to_string(row.target);
        EXPECT_EQ(delivery.due_at, row.due) << dispatch::to_string(row.target);
    }
}

}  // namespace
}  // namespace basewatch::api
