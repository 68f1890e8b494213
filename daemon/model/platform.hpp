#pragma once
// A platform as image indexes name it (image-spec image-index.md, "platform"): `os/architecture[/variant]`,
// and for Windows the `os.version` behind a colon, as in `windows/amd64:10.0.20348.2700`. Kept normalised as
// containerd does it: x86_64 is amd64, aarch64 is arm64, armhf is arm/v7, armel is arm/v6, i386 is 386;
// arm64/v8 is arm64, amd64/v1 is amd64, arm is arm/v7.

#include "foundation/error.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace basewatch::model {

struct Platform {
    std::string os;
    std::string architecture;
    std::string variant;
    std::string os_version;

    static Result<Platform> parse(std::string_view text);
    // From the members of a descriptor or of an image configuration; normalises.
    static Platform of(std::string os, std::string architecture, std::string variant, std::string os_version);

    std::string text() const;
    // Whether a watch for this platform means `other`: equal, and a watch without os.version means every one.
    bool covers(const Platform& other) const;
    // BuildKit's mark for attestation manifests.
    bool unknown() const { return os == "unknown" && architecture == "unknown"; }

    auto operator<=>(const Platform&) const = default;
};

}  // namespace basewatch::model
