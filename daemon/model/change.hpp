#pragma once
// The difference between two observations of a base. Kinds are defined by what something built on the base
// would inherit (README, "Kinds of change").

#include "model/observation.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::model {

enum class ChangeKind {
    content,
    reverted,
    metadata,
    platform_added,
    platform_removed,
    unreachable,
    recovered
};

std::string_view to_string(ChangeKind kind);
std::optional<ChangeKind> change_kind(std::string_view name);

enum class DetectedBy { poll, push, request };
std::string_view to_string(DetectedBy by);

struct Change {
    std::string id;  // `chg_` + ULID
    Reference base;
    ChangeKind kind = ChangeKind::content;
    // The details that would tell could not be had; `content` was assumed.
    bool assumed = false;
    Observation before;
    Observation after;
    std::vector<Platform> changed_platforms;
    // What differs, for people: `layers`, `config.Env`, `label maintainer`.
    std::vector<std::string> differences;
    DetectedBy detected_by = DetectedBy::poll;
    Time detected_at{};
};

}  // namespace basewatch::model
