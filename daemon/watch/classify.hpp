#pragma once
// Is it news? Compares two observations of a base by what something built on it inherits (README, "Kinds of
// change"). Pure: tested as a table.

#include "model/change.hpp"
#include "model/observation.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basewatch::watch {

// What is known of the images behind two observations, by manifest digest.
using Images = std::map<model::Digest, model::ImageContent>;

// Labels that change at every build and say nothing about content; `*` at the end stands for anything.
// `ignored` adds to the built-in list.
bool label_says_something(std::string_view label, const std::vector<std::string>& ignored);

struct ClassifyInput {
    model::Observation before;
    model::Observation after;
    std::vector<model::Platform> platforms;  // watched; empty: all
    Images images;
    std::vector<std::string> ignore_labels;
    // What the base pointed to before `before`, newest first.
    std::vector<std::map<model::Platform, model::Digest>> earlier_platforms;
    std::vector<model::Digest> earlier_digests;
};

struct Classified {
    model::ChangeKind kind = model::ChangeKind::metadata;
    bool assumed = false;
    std::vector<model::Platform> platforms;  // the ones concerned
    std::vector<std::string> differences;
};

// At most one of content, reverted, metadata, and at most one each of platform_added and platform_removed;
// nothing when the digests are equal. Details that are missing make it content with `assumed`.
std::vector<Classified> classify(const ClassifyInput& input);

// The images whose contents classify() will want, old and new manifest of each watched platform that moved.
std::vector<std::pair<model::Digest, model::Digest>> moved_images(
    const model::Observation& before, const model::Observation& after,
    const std::vector<model::Platform>& platforms);
// And what stood in those platforms' places earlier.
std::vector<model::Digest> earlier_images(const ClassifyInput& input);

// The watched platforms of an observation.
std::vector<model::Platform> watched_platforms(const model::Observation& observation,
                                               const std::vector<model::Platform>& watched);

// Whether it is an image, and of none of the watched platforms.
bool nothing_watched(const model::Observation& observation, const std::vector<model::Platform>& watched);

// The first dozen of them, for people.
std::string listed(const std::vector<model::Platform>& platforms);

}  // namespace basewatch::watch
