#pragma once
// What is kept in memory of each base between two checks, small: 100,000 of them have to fit into some tens
// of megabytes, so an observation is packed into one string and a base without trouble has no room for any.

#include "model/observation.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::watch {

// How a base is checked; bases with the same settings share them.
struct CheckSettings {
    Milliseconds interval{};
    std::vector<model::Platform> platforms;  // empty: all
    std::vector<std::string> ignore_labels;
    int unreachable_after = 4;
    Milliseconds settle{};
    bool exact_interval = false;
    auto operator<=>(const CheckSettings&) const = default;
};

// An observation, packed; empty when there was none.
class PackedObservation {
public:
    PackedObservation() = default;
    explicit PackedObservation(const model::Observation& observation);
    model::Observation unpacked() const;

    bool empty() const { return bytes_.empty(); }
    bool detailed() const { return !bytes_.empty() && bytes_[0] != 0; }
    bool points_to(const model::Digest& digest) const;
    model::Digest digest() const;
    Time observed_at() const;
    // Whether one of these platforms is in it, or there is nothing to look for.
    bool has_one_of(const std::vector<model::Platform>& platforms) const;

private:
    std::string bytes_;
};

// A base that could not be checked, or whose new digest could not be looked into yet.
struct Trouble {
    Time since{};
    int failures = 0;       // in a row; 0: nothing failed yet
    bool answered = false;  // the registry answers, but with something that cannot be watched
    std::string error;
    std::string kind;
    Monotonic held_until{};       // the registry asked us to wait
    model::Digest refused;        // has none of the watched platforms
    int missing = 0;              // how often a new digest was announced and not found
    Monotonic waits_for_pulls{};  // since when a new digest has waited for the pull budget
    int old_unread = 0;           // how often the old digest could not be read
    int no_such_tag = 0;          // how often in a row the registry said so, and since when
    Time no_such_tag_since{};
};

struct KnownBase {
    std::shared_ptr<const CheckSettings> settings;
    PackedObservation observation;
    std::unique_ptr<Trouble> trouble;
    std::unique_ptr<const model::Settling> settling;
    Time checked_at{};
    std::int16_t profile = model::accept_profile;
    std::uint8_t detail_attempts = 0;
    bool told_unreachable = false;
    bool unsaved = false;       // checked since the last check mark
    bool exact = false;         // named by itself, whatever the patterns say
    bool taken = false;         // while a table is taken up: it is in it
    std::int32_t pattern = -1;  // the first of the table that stands for it

    bool failing() const { return trouble && trouble->failures > 0; }
    Trouble& in_trouble();
    model::BaseState state(const model::Reference& base) const;
    void take(const model::BaseState& state);
};

}  // namespace basewatch::watch
