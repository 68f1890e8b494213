#include "foundation/time.hpp"
#include "model/change.hpp"
#include "model/delivery.hpp"
#include "model/rule.hpp"

#include <array>

namespace basewatch::model {

namespace {

template <class Enum>
struct Named {
    Enum value;
    std::string_view name;
};

constexpr std::array change_kinds{
    Named{ChangeKind::content, "content"},
    Named{ChangeKind::reverted, "reverted"},
    Named{ChangeKind::metadata, "metadata"},
    Named{ChangeKind::platform_added, "platform_added"},
    Named{ChangeKind::platform_removed, "platform_removed"},
    Named{ChangeKind::tag_created, "tag_created"},
    Named{ChangeKind::tag_deleted, "tag_deleted"},
    Named{ChangeKind::newer_version, "newer_version"},
    Named{ChangeKind::unreachable, "unreachable"},
    Named{ChangeKind::recovered, "recovered"},
};
constexpr std::array delivery_states{
    Named{DeliveryState::pending, "pending"}, Named{DeliveryState::sending, "sending"},
    Named{DeliveryState::waiting, "waiting"}, Named{DeliveryState::delivered, "delivered"},
    Named{DeliveryState::dead, "dead"},
};
constexpr std::array priorities{
    Named{Priority::security, "security"},
    Named{Priority::routine, "routine"},
    Named{Priority::bulk, "bulk"},
};
constexpr std::array condition_outcomes{
    Named{Condition::Outcome::wanted, "wanted"},
    Named{Condition::Outcome::unwanted, "unwanted"},
    Named{Condition::Outcome::failed, "failed"},
};
constexpr std::array detections{
    Named{DetectedBy::poll, "poll"},
    Named{DetectedBy::push, "push"},
    Named{DetectedBy::request, "request"},
};

template <class Table, class Enum>
std::string_view name_in(const Table& table, Enum value) {
    for (const auto& row : table)
        if (row.value == value) return row.name;
    return "unknown";
}

template <class Enum, class Table>
std::optional<Enum> value_in(const Table& table, std::string_view name) {
    for (const auto& row : table)
        if (row.name == name) return row.value;
    return std::nullopt;
}

}  // namespace

bool moves_digest(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::content:
        case ChangeKind::reverted:
        case ChangeKind::metadata:
        case ChangeKind::platform_added:
        case ChangeKind::platform_removed:
            return true;
        case ChangeKind::tag_created:
        case ChangeKind::tag_deleted:
        case ChangeKind::newer_version:
        case ChangeKind::unreachable:
        case ChangeKind::recovered:
            return false;
    }
    return false;
}
std::string_view to_string(ChangeKind kind) {
    return name_in(change_kinds, kind);
}
std::optional<ChangeKind> change_kind(std::string_view name) {
    return value_in<ChangeKind>(change_kinds, name);
}
std::string_view to_string(DetectedBy by) {
    return name_in(detections, by);
}
std::string_view to_string(Priority priority) {
    return name_in(priorities, priority);
}
std::optional<Priority> priority(std::string_view name) {
    return value_in<Priority>(priorities, name);
}
std::string to_string(const std::optional<Grouping>& grouping) {
    if (!grouping) return "none";
    auto wait = basewatch::format_duration(grouping->wait), most = basewatch::format_duration(grouping->most);
    return wait == most ? wait : "{wait: " + wait + ", most: " + most + "}";
}
std::string_view to_string(Condition::Outcome outcome) {
    return name_in(condition_outcomes, outcome);
}
std::optional<Condition::Outcome> condition_outcome(std::string_view name) {
    return value_in<Condition::Outcome>(condition_outcomes, name);
}
std::string_view to_string(DeliveryState state) {
    return name_in(delivery_states, state);
}
std::optional<DeliveryState> delivery_state(std::string_view name) {
    return value_in<DeliveryState>(delivery_states, name);
}

}  // namespace basewatch::model
