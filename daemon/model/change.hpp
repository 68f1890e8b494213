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
    tag_created,
    tag_deleted,
    newer_version,
    unreachable,
    recovered
};

// Whether the change leads from one digest of the base to another. The others leave its digest where it is.
bool moves_digest(ChangeKind kind);

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
    // Of newer_version: the tags that appeared, the newest first. `after` is what the first one points to.
    std::vector<std::string> newer_tags;
    DetectedBy detected_by = DetectedBy::poll;
    Time detected_at{};
};

}  // namespace basewatch::model
