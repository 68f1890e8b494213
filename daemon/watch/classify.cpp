#include "watch/classify.hpp"

#include "watch/inherited.hpp"

#include <algorithm>
#include <set>

namespace basewatch::watch {

namespace {

using model::Digest;
using model::Observation;
using model::Platform;

// What identifies a platform from one observation to the next. Windows images carry their patch level in
// os.version (10.0.20348.2700, and .2762 a month later), so only major, minor and build count: a patched
// image is the same platform with new content, not one platform gone and another come.
Platform place_of(const Platform& platform) {
    Platform place = platform;
    std::size_t end = 0;
    for (int dots = 0; dots < 3 && end != std::string::npos; ++dots)
        end = place.os_version.find('.', end == 0 ? 0 : end + 1);
    if (end != std::string::npos) place.os_version.resize(end);
    return place;
}

struct Seen {
    Platform platform;
    Digest digest;
};
using Places = std::map<Platform, Seen>;

Places places_of(const Observation& observation, const std::vector<Platform>& watched) {
    Places places;
    for (const auto& platform : watched_platforms(observation, watched))
        places.insert_or_assign(place_of(platform), Seen{platform, observation.platforms.at(platform)});
    return places;
}

// A watched platform that is in both observations, with another manifest.
struct MovedPlace {
    Platform place;
    Seen before;
    Seen after;
};

std::vector<MovedPlace> moved_places(const Observation& before, const Observation& after,
                                     const std::vector<Platform>& watched) {
    const auto was = places_of(before, watched), is = places_of(after, watched);
    std::vector<MovedPlace> moved;
    for (const auto& [place, now] : is) {
        auto then = was.find(place);
        if (then != was.end() && then->second.digest != now.digest)
            moved.push_back({place, then->second, now});
    }
    return moved;
}

// What was found out about one of them.
struct Compared : MovedPlace {
    bool known = false;  // both images are
    std::vector<std::string> differences;
    bool may_differ() const { return !known || !differences.empty(); }
};

const model::ImageContent* content_of(const Digest& digest, const Images& images) {
    auto found = images.find(digest);
    return found == images.end() ? nullptr : &found->second;
}

Compared compare(MovedPlace place, const ClassifyInput& input) {
    Compared result{std::move(place), false, {}};
    const auto* was = content_of(result.before.digest, input.images);
    const auto* is = content_of(result.after.digest, input.images);
    result.known = was != nullptr && is != nullptr;
    if (result.known) result.differences = inherited_differences(*was, *is, input.ignore_labels);
    return result;
}

// Whether this platform now is what it has been once before.
bool was_there_before(const Compared& changed, const ClassifyInput& input) {
    const auto* is = content_of(changed.after.digest, input.images);
    for (const auto& earlier : input.earlier_platforms)
        for (const auto& [platform, digest] : earlier) {
            if (place_of(platform) != changed.place) continue;
            if (digest == changed.after.digest) return true;
            const auto* was = content_of(digest, input.images);
            if (was != nullptr && is != nullptr &&
                inherited_differences(*was, *is, input.ignore_labels).empty())
                return true;
        }
    return false;
}

bool root_was_there_before(const ClassifyInput& input) {
    return std::find(input.earlier_digests.begin(), input.earlier_digests.end(), input.after.digest) !=
           input.earlier_digests.end();
}

// The digests differ and one side cannot be looked into: not read, or no image.
Classified assumed_content(const ClassifyInput& input) {
    const auto& telling = input.after.platforms.empty() ? input.before : input.after;
    return {root_was_there_before(input) ? model::ChangeKind::reverted : model::ChangeKind::content,
            true,
            watched_platforms(telling, input.platforms),
            {}};
}

Classified of_common_platforms(const std::vector<Compared>& moved, const ClassifyInput& input) {
    Classified result;
    std::set<std::string> told;
    bool certain = false, all_there_before = true;
    for (const auto& each : moved) {
        if (!each.may_differ()) continue;
        result.platforms.push_back(each.after.platform);
        certain = certain || each.known;
        all_there_before = all_there_before && was_there_before(each, input);
        for (const auto& difference : each.differences)
            if (told.insert(difference).second) result.differences.push_back(difference);
    }
    if (result.platforms.empty()) {
        for (const auto& each : moved) result.platforms.push_back(each.after.platform);
        return result;
    }
    bool back = root_was_there_before(input) || all_there_before;
    result.kind = back ? model::ChangeKind::reverted : model::ChangeKind::content;
    result.assumed = !certain;
    return result;
}

// The platforms of `some` that are not among `others`.
Classified set_change(model::ChangeKind kind, const Places& some, const Places& others) {
    Classified result;
    result.kind = kind;
    for (const auto& [place, seen] : some)
        if (!others.contains(place)) result.platforms.push_back(seen.platform);
    return result;
}

}  // namespace

std::vector<Platform> watched_platforms(const Observation& observation,
                                        const std::vector<Platform>& watched) {
    std::vector<Platform> found;
    for (const auto& [platform, digest] : observation.platforms) {
        bool meant =
            watched.empty() || std::any_of(watched.begin(), watched.end(),
                                           [&](const Platform& each) { return each.covers(platform); });
        if (meant) found.push_back(platform);
    }
    return found;
}

std::vector<std::pair<Digest, Digest>> moved_images(const Observation& before, const Observation& after,
                                                    const std::vector<Platform>& platforms) {
    std::vector<std::pair<Digest, Digest>> moved;
    for (const auto& [place, then, now] : moved_places(before, after, platforms))
        moved.emplace_back(then.digest, now.digest);
    return moved;
}

std::vector<Digest> earlier_images(const ClassifyInput& input) {
    std::set<Platform> places;
    for (const auto& moved : moved_places(input.before, input.after, input.platforms))
        places.insert(moved.place);
    std::set<Digest> found;
    for (const auto& earlier : input.earlier_platforms)
        for (const auto& [platform, digest] : earlier)
            if (places.contains(place_of(platform))) found.insert(digest);
    return {found.begin(), found.end()};
}

std::vector<Classified> classify(const ClassifyInput& input) {
    const auto &before = input.before, &after = input.after;
    if (before.digest == after.digest) return {};
    if (!before.detailed || !after.detailed || before.platforms.empty() || after.platforms.empty())
        return {assumed_content(input)};

    const auto was = places_of(before, input.platforms), is = places_of(after, input.platforms);
    std::vector<Compared> moved;
    for (auto& place : moved_places(before, after, input.platforms))
        moved.push_back(compare(std::move(place), input));

    std::vector<Classified> found;
    auto common = of_common_platforms(moved, input);
    auto added = set_change(model::ChangeKind::platform_added, is, was);
    auto removed = set_change(model::ChangeKind::platform_removed, was, is);
    bool nothing_else = added.platforms.empty() && removed.platforms.empty();
    if (common.kind != model::ChangeKind::metadata || nothing_else) found.push_back(std::move(common));
    if (!added.platforms.empty()) found.push_back(std::move(added));
    if (!removed.platforms.empty()) found.push_back(std::move(removed));
    return found;
}

bool nothing_watched(const model::Observation& observation, const std::vector<model::Platform>& watched) {
    return observation.detailed && !observation.platforms.empty() &&
           watched_platforms(observation, watched).empty();
}

std::string listed(const std::vector<model::Platform>& platforms) {
    static constexpr std::size_t most = 12;
    std::string text;
    for (std::size_t i = 0; i < std::min(platforms.size(), most); ++i)
        text += (i == 0 ? "" : ", ") + platforms[i].text();
    return platforms.size() > most ? text + ", …" : text;
}

}  // namespace basewatch::watch
