#pragma once
// What a registry said about a base at one moment, and what an image is as far as something built on it
// inherits.

#include "foundation/clock.hpp"
#include "model/digest.hpp"
#include "model/platform.hpp"
#include "model/reference.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::model {

// The Accept list decides which of a tag's several digests a registry names, so a digest is only comparable
// with one that was asked for with the same list. A new list is a new number, and a new number is a silent
// baseline.
inline constexpr int accept_profile = 1;

// What a dependent inherits from one platform's image, read from its configuration (image-spec config.md).
// Content-addressed: it never changes for one manifest digest.
struct ImageContent {
    Platform platform;
    std::vector<std::string> diff_ids;  // rootfs.diff_ids, bottom first
    // The members of `config` that a build inherits, as canonical JSON (keys sorted, compact): Env,
    // Entrypoint, Cmd, User, WorkingDir, Volumes, ExposedPorts, OnBuild, StopSignal, Healthcheck, Shell.
    std::string inherited_config;
    std::map<std::string, std::string>
        labels;           // all of them; which ones say something is the classifier's rule
    std::string created;  // as the image says; only for people: it may be 1970 or missing
};

// One look at a base.
struct Observation {
    Digest digest;           // of the index, or of the manifest where there is no index
    std::string media_type;  // without parameters
    Time observed_at{};
    // Every platform of the index (attestations aside), or the one platform of a single manifest. Empty until
    // the details have been read: a baseline is a HEAD.
    std::map<Platform, Digest> platforms;
    // The details were read: `platforms` is complete. An artifact that is no image has none even then.
    bool detailed = false;
    bool operator==(const Observation&) const = default;
};

// What is remembered of a base between an answer that differs and the change that is told of it (README,
// "Settling"). Wall times: they have to mean the same after a restart.
struct Settling {
    // The newest digest that is held back; empty where nothing is. `held.observed_at` is when it was first
    // seen: it has been still since then.
    Observation held;
    Time moved_at{};  // when the base first left what is recorded of it
    int reads = 0;    // how often in a row `held` was answered
    Time until{};     // when it fires, should it stay
    std::string because;

    // The answer before the present one, and when it ended.
    Digest left;
    Time left_at{};
    // The two answers that take turns, and when they last did; empty where none do.
    Digest one;
    Digest other;
    Time flapped_at{};

    bool holds() const { return !held.digest.empty(); }
    bool flaps() const { return !one.empty(); }
    bool operator==(const Settling&) const = default;
};

// What is known of a base between two checks.
struct BaseState {
    Reference reference;
    Observation current;
    int profile = accept_profile;
    Time checked_at{};  // the last answer, good or bad
    std::optional<Time> failing_since;
    int failures = 0;        // in a row
    std::string last_error;  // empty when the last check was good
    std::string last_error_kind;
    std::optional<Settling> settling;  // none: nothing is held, and nothing to remember for it
    bool told_unreachable = false;     // `unreachable` was told and `recovered` not yet
    int missing = 0;                   // how often in a row the registry said that there is no such tag
    std::optional<Time> missing_since{};
    bool observed() const { return !current.digest.empty(); }
};

}  // namespace basewatch::model
