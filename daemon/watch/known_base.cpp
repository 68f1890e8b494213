#include "watch/known_base.hpp"

#include "foundation/bytes.hpp"
#include "foundation/time.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace basewatch::watch {

namespace {

// The layout: detailed, observed at, digest, media type, then platform and digest as often as there are
// platforms. Numbers are in the machine's own order; the bytes never leave the process.
constexpr std::size_t digest_at = 1 + sizeof(std::int64_t);

struct Algorithm {
    std::string_view prefix;
    std::size_t size;
};
constexpr std::array<Algorithm, 3> algorithms{{{"sha256:", 32}, {"sha384:", 48}, {"sha512:", 64}}};

// The four types that are asked for take no room.
constexpr std::array<std::string_view, 4> media_types{
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"};
constexpr char spelt_out = 127;

void put_text(std::string& bytes, std::string_view text) {
    auto size = static_cast<std::uint16_t>(
        std::min<std::size_t>(text.size(), std::numeric_limits<std::uint16_t>::max()));
    bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
    bytes.append(text.substr(0, size));
}

void put_digest(std::string& bytes, const model::Digest& digest) {
    for (std::size_t i = 0; i < algorithms.size(); ++i) {
        if (!digest.text().starts_with(algorithms[i].prefix)) continue;
        bytes += static_cast<char>(i);
        bytes += unhex(std::string_view(digest.text()).substr(algorithms[i].prefix.size())).value_or("");
    }
}

void put_media_type(std::string& bytes, std::string_view type) {
    auto known = std::find(media_types.begin(), media_types.end(), type);
    bytes += known == media_types.end() ? spelt_out : static_cast<char>(known - media_types.begin());
    if (known == media_types.end()) put_text(bytes, type);
}

// Reads what the functions above wrote.
// A byte that we wrote as a place in one of the tables.
std::size_t index_of(char code) {
    return static_cast<unsigned char>(code);
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    bool at_end() const { return rest_.empty(); }
    std::string_view take(std::size_t size) {
        auto taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    template <class Number>
    Number number() {
        Number value{};
        auto bytes = take(sizeof value);
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&value));
        return value;
    }
    std::string_view text() { return take(number<std::uint16_t>()); }
    std::string_view raw_digest() {
        auto size = algorithms[index_of(rest_.front())].size;
        return take(1 + size);
    }
    model::Digest digest() {
        auto raw = raw_digest();
        const auto& algorithm = algorithms[index_of(raw.front())];
        return *model::Digest::parse(std::string(algorithm.prefix) + hex(raw.substr(1)));
    }
    std::string_view media_type() {
        char code = take(1).front();
        return code == spelt_out ? text() : media_types[index_of(code)];
    }
    model::Platform platform() {
        model::Platform made;
        for (auto* part : {&made.os, &made.architecture, &made.variant, &made.os_version})
            *part = std::string(text());
        return made;
    }

private:
    std::string_view rest_;
};

}  // namespace

PackedObservation::PackedObservation(const model::Observation& observation) {
    if (observation.digest.empty()) return;
    std::string bytes;
    bytes += observation.detailed ? '\1' : '\0';
    std::int64_t observed_at = to_unix_ms(observation.observed_at);
    bytes.append(reinterpret_cast<const char*>(&observed_at), sizeof observed_at);
    put_digest(bytes, observation.digest);
    put_media_type(bytes, observation.media_type);
    for (const auto& [platform, digest] : observation.platforms) {
        for (const auto* part :
             {&platform.os, &platform.architecture, &platform.variant, &platform.os_version})
            put_text(bytes, *part);
        put_digest(bytes, digest);
    }
    bytes_.assign(bytes.data(), bytes.size());  // exactly as much room as it takes
}

model::Observation PackedObservation::unpacked() const {
    model::Observation observation;
    if (empty()) return observation;
    Reader reader(bytes_);
    observation.detailed = reader.take(1).front() != 0;
    observation.observed_at = from_unix_ms(reader.number<std::int64_t>());
    observation.digest = reader.digest();
    observation.media_type = std::string(reader.media_type());
    while (!reader.at_end()) {
        auto platform = reader.platform();
        observation.platforms.emplace(std::move(platform), reader.digest());
    }
    return observation;
}

model::Digest PackedObservation::digest() const {
    if (empty()) return {};
    Reader reader(bytes_);
    reader.take(digest_at);
    return reader.digest();
}

Time PackedObservation::observed_at() const {
    if (empty()) return {};
    Reader reader(bytes_);
    reader.take(1);
    return from_unix_ms(reader.number<std::int64_t>());
}

bool PackedObservation::points_to(const model::Digest& digest) const {
    if (empty()) return false;
    std::string packed;
    put_digest(packed, digest);
    return !packed.empty() && std::string_view(bytes_).substr(digest_at).starts_with(packed);
}

bool PackedObservation::has_one_of(const std::vector<model::Platform>& platforms) const {
    if (empty() || platforms.empty()) return true;
    Reader reader(bytes_);
    reader.take(digest_at);
    reader.raw_digest();
    reader.media_type();
    if (reader.at_end()) return true;  // not looked into, or no image
    while (!reader.at_end()) {
        auto there = reader.platform();
        reader.raw_digest();
        for (const auto& wanted : platforms)
            if (wanted.covers(there)) return true;
    }
    return false;
}

Trouble& KnownBase::in_trouble() {
    if (!trouble) trouble = std::make_unique<Trouble>();
    return *trouble;
}

model::BaseState KnownBase::state(const model::Reference& base) const {
    model::BaseState state;
    state.reference = base;
    state.current = observation.unpacked();
    state.profile = profile;
    state.checked_at = checked_at;
    if (settling) state.settling = *settling;
    state.told_unreachable = told_unreachable;
    if (failing()) {
        state.failing_since = trouble->since;
        state.failures = trouble->failures;
        state.last_error = trouble->error;
        state.last_error_kind = trouble->kind;
    }
    return state;
}

void KnownBase::take(const model::BaseState& state) {
    observation = PackedObservation(state.current);
    profile = static_cast<std::int16_t>(state.profile);
    checked_at = state.checked_at;
    told_unreachable = state.told_unreachable;
    settling = state.settling ? std::make_unique<const model::Settling>(*state.settling) : nullptr;
    trouble.reset();
    if (state.failures == 0) return;
    auto& failing = in_trouble();
    failing.since = state.failing_since.value_or(state.checked_at);
    failing.failures = state.failures;
    failing.error = state.last_error;
    failing.kind = state.last_error_kind;
}

}  // namespace basewatch::watch
