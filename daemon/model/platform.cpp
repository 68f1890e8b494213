#include "model/platform.hpp"

#include <algorithm>
#include <vector>

namespace basewatch::model {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

bool plain(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    });
}

}  // namespace

Platform Platform::of(std::string os, std::string architecture, std::string variant, std::string os_version) {
    Platform made{lower(std::move(os)), lower(std::move(architecture)), lower(std::move(variant)),
                  std::move(os_version)};
    if (made.architecture == "x86_64" || made.architecture == "x86-64") made.architecture = "amd64";
    if (made.architecture == "aarch64") made.architecture = "arm64";
    if (made.architecture == "i386") made.architecture = "386";
    if (made.architecture == "armhf") made.architecture = "arm", made.variant = "v7";
    if (made.architecture == "armel") made.architecture = "arm", made.variant = "v6";
    if (made.architecture == "arm" && made.variant.empty()) made.variant = "v7";
    if (made.architecture == "arm" && made.variant.size() == 1) made.variant.insert(0, "v");
    if (made.architecture == "arm64" && (made.variant == "v8" || made.variant == "8")) made.variant.clear();
    if (made.architecture == "amd64" && made.variant == "v1") made.variant.clear();
    return made;
}

Result<Platform> Platform::parse(std::string_view text) {
    Error wrong(ErrorKind::invalid,
                "a platform is os/architecture, such as linux/amd64 or linux/arm/v7, not \"" +
                    std::string(text.substr(0, 64)) + "\"");
    std::string_view rest = text;
    std::string version;
    if (auto colon = rest.find(':'); colon != std::string_view::npos) {
        version = std::string(rest.substr(colon + 1));
        rest = rest.substr(0, colon);
        if (!plain(version)) return wrong;
    }
    std::vector<std::string> parts;
    for (;;) {
        auto slash = rest.find('/');
        parts.emplace_back(rest.substr(0, slash));
        if (!plain(parts.back())) return wrong;
        if (slash == std::string_view::npos) break;
        rest.remove_prefix(slash + 1);
    }
    if (parts.size() < 2 || parts.size() > 3) return wrong;
    return Platform::of(parts[0], parts[1], parts.size() == 3 ? parts[2] : "", version);
}

std::string Platform::text() const {
    std::string out = os + "/" + architecture;
    if (!variant.empty()) out += "/" + variant;
    if (!os_version.empty()) out += ":" + os_version;
    return out;
}

bool Platform::covers(const Platform& other) const {
    return os == other.os && architecture == other.architecture && variant == other.variant &&
           (os_version.empty() || os_version == other.os_version);
}

}  // namespace basewatch::model
